import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockBackend } from '../../../../agent/mock/mock-backend.ts';
import { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import { eventually, type Peer, Peers } from '../../../peers/process.ts';
import { ROOT } from '../../../root.ts';
import { aWhile, entryOf, OVS_3_2 } from '../../support.ts';

/** What fails, and whether the front-end may notice. */
const CALLS = [
  { call: 'recvmsg', hurts: true },
  { call: 'sendmsg', hurts: true },
  { call: 'sendmmsg', hurts: true },
  { call: 'watch', hurts: true },
  { call: 'setsockopt', hurts: true },
  { call: 'journal', hurts: false },
  { call: 'store', hurts: false },
] as const;
/** Each n-th with VHOST_COMPAT_EVERY=1. */
const EVERY = process.env['VHOST_COMPAT_EVERY'] === '1' ? 1 : 9;
const MODE = entryOf().virtioFeatures;

describe('a system call that fails', () => {
  const peers = new Peers();
  let folder = '';
  let keeper: Peer;
  let neighbour: MockFrontend;
  let neighbours: MockBackend;
  let backend: MockBackend;

  before(async () => {
    folder = peers.folder();
    const open = async (name: string): Promise<MockBackend> =>
      await new MockBackend({ role: 'listen', path: join(folder, name) }, OVS_3_2).open();
    backend = await open('b');
    neighbours = await open('bq');
    const program = join(ROOT, 'dist', 'test', 'agent', 'relay', 'handover', 'relay-process.js');
    keeper = peers.start(process.execPath, [program, 'keeper', folder], { name: 'keeper', env: { FAULTS: '1' } });
    neighbour = await connect('fq');
    await neighbour.negotiate();
  });
  after(async () => {
    neighbour?.close();
    backend?.close();
    neighbours?.close();
    await peers.end();
  });

  const connect = async (name: string): Promise<MockFrontend> =>
    await MockFrontend.open({ role: 'connect', path: join(folder, name) }, { timeoutMs: 10_000 });

  function relayPid(): number {
    return Number(readFileSync(`/proc/${keeper.pid}/task/${keeper.pid}/children`, 'utf8').trim().split(' ')[0]);
  }

  function descriptorsOf(pid: number): number {
    return readdirSync(`/proc/${pid}/fd`).length;
  }

  /** A whole life of a front-end; how many times it had to begin anew. Whatever fails, it is never offered anything else. */
  async function live(): Promise<number> {
    for (let failures = 0; ; failures += 1) {
      const frontend = await connect('f');
      try {
        const { features } = await frontend.negotiate();
        assert.equal(features, MODE);
        await frontend.stopRing(0);
        await frontend.sync();
        return failures;
      } catch (error) {
        if (error instanceof assert.AssertionError || failures > 3) throw error;
      } finally {
        frontend.close();
      }
    }
  }

  for (const { call, hurts } of CALLS) {
    it(`${call}, ${EVERY === 1 ? 'each' : `every ${EVERY}th`} time: no leak, the same offer, no neighbour hurt`, async function () {
      this.timeout(300_000);
      const pid = relayPid();
      await live();
      // The relay closes the front-end's socket, connects to the back-end again, and only then opens the socket anew.
      const served = backend.connections;
      await eventually('a quiet relay', () => backend.connections > served && existsSync(join(folder, 'f')));
      const before = descriptorsOf(pid);
      const kept = descriptorsOf(keeper.pid);
      const file = join(folder, 'fault');
      let faults = 0;
      for (let n = 1; ; n += n < EVERY ? 1 : EVERY) {
        let failures = 0;
        // A front-end that comes while the relay still closes for the one before it is hung up on, whatever else
        // happens: what happens three times in a row is counted.
        for (let attempt = 0; attempt === 0 || (!hurts && failures > 0 && attempt < 3); attempt += 1) {
          await aWhile(20);
          writeFileSync(file, `${call}:${n}:${attempt}`);
          failures = await live();
        }
        if (existsSync(file)) break;
        faults += 1;
        if (!hurts) assert.equal(failures, 0, `${call} ${n} was noticed`);
      }
      rmSync(file, { force: true });
      assert.ok(faults > 0, `${call} was never called`);
      await neighbour.sync();
      assert.equal(neighbours.connections, 1);
      assert.equal(relayPid(), pid, keeper.tail(30));
      await eventually('no descriptor more than before', () => descriptorsOf(pid) <= before);
      await eventually('no descriptor more in the keeper', () => descriptorsOf(keeper.pid) <= kept);
    });
  }
});
