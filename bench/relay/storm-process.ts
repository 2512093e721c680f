/** A client of the agent at its worst: one kind of request that takes long to answer, over and over. */
import { connect, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import type { DeviceDocument } from '../../compat-tables/devices/device-document.ts';
import { ApiClient } from '../../rpc/api/api-client.ts';
import { serve } from './helper.ts';

/** Selects in one transaction: 290 KB. */
const SELECTS = 5000;
/** Documents in one call, and versions in each: 200 KB, with 3,600 versions that are compared with each other. */
const DOCUMENTS = 60;
const VERSIONS = 60;
/** The client itself shall take no processor from anybody; what the agent does for it is what is measured. */
const NICE = 19;
/** After a refusal or the loss of the connection. */
const PAUSE_MS = 5;
const PATIENCE_MS = 600_000;

/** How often it was answered and refused. A connection that is ended counts as refused. */
const count = { answered: 0, refused: 0 };

type Ask = () => Promise<boolean>;

/** Ends only with the process. `open` gives a connection that is asked again and again. */
async function repeat(open: () => Promise<Ask>): Promise<never> {
  setPriority(NICE);
  for (;;) {
    try {
      const ask = await open();
      for (;;) {
        if (await ask()) count.answered += 1;
        else await refusal();
      }
    } catch {
      await refusal();
    }
  }
}

async function refusal(): Promise<void> {
  count.refused += 1;
  await sleep(PAUSE_MS);
}

/** One transaction that selects all versions 5,000 times. */
async function manySelects(socket: string): Promise<Ask> {
  const selects = Array.from({ length: SELECTS }, () => ({ op: 'select', table: 'Compat_Version', where: [] }));
  const request = JSON.stringify({ id: 0, method: 'transact', params: ['Vhost_Compat', ...selects] });
  const connection = connect(socket).setEncoding('utf8');
  return () => answered(connection, request);
}

/** Nothing of the answer is kept. True: it was a result. */
async function answered(connection: Socket, request: string): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    let [head, tail] = ['', ''];
    const data = (text: string): void => {
      if (head.length < 20) head += text.slice(0, 20);
      tail = (tail + text.slice(-20)).slice(-20);
      const failed = head.startsWith('{"id":0,"error"');
      if (!failed && !tail.endsWith('"error":null}')) return;
      connection.off('data', data).off('close', gone);
      resolve(!failed);
    };
    const gone = (): void => reject(new Error('it hung up'));
    connection.on('data', data).once('close', gone).once('error', gone);
    connection.write(request);
  });
}

/** One selection over documents that were made for it. */
async function manyDocuments(socket: string): Promise<Ask> {
  const client = await ApiClient.connect(socket);
  const documents = Array.from({ length: DOCUMENTS }, (_, i) => madeDocument(i));
  return async () => {
    await client.call('versions.select', { documents }, { timeoutMs: PATIENCE_MS });
    return true;
  };
}

/** No two have a version in common. */
function madeDocument(number: number): DeviceDocument {
  const compatible = Array.from({ length: VERSIONS }, (_, i) => ({ version: `v${number}.${i}`, fields: { a: 1 } }));
  const self = { device_type: DEFAULT_DEVICE_TYPE, version: `v${number}.0`, fields: { a: 1 } };
  return { format: 1, kind: 'vhost-compat device', host: `h${number}`, self, compatible };
}

serve({
  database: ({ socket }: { socket: string }) => void repeat(() => manySelects(socket)),
  api: ({ socket }: { socket: string }) => void repeat(() => manyDocuments(socket)),
  /** Keeps a processor busy, but not the agent. */
  spin: () => {
    setImmediate(() => {
      for (;;);
    });
  },
  count: () => count,
});
