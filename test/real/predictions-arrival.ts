import { featureNames } from '../../compat-tables/bits/mask.ts';
import { VIRTIO_NET } from '../../compat-tables/bits/virtio-net.ts';
import { eventually } from '../peers/process.ts';
import type { Qemu } from '../peers/qemu.ts';

/** Whom guests ping: testpmd answers for every address. */
const ANSWERS = '10.0.0.1';

/** Requests in a row without an answer, three seconds each, until a network counts as dead. */
const ATTEMPTS = 6;

/** The outcome of one migration. */
export interface Arrival {
  /** It runs on the destination and is answered there. */
  readonly completed: boolean;
  /** The program that refused. */
  readonly by?: 'agent' | 'source' | 'destination' | 'network';
  readonly why?: string;
  /** Features of the guest that the destination's QEMU did not allow. */
  readonly lost: readonly string[];
}

/** Ways of the destination's QEMU never to come up. */
const STUCK = /you are asking more queues than supported: \d+|vhost lacks feature mask \S+|failed to init vhost_net/;

/** QEMU's words for a card with iommu_platform=on whose back-end does not offer the bit: it does not start at all. */
const NEEDS_IOMMU = /iommu_platform=true is not supported by the device/;
const IOMMU = 'VIRTIO_F_ACCESS_PLATFORM';

/** The status register of a card tells whether it has capabilities; a legacy device, without VERSION_1, has none. */
const OTHER_CARD = /Bad config data: i=0x6 read: \d+ device: \d+/;
const VERSION_1 = 'VIRTIO_F_VERSION_1';

/** Moves a guest to a QEMU that was just started; the guest then runs there, or where it was, stopped. */
export async function arrival(source: Qemu, destination: Qemu, incoming: string): Promise<Arrival> {
  const stuck = await ready(destination);
  if (stuck !== undefined)
    return { completed: false, by: 'destination', why: stuck, lost: NEEDS_IOMMU.test(stuck) ? [IOMMU] : [] };
  await source.migrate(incoming);
  const { status, error } = await source.migrated();
  if (status !== 'completed' || !(await runs(destination))) return refusal(destination, error);
  // No longer needed, and in the way of the others on this machine.
  await source.stop();
  if (await goOn(destination)) return { completed: true, lost: [] };
  const why = destination.complaints || 'no ping is answered';
  return { completed: false, by: 'network', why, lost: [] };
}

/** A guest goes on and is answered: false when it is cut off. */
export async function goOn(qemu: Qemu): Promise<boolean> {
  if ((await qemu.status()) !== 'running') await qemu.qmp('cont');
  // Each back-end has a link address of its own for what the guest takes for one neighbour.
  await qemu.run('ip neigh flush dev eth0');
  return await qemu.reaches(ANSWERS, ATTEMPTS);
}

/** Why it will never wait for a guest; undefined: it waits. */
async function ready(destination: Qemu): Promise<string | undefined> {
  let waits = false;
  // A QEMU that is stuck in its start answers nothing, hence the look at what it complains of meanwhile.
  const asked = eventually('a destination that waits', async () => (await destination.status()) === 'inmigrate').then(
    () => {
      waits = true;
    },
    () => {},
  );
  const why = await eventually('a destination that waits or never will', () => (waits ? '' : stuck(destination)));
  if (why !== '') return why;
  await asked;
  return undefined;
}

function stuck(destination: Qemu): string | undefined {
  if (!destination.peer.running) return destination.complaints || `QEMU ${destination.peer.ending}`;
  return STUCK.exec(destination.complaints)?.[0];
}

async function runs(destination: Qemu): Promise<boolean> {
  const gone = destination.peer.ended.then(() => 'gone');
  const end = await eventually('the end of the migration at its destination', async () => {
    // A QEMU that is about to end answers no more.
    const status = await Promise.race([gone, destination.status().catch(() => '')]);
    return ['running', 'gone'].includes(status) && status;
  });
  return end === 'running';
}

async function refusal(destination: Qemu, error: string | undefined): Promise<Arrival> {
  const found = await eventually('an end of the destination', () => !destination.peer.running, 10_000).then(
    () => /Features (0x[0-9a-f]+) unsupported\. Allowed features: (0x[0-9a-f]+)/.exec(destination.complaints),
    () => null,
  );
  const [, features = '0', allowed = '0'] = found ?? [];
  const bits = featureNames(VIRTIO_NET, BigInt(features) & ~BigInt(allowed));
  const lost = OTHER_CARD.test(destination.complaints) ? [VERSION_1, ...bits] : bits;
  const why = found?.[0] ?? (destination.complaints || (error ?? 'it did not arrive'));
  return { completed: false, by: 'destination', why, lost };
}
