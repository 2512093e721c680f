import { spawnSync } from 'node:child_process';
import { openSync, read, writeSync } from 'node:fs';

/**
 * A file system in user space with one file, any name of which can be opened. Whoever closes a descriptor of it waits until a
 * line on the input of this process says `answer`; `hold` makes the next ones wait again. Without a word it answers after
 * PATIENCE_MS. Its end answers everything, too. Its argument is the directory to mount it on.
 */
const PATIENCE_MS = 45_000;
/** See linux/fuse.h. */
const OP = { lookup: 1, forget: 2, getattr: 3, open: 14, release: 18, flush: 25, init: 26, interrupt: 36, forgets: 42 };
const ENOSYS = -38;
const ROOT_NODE = 1n;

const directory = process.argv[2] ?? '';
const device = openSync('/dev/fuse', 'r+');
const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other';
const stdio = ['ignore', 'inherit', 'inherit', device] as const;
const mount = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'slow', directory], { stdio: [...stdio] });
if (mount.status !== 0) process.exit(1);

let holding = true;
const held: bigint[] = [];

function reply(unique: bigint, error: number, ...fields: readonly (number | bigint)[]): void {
  const body = Buffer.concat(fields.map(field));
  const head = Buffer.alloc(16);
  head.writeUInt32LE(16 + body.length, 0);
  head.writeInt32LE(error, 4);
  head.writeBigUInt64LE(unique, 8);
  writeSync(device, Buffer.concat([head, body]));
}

/** Numbers are u32, bigints u64. */
function field(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(typeof value === 'bigint' ? 8 : 4);
  if (typeof value === 'bigint') bytes.writeBigUInt64LE(value);
  else bytes.writeUInt32LE(value);
  return bytes;
}

function attributes(node: bigint): (number | bigint)[] {
  const mode = node === ROOT_NODE ? 0o40_755 : 0o100_666;
  return [node, 4096n, 8n, 0n, 0n, 0n, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0];
}

function answerAll(): void {
  for (const unique of held.splice(0)) reply(unique, 0);
}

function take(message: Buffer): void {
  const [operation, unique, node] = [
    message.readUInt32LE(4),
    message.readBigUInt64LE(8),
    message.readBigUInt64LE(16),
  ] as const;
  if (operation === OP.init) reply(unique, 0, 7, 31, 0, 0, 0x000c_0010, 4096, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  else if (operation === OP.lookup) reply(unique, 0, 2n, 0n, 100n, 100n, 0, 0, ...attributes(2n));
  else if (operation === OP.getattr) reply(unique, 0, 100n, 0, 0, ...attributes(node));
  else if (operation === OP.open) reply(unique, 0, 1n, 0, 0);
  else if (operation === OP.flush && holding) {
    held.push(unique);
    process.stdout.write('held\n');
    setTimeout(() => {
      if (!held.includes(unique)) return;
      process.stdout.write('gave up\n');
      answerAll();
    }, PATIENCE_MS);
  } else if (operation === OP.flush || operation === OP.release) reply(unique, 0);
  else if (operation !== OP.forget && operation !== OP.forgets && operation !== OP.interrupt) reply(unique, ENOSYS);
}

function next(): void {
  const room = Buffer.alloc(262_144);
  read(device, room, 0, room.length, null, (error, bytes) => {
    if (error && error.code !== 'EINTR' && error.code !== 'ENOENT') process.exit(0); // unmounted
    if (!error) take(room.subarray(0, bytes));
    next();
  });
}

process.stdin.on('data', (line) => {
  holding = String(line).startsWith('hold');
  if (!holding) answerAll();
  process.stdout.write(holding ? 'holding\n' : 'answered\n');
});
process.stdin.on('end', () => process.exit(0));
next();
process.stdout.write('serving\n');
