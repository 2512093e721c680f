import { Socket } from 'node:net';
import { connectUnix, createEventFd, duplicate } from '../../../../agent/fd/libc.ts';
import { DescriptorStore } from '../../../../agent/keeper/descriptor-store.ts';
import { inheritedDescriptors } from '../../../../agent/keeper/inherited.ts';
import { watchKeeper } from '../../../../agent/keeper/lifeline.ts';
import { startWatchdog } from '../../../../agent/keeper/watchdog.ts';

// A supervised program that does what the test says. It connects to the test once; all later lives speak on that very
// connection, which only the keeper can have given them.

interface Order {
  readonly do: 'store' | 'remove' | 'say' | 'exit' | 'hang';
  readonly name?: string;
  /** So many stores at once, each with `each` descriptors, named NAME0, NAME1 … */
  readonly count?: number;
  readonly each?: number;
  readonly text?: string;
  readonly status?: number;
}

const path = process.argv[2] ?? '';
const leftOver = Object.keys(process.env).filter((name) => /^(NOTIFY_|LISTEN_|WATCHDOG_|FDSTORE)/.test(name));
const inherited = inheritedDescriptors();
if (process.argv.includes('uncounted')) delete process.env['FDSTORE'];
const store = DescriptorStore.fromEnvironment();
if (store) startWatchdog(store);
watchKeeper({
  ends: () => process.exit(0),
  died: () => {
    store?.keeperDied();
    tell({ keeper: 'died' });
  },
});
for (const [name, fds] of inherited) {
  store?.holds(
    name,
    fds.map((one) => one.raw),
  );
}
const kept = inherited.get('line')?.[0];
const fd = kept?.raw ?? connectUnix(path);
if (!kept) store?.store('line', [fd], () => {});
const line = new Socket({ fd: duplicate(fd) });

function tell(answer: Record<string, unknown>): void {
  line.write(`${JSON.stringify(answer)}\n`);
}

function storeMany({ name = '', count = 1, each = 1 }: Order): void {
  let done = 0;
  let failed = 0;
  let returned = -1; // until all were asked for
  for (let i = 0; i < count; i++) {
    const fds = Array.from({ length: each }, createEventFd);
    store?.store(`${name}${i}`, fds, (error) => {
      done += 1;
      if (error) failed += 1;
      if (done === count && returned >= 0) tell({ done, failed, atOnce: returned });
    });
  }
  returned = done;
  if (done === count) tell({ done, failed, atOnce: done });
}

function obey(order: Order): void {
  if (order.do === 'exit') process.exit(order.status ?? 0);
  if (order.do === 'hang') for (;;);
  if (order.do === 'store') storeMany(order);
  if (order.do === 'remove') store?.remove(order.name ?? '');
  if (order.do === 'say') store?.notify(order.text ?? '');
  if (order.do !== 'store') tell({ did: order.do });
}

let rest = '';
line.on('data', (data) => {
  const lines = (rest + data.toString()).split('\n');
  rest = lines.pop() ?? '';
  for (const one of lines) obey(JSON.parse(one));
});
line.on('close', () => process.exit(0));
process.on('SIGTERM', () => {
  if (process.argv[3] !== 'deaf') process.exit(0);
});
const names = [...inherited].map(([name, fds]) => [name, fds.length]);
const variables = [...Object.keys(process.env)].filter((name) => /^(NOTIFY_|LISTEN_|WATCHDOG_|FDSTORE)/.test(name));
tell({ pid: process.pid, inherited: Object.fromEntries(names), given: leftOver.sort(), left: variables });
