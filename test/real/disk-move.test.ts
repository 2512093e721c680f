import assert from 'node:assert/strict';
import { join } from 'node:path';
import { TestAgent, vhostCompat } from '../e2e/agents.ts';
import { DiskMachine, STORAGE_DAEMON, startDisk } from '../peers/disk.ts';
import { needs } from '../peers/needs.ts';
import { Peers } from '../peers/process.ts';

const DISK = 'disk0';
const BLK = ['--device-type', 'vhost-user-blk'];

interface Answer {
  readonly basis: string;
  readonly possible: boolean;
  readonly needs: { readonly limits: Readonly<Record<string, number>> };
  readonly targets: readonly {
    readonly possible: boolean;
    readonly pin: { readonly version: string } | null;
    readonly obstacles: readonly { readonly code: string; readonly text: string }[];
    readonly warnings: readonly string[];
  }[];
}

/** An agent before a disk with so many queues, with a version that was captured from it. */
async function host(peers: Peers, name: string, queues: number): Promise<TestAgent> {
  const agent = await TestAgent.start(peers, name);
  const socket = await startDisk(peers, queues);
  await agent.must('capture', `site.q${queues}`, `connect:${socket}`, ...BLK, '--define');
  const sides = ['--backend', `connect:${socket}`, '--frontend', `listen:${agent.path('fe')}`];
  await agent.must('add-interface', DISK, ...sides, ...BLK);
  await agent.inState(DISK, 'waiting-frontend');
  return agent;
}

async function checkMove(from: TestAgent, to: TestAgent): Promise<Answer> {
  const { stdout, stderr } = await vhostCompat('--db', from.db, 'check-move', DISK, to.db, '--format', 'json');
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as Answer;
}

describe('check-move of disks against QEMU and qemu-storage-daemon', function () {
  this.timeout(300_000);
  const peers = new Peers();
  let [eight, other, four]: TestAgent[] = [];
  before(async function () {
    needs(this, STORAGE_DAEMON, 'qemu-system-common');
    needs(this, 'qemu-system-x86_64', 'qemu-system-x86');
    [eight, other, four] = await Promise.all([
      host(peers, 'eight', 8),
      host(peers, 'other', 8),
      host(peers, 'four', 4),
    ]);
  });
  after(() => peers.end());

  it('says no where QEMU finds too few queues, and yes where it migrates', async () => {
    assert.ok(eight && other && four);
    const source = await DiskMachine.start(peers, { socket: eight.path('fe'), queues: 8 });
    await source.greeted();
    // the firmware has a driver
    await eight.inState(DISK, 'negotiated');

    const no = await checkMove(eight, four);
    assert.deepEqual([no.basis, no.possible, no.needs.limits['queue_pairs']], ['acked', false, 8]);
    const said = no.targets[0]?.obstacles.find(({ code }) => code === 'VC-MODE-LIMIT')?.text ?? '';
    const refused = await DiskMachine.start(peers, {
      socket: four.path('fe'),
      queues: 8,
      incoming: join(peers.folder(), 'in'),
    });
    const words = await refused.lastWords();
    const line = /The maximum number of queues supported by the backend is \d+/.exec(words)?.[0] ?? words;
    assert.ok(said.includes(line), `QEMU says "${line}", check-move "${said}"`);

    const yes = await checkMove(eight, other);
    assert.deepEqual(
      [yes.possible, yes.targets[0]?.pin?.version],
      [true, 'upstream.qemu-storage-daemon.v5.2'],
      JSON.stringify(yes),
    );
    const incoming = join(peers.folder(), 'in');
    const destination = await DiskMachine.start(peers, { socket: other.path('fe'), queues: 8, incoming });
    await destination.greeted();
    assert.equal(await source.migrate(incoming), 'completed');
    assert.equal(await destination.status(), 'running');
    await other.inState(DISK, 'negotiated');
    await source.peer.stop();
    await destination.peer.stop();
  });

  it('lets a machine move that has no driver yet, as QEMU does', async () => {
    assert.ok(eight && other);
    await Promise.all([eight, other].map((agent) => agent.inState(DISK, 'waiting-frontend')));
    const source = await DiskMachine.start(peers, { socket: eight.path('fe'), queues: 8, paused: true });
    await source.greeted();
    await eight.inState(DISK, 'connected');
    const answer = await checkMove(eight, other);
    assert.deepEqual([answer.basis, answer.possible], ['in-force', true], JSON.stringify(answer));
    assert.match(answer.targets[0]?.warnings.join() ?? '', /chosen no features yet: QEMU migrates it as it is/);
    const incoming = join(peers.folder(), 'in');
    const destination = await DiskMachine.start(peers, { socket: other.path('fe'), queues: 8, incoming });
    await destination.greeted();
    assert.equal(await source.migrate(incoming), 'completed');
  });
});
