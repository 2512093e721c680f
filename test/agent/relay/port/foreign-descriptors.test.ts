import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, readdirSync, writeSync } from 'node:fs';
import { createMemoryFd, duplicate } from '../../../../agent/fd/libc.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import type { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import type { Port } from '../../../../agent/relay/port/port.ts';
import { encodeRequest } from '../../../../agent/vhost/header.ts';
import { writeLog, writeMemoryTable, writeU64, writeVringState } from '../../../../agent/vhost/payloads.ts';
import { REQUESTS, type RequestName } from '../../../../compat-tables/protocol/requests.ts';
import { Peers } from '../../../peers/process.ts';
import { DescriptorSender, SlowFiles } from '../../../peers/slow-files.ts';
import { Bench, Hooks, until, untilState } from '../../support.ts';

const REGION = { guestAddress: 0n, size: 4096n, userAddress: 0n, mmapOffset: 0n };
const request = (name: RequestName, payload?: Uint8Array): Uint8Array => encodeRequest(REQUESTS[name].id, payload);

/** Every request that may carry descriptors, some that may not, and bytes that are no whole message. */
const CARRIERS: readonly { readonly what: string; readonly bytes: Uint8Array; readonly count?: number }[] = [
  { what: 'SET_MEM_TABLE', bytes: request('SET_MEM_TABLE', writeMemoryTable([REGION, REGION])), count: 2 },
  { what: 'ADD_MEM_REG', bytes: request('ADD_MEM_REG', new Uint8Array(40)) },
  { what: 'REM_MEM_REG', bytes: request('REM_MEM_REG', new Uint8Array(40)) },
  { what: 'SET_LOG_BASE', bytes: request('SET_LOG_BASE', writeLog(4096n, 0n)) },
  { what: 'SET_LOG_FD', bytes: request('SET_LOG_FD') },
  { what: 'SET_VRING_KICK', bytes: request('SET_VRING_KICK', writeU64(0n)) },
  { what: 'SET_VRING_CALL', bytes: request('SET_VRING_CALL', writeU64(0n)) },
  { what: 'SET_VRING_ERR', bytes: request('SET_VRING_ERR', writeU64(0n)) },
  { what: 'SET_BACKEND_REQ_FD', bytes: request('SET_BACKEND_REQ_FD') },
  { what: 'SET_INFLIGHT_FD', bytes: request('SET_INFLIGHT_FD', new Uint8Array(16)) },
  { what: 'GPU_SET_SOCKET', bytes: request('GPU_SET_SOCKET') },
  { what: 'SET_DEVICE_STATE_FD', bytes: request('SET_DEVICE_STATE_FD', new Uint8Array(8)) },
  { what: 'a request that nobody knows', bytes: encodeRequest(999), count: 8 },
  { what: 'GET_FEATURES, which carries none', bytes: request('GET_FEATURES') },
  { what: 'SET_VRING_NUM, which carries none', bytes: request('SET_VRING_NUM', writeVringState({ index: 0, num: 1 })) },
  { what: 'two kicks at once', bytes: Buffer.concat(Array(2).fill(request('SET_VRING_KICK', writeU64(0n)))) },
  { what: 'the first byte of a message', bytes: request('GET_FEATURES').subarray(0, 1) },
  { what: 'more than any message carries', bytes: request('GET_FEATURES'), count: 64 },
];

const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('a front-end that sends descriptors which never close', function () {
  this.timeout(120_000);
  const peers = new Peers();
  const bench = new Bench();
  let files: SlowFiles;
  let sender: DescriptorSender;
  let port: Port;
  let neighbour: MockFrontend;
  const elsewhere = new Hooks();

  before(async function () {
    files = await SlowFiles.mount(this, peers);
    await bench.backend();
    await bench.backend({ name: 'bnext' });
    port = bench.port(new Hooks());
    bench.port(elsewhere, { name: 'next' });
    neighbour = await bench.frontend('fnext');
    await neighbour.negotiate();
    await untilState(port, 'waiting-frontend');
    sender = new DescriptorSender(peers, bench.path('f'), files);
  });
  after(async () => {
    bench.close();
    await peers.end();
  });

  for (const { what, bytes, count = 1 } of CARRIERS)
    it(`with ${what}: its port refuses it, all others go on, and nothing is left when they close`, async () => {
      const [before, held] = [descriptors(), files.held];
      await files.hold();
      await sender.send(bytes, count);
      await files.holds(held + 1);
      await neighbour.sync();
      await until('the refusal', () => port.status.error?.code === 'VC-VHOST-FILE');
      await neighbour.sync();
      assert.deepEqual(elsewhere.codes(), []);
      assert.equal(files.held, held + 1, 'one closing goes on all the while, however many came');
      await files.answer();
      await untilState(port, 'waiting-frontend');
      const honest = await bench.frontend();
      await honest.negotiate();
      honest.close();
      await untilState(port, 'waiting-frontend');
      await until('as many descriptors as before', () => descriptors() === before);
    });

  it('of which more are being closed than there are processes for: the memory of other guests is freed', async () => {
    const [before, held] = [descriptors(), files.held];
    const slow = openSync(files.path, 'r');
    await files.hold();
    for (let i = 0; i < 600; i += 1) new OwnedFd(duplicate(slow), 'foreign').close();
    await files.holds(held + 512);
    const memory = createMemoryFd('guest');
    ftruncateSync(memory, 4_194_304);
    writeSync(memory, Buffer.alloc(4_194_304, 1));
    let isFreed = false;
    new OwnedFd(memory, 'memory').close(() => {
      isFreed = true;
    });
    await until('it is freed', () => isFreed);
    await files.answer();
    closeSync(slow);
    await until('as many descriptors as before', () => descriptors() === before);
  });
});
