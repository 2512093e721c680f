import assert from 'node:assert/strict';
import { join } from 'node:path';
import { MockFrontend } from '../../agent/mock/mock-frontend.ts';
import { LOG_ALL } from '../../compat-tables/bits/named-masks.ts';
import { TestAgent, vhostCompat } from '../e2e/agents.ts';
import { needs } from '../peers/needs.ts';
import {
  type OtherBackend,
  PASST,
  PASST_ONE_OFF,
  QEMU_VIRTIOFSD,
  storageDaemon,
  VIRTIOFSD,
} from '../peers/other-backends.ts';
import { eventually, type Peer, Peers } from '../peers/process.ts';
import { hex } from './guest-port.ts';

interface Case {
  readonly title: string;
  readonly backend: OtherBackend;
  readonly deviceType: string;
  readonly features: bigint;
  readonly protocol: bigint;
  /** What it answers to GET_QUEUE_NUM; 1 when that is not asked. */
  readonly queues: number;
  /** What it answers to GET_MAX_MEM_SLOTS; undefined: it has no CONFIGURE_MEM_SLOTS. */
  readonly slots?: number;
  /** The rings of a device with one queue. */
  readonly rings: number;
  readonly version: string;
  /** It ends with its connection. */
  readonly servesOnce?: true;
  /** Its device in QEMU; undefined: no QEMU of Debian 12 starts one without a guest. */
  readonly device?: string;
}

const BLK = {
  deviceType: 'vhost-user-blk',
  rings: 1,
  protocol: 0x8f2bn,
  slots: 32,
  device: 'vhost-user-blk-pci',
} as const;
const FS = {
  deviceType: 'vhost-user-fs',
  queues: 2,
  rings: 2,
  servesOnce: true,
  device: 'vhost-user-fs-pci,tag=share',
} as const;
const NET = { deviceType: 'vhost-user-net', features: 0x144008000n, protocol: 0x8000en, queues: 1, rings: 2 } as const;
const V = 'upstream.qemu-storage-daemon.v5.2';

const CASES: readonly Case[] = [
  {
    ...{ title: 'qemu-storage-daemon', backend: storageDaemon('writable=on'), ...BLK },
    ...{ features: 0x175007e46n, queues: 1, version: V },
  },
  {
    ...{ title: 'qemu-storage-daemon, read-only', backend: storageDaemon(), ...BLK },
    ...{ features: 0x175007e66n, queues: 1, version: `${V}+read-only` },
  },
  {
    ...{ title: 'qemu-storage-daemon with four queues', backend: storageDaemon('writable=on', 'num-queues=4'), ...BLK },
    ...{ features: 0x175007e46n, queues: 4, version: V, device: 'vhost-user-blk-pci,num-queues=4' },
  },
  {
    ...{ title: 'virtiofsd of QEMU', backend: QEMU_VIRTIOFSD, ...FS },
    ...{ features: 0x175000000n, protocol: 0x8c2bn, slots: 32, version: 'upstream.qemu-virtiofsd.v5.0' },
  },
  {
    ...{ title: 'virtiofsd', backend: VIRTIOFSD, ...FS },
    ...{ features: 0x174000000n, protocol: 0x8a42bn, slots: 509, version: 'upstream.virtiofsd.v1.0' },
  },
  { title: 'passt', backend: PASST, ...NET, version: 'upstream.passt.v2024.11.27' },
  {
    ...{ title: 'passt as libvirt starts it', backend: PASST_ONE_OFF, ...NET, servesOnce: true },
    version: 'upstream.passt.v2024.11.27',
  },
];

