import assert from 'node:assert/strict';
import type { Context } from 'mocha';
import type { TestAgent } from '../e2e/agents.ts';
import { type Guest, needsGuest } from '../peers/guest.ts';
import { needsOvs, Ovs } from '../peers/ovs.ts';
import { eventually, type Peers } from '../peers/process.ts';
import { Qemu } from '../peers/qemu.ts';
import { needsTestpmd, Testpmd } from '../peers/testpmd.ts';
import { addPinned, assertGuestAgrees, hex } from './guest-port.ts';

const RING_PACKED = 1n << 34n;
/** The address that answers every guest here. */
export const ADDRESS = '10.0.0.1';

/** Which of the four roles are taken, and what kind of ring the guest has. */
export interface Cell {
  readonly qemu: 'connects' | 'listens';
  readonly backend: 'connects' | 'listens';
  readonly rings: 'split' | 'packed';
}

const TESTPMD_CELLS: readonly Cell[] = [
  { qemu: 'connects', backend: 'listens', rings: 'split' },
  { qemu: 'connects', backend: 'connects', rings: 'packed' },
  { qemu: 'listens', backend: 'connects', rings: 'split' },
  { qemu: 'listens', backend: 'listens', rings: 'packed' },
];

/** The two kinds of port that Open vSwitch has: it listens (server mode) or connects (client mode). */
const OVS_CELLS: readonly Cell[] = [
  { qemu: 'connects', backend: 'listens', rings: 'split' },
  { qemu: 'listens', backend: 'connects', rings: 'packed' },
];

/** The number of a cell's port, also for a suite that has some of the cells only. */
export function portOf(cell: Cell): number {
  return Math.max(TESTPMD_CELLS.indexOf(cell), OVS_CELLS.indexOf(cell));
}

export function titleOf({ qemu, backend, rings }: Cell): string {
  return `QEMU ${qemu}, the back-end ${backend}, ${rings} rings`;
}

/** A real back-end with one port for each cell. */
export interface Backend {
  readonly title: string;
  readonly cells: readonly Cell[];
  /** A shipped version that it can honour. */
  readonly version: string;
  needs(context: Context): void;
  start(peers: Peers, agent: TestAgent): Promise<BackendAtWork>;
}

export interface BackendAtWork {
  /** Whether `output` has every message that it received; Open vSwitch leaves lines out when there are many. */
  readonly saysAll: boolean;
  readonly output: () => string;
  /** The socket of the port for the n-th cell: where it listens, or looks for the agent. */
  readonly socket: (index: number) => string;
}

export const BACKENDS: readonly Backend[] = [
  {
    title: 'testpmd',
    cells: TESTPMD_CELLS,
    version: 'upstream.dpdk-vhost.v19.11.13',
    needs: needsTestpmd,
    async start(peers, agent) {
      const ports = TESTPMD_CELLS.map(({ backend }, index) => {
        return { socket: agent.path(`be${index}`), role: backend === 'listens' ? 'server' : 'client' } as const;
      });
      const { peer } = await Testpmd.start(peers, ports);
      return { saysAll: true, output: () => peer.output, socket: (index) => ports[index]?.socket ?? '' };
    },
  },
  {
    title: 'Open vSwitch with DPDK',
    cells: OVS_CELLS,
    version: 'upstream.ovs-dpdk.v2.13',
    needs: needsOvs,
    async start(peers, agent) {
      const ovs = await Ovs.start(peers);
      const sockets: string[] = [];
      for (const [index, { backend }] of OVS_CELLS.entries()) {
        if (backend === 'listens') sockets.push(await ovs.addServerPort(`vhu${index}`));
        else {
          sockets.push(agent.path(`be${index}`));
          await ovs.addClientPort(`vhu${index}`, agent.path(`be${index}`));
        }
      }
      return { saysAll: false, output: () => ovs.output, socket: (index) => sockets[index] ?? '' };
    },
  },
];

/** A guest that runs behind the agent, in front of one port of a back-end. */
export interface LivePort {
  readonly name: string;
  readonly socket: string;
  readonly qemu: Qemu;
  readonly agent: TestAgent;
  readonly backend: BackendAtWork;
}

