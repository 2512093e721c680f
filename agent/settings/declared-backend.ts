import { parseMask } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../compat-tables/bits/virtio-net.ts';
import type { Abilities } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { type Kind, type Members, numbers, object, text, ValueError } from './kinds.ts';

/** A back-end that the operator states instead of letting it be measured. */
export interface DeclaredBackend {
  readonly name: string;
  readonly abilities: Abilities;
}

const MEMBERS = {
  like: text('release'),
  virtio_features: text('mask'),
  protocol_features: text('mask'),
  limits: numbers(),
};

const written = object(MEMBERS);

/** A back-end by the release that it is like, or by its masks. */
export const declaredBackend: Kind<DeclaredBackend> = { ...written, read: (value) => declared(written.read(value)) };

function declared(backend: Members<typeof MEMBERS>): DeclaredBackend {
  const { like, virtio_features, protocol_features, limits = {} } = backend;
  if (like !== undefined) {
    // a release has both masks: one beside it would be passed over in silence
    for (const key of ['virtio_features', 'protocol_features'] as const)
      if (backend[key] !== undefined) throw new ValueError(` has both "like" and "${key}"; wanted one of them`);
    const release = read('like', () => findRelease(like));
    return {
      name: release.name,
      abilities: {
        virtioFeatures: release.virtioFeatures,
        protocolFeatures: release.protocolFeatures,
        limits: { queue_pairs: release.queuePairs, ring_size: release.ringSize, ...limits },
      },
    };
  }
  if (virtio_features === undefined)
    throw new ValueError(' has neither "like" nor "virtio_features"; wanted one of them');
  return {
    name: 'declared',
    abilities: {
      virtioFeatures: read('virtio_features', () => parseMask(virtio_features, VIRTIO_NET)),
      protocolFeatures: read('protocol_features', () => parseMask(protocol_features ?? '0x0', PROTOCOL)),
      limits,
    },
  };
}

function read<T>(key: keyof typeof MEMBERS, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof CompatError)) throw cause;
    throw new ValueError(`: ${cause.message}`, { member: `.${key}`, cause });
  }
}
