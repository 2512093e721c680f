import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { TestAgent } from '../e2e/agents.ts';
import { needsGuest } from '../peers/guest.ts';
import { INTERFACE, MigrationBench, MigrationHost } from '../peers/migration.ts';
import { Peers } from '../peers/process.ts';
import { needsTestpmd, Testpmd } from '../peers/testpmd.ts';

const MODE = { version: 'upstream.dpdk-vhost.v19.11.13' };
/**
 * The source's back-end cannot do post-copy, the destination's can. QEMU decides when it is allowed, before the first page;
 * the guest is not switched over, as testpmd and QEMU 7.2 lose it then between themselves, without an agent, too.
 */
describe('a migration that may become post-copy', function () {
  this.timeout(300_000);
  const peers = new Peers();
  let agents: { plain: TestAgent; waits: TestAgent };
  let bench: MigrationBench;

  before(async function () {
    needsTestpmd(this);
    const guest = await needsGuest(this);
    agents = { plain: await TestAgent.start(peers, 'plain'), waits: await TestAgent.start(peers, 'waits') };
    const [a, b] = [agents.plain.path('be'), agents.waits.path('be')];
    await Testpmd.start(peers, [{ socket: a }, { socket: b, options: { 'postcopy-support': 1 } }]);
    bench = new MigrationBench(peers, guest, {
      source: new MigrationHost({ agent: agents.plain, backend: { socket: a, role: 'server' } }),
      destination: new MigrationHost({ agent: agents.waits, backend: { socket: b, role: 'server' } }),
    });
  });
  afterEach(() => bench.clear());
  after(() => peers.end());

  /** What check-move says, which does not look at whom QEMU asks. */
  async function predicted(from: TestAgent, to: TestAgent): Promise<boolean> {
    const file = to.path('document.json');
    writeFileSync(file, await to.must('describe'));
    const { stdout } = await from.run('check-move', INTERFACE, file, '--postcopy', '--format', 'json');
    return (JSON.parse(stdout) as { possible: boolean }).possible;
  }

  it('wants the back-end of the destination to wait for pages, and not that of the source', async () => {
    const qemu = await bench.boot(bench.source, MODE);
    await bench.destination.ready(MODE);
    assert.equal(await predicted(agents.plain, agents.waits), true);
    const there = await bench.begin(qemu, bench.destination, MODE, { postcopy: true });
    const { completed, pingsAfter, destinationStderr } = await bench.settle(there);
    assert.deepEqual([completed, pingsAfter > 0], [true, true], destinationStderr);
    // the same guest cannot come back that way
    assert.equal(await predicted(agents.waits, agents.plain), false);
    await assert.rejects(
      bench.begin(there.destination, bench.source, MODE, { postcopy: true }),
      /[Pp]ostcopy is not supported/,
    );
  });
});