export async function bootCell(
  peers: Peers,
  parts: { agent: TestAgent; backend: BackendAtWork; guest: Guest; version: string; cell: Cell; index: number },
): Promise<LivePort> {
  const { agent, backend, guest, version, cell, index } = parts;
  const name = `vhu${index}`;
  const [socket, frontend] = [backend.socket(index), agent.path(`fe${index}`)];
  await addPinned(agent, name, {
    backend: `${cell.backend === 'listens' ? 'connect' : 'listen'}:${socket}`,
    frontend: `${cell.qemu === 'connects' ? 'listen' : 'connect'}:${frontend}`,
    version,
  });
  const qemu = await Qemu.boot(peers, {
    guest,
    socket: frontend,
    role: cell.qemu === 'connects' ? 'client' : 'server',
    // Without guest_announce QEMU has the back-end announce the guest: a message that disturbs nobody, when we like.
    device: { packed: cell.rings === 'packed' ? 'on' : 'off', guest_announce: 'off' },
  });
  const shown = await agent.inState(name, 'negotiated');
  const features = await assertGuestAgrees(qemu, shown);
  assert.equal((features & RING_PACKED) !== 0n, cell.rings === 'packed', hex(features));
  assert.equal(await qemu.reaches(ADDRESS), true);
  return { name, socket, qemu, agent, backend };
}

/** Ends the guest and its interface. */
export async function endCell({ qemu, agent, name }: LivePort): Promise<void> {
  await qemu.stop();
  await agent.must('del-interface', name);
}

/** The vhost-user messages that a back-end says it has read on this socket, from `since` on in its output. */
export function messagesOf({ backend, socket }: LivePort, since: number): string[] {
  const lines = backend
    .output()
    .slice(since)
    .matchAll(/\(([^)]*)\) read message VHOST_USER_(\w+)/g);
  return [...lines].filter(([, path]) => path === socket).map(([, , name = '']) => name);
}

/** Takes the driver off its device and puts it back on; the address went with the device. */
const REBIND = [
  'device=$(basename $(readlink -f /sys/class/net/eth0/device))',
  'cd /sys/bus/virtio/drivers/virtio_net',
  'echo $device >unbind && echo $device >bind',
  'cd / && ip address add 10.0.0.2/24 dev eth0 && ip link set eth0 up',
].join('\n');

/**
 * Binds the driver anew and waits until packets flow; the messages that the back-end read of it. QEMU does not send
 * GET_FEATURES then. An agent may, which wants to know how far its predecessor has come: it changes nothing.
 */
export async function rebound(port: LivePort, meanwhile: () => Promise<void> = async () => {}): Promise<string[]> {
  const since = port.backend.output().length;
  // Both are waited for, so that nothing goes on when one of them fails.
  const [command, other] = await Promise.allSettled([port.qemu.run(REBIND), meanwhile()]);
  if (command.status === 'rejected') throw command.reason;
  if (other.status === 'rejected') throw other.reason;
  assert.equal(await port.qemu.reaches(ADDRESS, 5), true, 'the guest is not answered after its driver was bound anew');
  // testpmd is read by a pipe: its last lines may still be on the way.
  if (port.backend.saysAll)
    await eventually('the last message of the driver in what the back-end says', () => {
      return messagesOf(port, since).filter((name) => name === 'SET_STATUS').length >= 3;
    });
  return messagesOf(port, since).filter((name) => name !== 'GET_FEATURES');
}

/**
 * Messages that set something by a descriptor and are not answered. Whether one reached the back-end before the agent died
 * nobody can find out, so it may come a second time, at once after the first.
 */
const MAY_COME_TWICE: readonly string[] = ['SET_VRING_KICK', 'SET_VRING_CALL', 'SET_VRING_ERR'];

/** The same dialogue as the undisturbed one, with one repetition at most for each time that an agent died in it. */
export function assertSameDialogue(messages: readonly string[], undisturbed: readonly string[], where: string): void {
  const once = (all: readonly string[]): string[] => {
    return all.filter((name, index) => name !== all[index - 1] || !MAY_COME_TWICE.includes(name));
  };
  assert.deepEqual(once(messages), once(undisturbed), where);
  assert.ok(messages.length <= undisturbed.length + 1, `${where}: ${messages.join(' ')}`);
}

/** Needs of a suite that boots guests in front of this back-end. */
export async function needsCells(context: Context, backend: Backend): Promise<Guest> {
  backend.needs(context);
  return await needsGuest(context);
}
