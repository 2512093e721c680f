import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import { parseMask } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../compat-tables/bits/virtio-net.ts';
import type { Abilities } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { BackendRelease } from '../../compat-tables/releases/release.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { numbers, object, text, ValueError } from './kinds.ts';

/** A back-end that the operator states instead of letting it be measured. */
export interface DeclaredBackend {
  readonly name: string;
  readonly abilities: Abilities;
}

const MEMBERS = {
  like: text('release'),
  virtio_features: text('mask'),
  protocol_features: text('mask'),
  limits: numbers,
};

type Members = { readonly [M in keyof typeof MEMBERS]?: ReturnType<(typeof MEMBERS)[M]['read']> };

/** A back-end by the release that it is like, or by its masks. */
export const declaredBackend = object((value): DeclaredBackend => {
  for (const [name, one] of Object.entries(value)) {
    if (!Object.hasOwn(MEMBERS, name))
      throw new ValueError(` is not known; known are ${Object.keys(MEMBERS).join(', ')}`, `.${name}`);
    inMember(name, () => MEMBERS[name as keyof Members].read(one));
  }
  return declared(value as Members);
});

function declared(backend: Members): DeclaredBackend {
  const { like, virtio_features, protocol_features = '0x0', limits = {} } = backend;
  if (like !== undefined) {
    // a release has both masks: one beside it would be passed over in silence
    for (const key of ['virtio_features', 'protocol_features'] as const)
      if (backend[key] !== undefined) throw new ValueError(` has both "like" and "${key}"; wanted one of them`);
    const { name, virtioFeatures, protocolFeatures, queuePairs, ringSize } = inMember('like', () =>
      networkRelease(like),
    );
    const known = { queue_pairs: queuePairs, ring_size: ringSize };
    return { name, abilities: { virtioFeatures, protocolFeatures, limits: { ...known, ...limits } } };
  }
  if (virtio_features === undefined)
    throw new ValueError(' has neither "like" nor "virtio_features"; wanted one of them');
  const virtioFeatures = inMember('virtio_features', () => parseMask(virtio_features, VIRTIO_NET));
  const protocolFeatures = inMember('protocol_features', () => parseMask(protocol_features, PROTOCOL));
  return { name: 'declared', abilities: { virtioFeatures, protocolFeatures, limits } };
}

/** What is declared stands for the network back-ends of the host: those of other device types are known when measured. */
function networkRelease(name: string): BackendRelease {
  const release = findRelease(name);
  if (release.deviceType === DEFAULT_DEVICE_TYPE) return release;
  throw new ValueError(` is a back-end of ${release.deviceType}; wanted one of ${DEFAULT_DEVICE_TYPE}`);
}

/** What `parse` returns; its errors name the member. */
function inMember<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof ValueError) throw new ValueError(cause.message, `.${name}`, cause);
    if (cause instanceof CompatError) throw new ValueError(`: ${cause.message}`, `.${name}`, cause);
    throw cause;
  }
}
