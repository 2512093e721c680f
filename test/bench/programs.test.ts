import assert from 'node:assert/strict';
import { join } from 'node:path';
import { needs } from '../peers/needs.ts';
import { Peers } from '../peers/process.ts';
import { ROOT } from '../root.ts';

/** The least that each benchmark can do, so that one that no longer runs is noticed before its figures are wanted. */
const SIZES = [
  { name: 'select', args: [], env: { HOSTS: '20', ROUNDS: '1' }, says: /device documents .*, consensus: [\d.]+ ms/ },
  { name: 'ovsdb', args: ['by an indexed column'], env: { ROUNDS: '1' }, says: /select by an indexed column \(/ },
  {
    name: 'relay',
    args: ['startup', 'handshake', 'disturbed', '--rounds', '1', '--ports', '2', '--handshakes', '2', '--no-supervise'],
    env: {},
    says: /\| value \|.*mock back-end, 41 messages.*\| p99 \/ quiet p99 \|.*the manager is killed/s,
  },
];

describe('the benchmarks', function () {
  this.timeout(120_000);
  const peers = new Peers();
  after(() => peers.end());

  for (const { name, args, env, says } of SIZES) {
    it(`of ${name} run at their smallest size`, async function () {
      if (name === 'ovsdb') needs(this, 'ovsdb-server', 'openvswitch-common');
      const peer = peers.start(process.execPath, [join(ROOT, 'dist/bench', name, 'main.js'), ...args], { env });
      await peer.ended;
      assert.equal(peer.ending, 'ended with status 0', peer.tail());
      assert.match(peer.output, says);
    });
  }
});