describe('real back-ends beside Open vSwitch and DPDK', function () {
  this.timeout(300_000);

  for (const one of CASES)
    describe(one.title, () => {
      const peers = new Peers();
      let start: (socket: string) => Promise<Peer>;
      let agent: TestAgent;

      before(async function () {
        start = await one.backend.prepare(this, peers);
        agent = await TestAgent.start(peers, 'node1');
      });
      after(() => peers.end());

      it('answers probe as the tables say', async () => {
        const socket = join(peers.folder(), 'be');
        const program = await start(socket);
        const where = [`connect:${socket}`, '--device-type', one.deviceType, '--timeout', '60', '--format', 'json'];
        const { code, stdout, stderr } = await vhostCompat('probe', ...where);
        assert.equal(code, 0, stderr);
        const { virtio_features, protocol_features, limits, usable_versions } = JSON.parse(stdout) as Probed;
        assert.deepEqual(
          { virtio_features, protocol_features, limits },
          {
            virtio_features: hex(one.features),
            protocol_features: hex(one.protocol),
            limits: { queue_pairs: one.queues, ...(one.slots !== undefined && { memory_slots: one.slots }) },
          },
        );
        assert.equal(usable_versions[0], one.version);
        if (one.servesOnce) await program.ended;
        await program.stop();
      });

      it('is served at once, and lives through measurement and negotiation', async () => {
        const [socket, frontend] = [agent.path('be'), agent.path('fe')];
        const ends = ['--backend', `connect:${socket}`, '--frontend', `listen:${frontend}`];
        await agent.must('add-interface', 'port', ...ends, '--device-type', one.deviceType);
        for (let life = 1; life <= (one.servesOnce ? 2 : 1); life += 1) {
          const program = await start(socket);
          const waiting = await agent.inState('port', 'waiting-frontend');
          assert.equal(waiting.next_start, one.version);
          assert.equal(waiting.backend_features, hex(one.features));
          const front = await MockFrontend.open({ role: 'connect', path: frontend });
          const { queueNum } = await front.negotiate({ ack: one.features & ~LOG_ALL, queuePairs: 0 });
          for (let ring = 0; ring < one.rings; ring += 1) front.startRing(ring);
          await front.sync();
          assert.equal(queueNum ?? 1, one.queues);
          const running = await agent.inState('port', 'negotiated');
          assert.equal(running.in_force, one.version);
          assert.equal(running.acked_features, hex(one.features & ~LOG_ALL));
          assert.equal(program.running, true, program.tail());
          front.close();
          await agent.inState('port', 'waiting-backend', 'measuring', 'waiting-frontend');
          if (one.servesOnce) await program.ended;
          await program.stop();
          await agent.inState('port', 'waiting-backend');
        }
        const { stdout } = await agent.run('events', 'port', '--format', 'json');
        assert.doesNotMatch(stdout, /VC-VHOST-GONE|VC-MODE-NONE/);
        await agent.must('del-interface', 'port');
      });

      it('serves a QEMU that starts', async function () {
        const { device } = one;
        if (device === undefined) this.skip();
        needs(this, 'qemu-system-x86_64', 'qemu-system-x86');
        const [socket, frontend] = [agent.path('be2'), agent.path('fe2')];
        const ends = ['--backend', `connect:${socket}`, '--frontend', `listen:${frontend}`];
        await agent.must('add-interface', 'disk', ...ends, '--device-type', one.deviceType);
        const program = await start(socket);
        await agent.inState('disk', 'waiting-frontend');
        const qemu = peers.start('qemu-system-x86_64', [
          ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
          ...['-machine', 'pc,accel=tcg,memory-backend=ram', '-m', '128M'],
          ...['-object', 'memory-backend-memfd,id=ram,size=128M,share=on'],
          ...['-chardev', `socket,id=vhost,path=${frontend}`, '-device', `${device},chardev=vhost`],
        ]);
        // the firmware reads a disk, and leaves file systems to a guest
        const states = one.deviceType === 'vhost-user-blk' ? ['negotiated'] : ['connected', 'negotiated'];
        const shown = await agent.inState('disk', ...states);
        assert.equal(shown.in_force, one.version);
        await eventually('QEMU runs on', () => qemu.running && program.running);
        assert.deepEqual([qemu.running, program.running], [true, true], qemu.tail() + program.tail());
        await qemu.stop();
        if (one.servesOnce) await program.ended;
        await program.stop();
        await agent.must('del-interface', 'disk');
      });
    });
});

interface Probed {
  readonly virtio_features: string;
  readonly protocol_features: string;
  readonly limits: Readonly<Record<string, number>>;
  readonly usable_versions: readonly string[];
}
