import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { PATIENCE_MS } from './process.ts';

/** The answers of a back-end before anything is negotiated. */
export interface Answers {
  readonly features: bigint;
  readonly protocolFeatures: bigint;
  readonly queuePairs: bigint;
}

const HEADER_BYTES = 12;
const REPLY_BYTES = HEADER_BYTES + 8;
/** GET_FEATURES, GET_PROTOCOL_FEATURES, GET_QUEUE_NUM (vhost-user specification, "Front-end message types"). */
const QUESTIONS = [1, 15, 17] as const;

/**
 * Asks a back-end with bytes written by hand, so that the answer owes nothing to our own codec. 'connect' asks one
 * that listens on `path`; 'listen' waits there for one that connects.
 */
export async function askBackend(role: 'connect' | 'listen', path: string): Promise<Answers> {
  const { socket, close } = role === 'connect' ? await connected(path) : await accepted(path);
  try {
    const replies: bigint[] = [];
    for (const question of QUESTIONS) replies.push(await ask(socket, question));
    const [features = 0n, protocolFeatures = 0n, queuePairs = 0n] = replies;
    return { features, protocolFeatures, queuePairs };
  } finally {
    close();
  }
}

/** One request without payload, answered by 64 bits. */
async function ask(socket: Socket, request: number): Promise<bigint> {
  const message = Buffer.alloc(HEADER_BYTES);
  message.writeUInt32LE(request, 0);
  message.writeUInt32LE(1, 4);
  socket.write(message);
  const reply = await read(socket, REPLY_BYTES);
  const got = { request: reply.readUInt32LE(0), flags: reply.readUInt32LE(4), size: reply.readUInt32LE(8) };
  if (got.request !== request || got.flags !== 5 || got.size !== 8) {
    throw new Error(`The back-end answered request ${request} with the header ${JSON.stringify(got)}`);
  }
  return reply.readBigUInt64LE(HEADER_BYTES);
}

async function read(socket: Socket, bytes: number): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer);
      for (const [event, listener] of listeners) socket.off(event, listener);
    };
    const fail = (how: string): void => {
      finish();
      reject(new Error(`The back-end ${how} instead of sending ${bytes} bytes`));
    };
    const look = (): void => {
      const chunk = socket.read(bytes) as Buffer | null;
      if (chunk === null || chunk.length < bytes) return;
      finish();
      resolve(chunk);
    };
    const listeners: [string, (error?: Error) => void][] = [
      ['readable', look],
      ['end', () => fail('hung up')],
      ['error', (error) => fail(`failed (${error?.message})`)],
    ];
    const timer = setTimeout(() => fail('was silent'), PATIENCE_MS);
    for (const [event, listener] of listeners) socket.on(event, listener);
    look();
  });
}

async function connected(path: string): Promise<{ socket: Socket; close: () => void }> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return { socket, close: () => socket.destroy() };
}

async function accepted(path: string): Promise<{ socket: Socket; close: () => void }> {
  const server = createServer();
  const end = (): void => {
    server.close();
    rmSync(path, { force: true });
  };
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      end();
      reject(new Error(`No back-end connected to ${path}`));
    }, PATIENCE_MS);
    server.once('error', reject);
    server.once('connection', (socket) => {
      clearTimeout(timer);
      const close = (): void => {
        socket.destroy();
        end();
      };
      resolve({ socket, close });
    });
    server.listen(path);
  });
}
