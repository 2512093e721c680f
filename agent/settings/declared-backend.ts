import { parseMask } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../compat-tables/bits/virtio-net.ts';
import type { Abilities, Limits } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { counts, type Reader, text } from './setting-readers.ts';

/** A back-end that the operator states instead of letting it be measured. */
export interface DeclaredBackend {
  readonly name: string;
  readonly abilities: Abilities;
}

/** The same as it stands in the configuration. */
export interface BackendSettings {
  readonly like?: string;
  readonly virtio_features?: string;
  readonly protocol_features?: string;
  readonly limits?: Limits;
}

export const BACKEND_KEYS: Readonly<Record<keyof BackendSettings, Reader>> = {
  like: text,
  virtio_features: text,
  protocol_features: text,
  limits: counts,
};

/** Throws VC-CONFIG, naming `origin` and the key. */
export function declared(backend: BackendSettings, origin: string): DeclaredBackend {
  const { like, virtio_features, protocol_features, limits = {} } = backend;
  const wrong = (what: string) => new CompatError('VC-CONFIG', `Cannot use ${origin}: ${what}`, { origin });
  if (like !== undefined) {
    // a release has both masks: one beside it would be passed over in silence
    for (const key of ['virtio_features', 'protocol_features'] as const)
      if (backend[key] !== undefined) throw wrong(`"backend" has both "like" and "${key}"; wanted one of them`);
    const release = read('like', origin, () => findRelease(like));
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
    throw wrong('"backend" has neither "like" nor "virtio_features"; wanted one of them');
  return {
    name: 'declared',
    abilities: {
      virtioFeatures: read('virtio_features', origin, () => parseMask(virtio_features, VIRTIO_NET)),
      protocolFeatures: read('protocol_features', origin, () => parseMask(protocol_features ?? '0x0', PROTOCOL)),
      limits,
    },
  };
}

function read<T>(key: keyof BackendSettings, origin: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof CompatError)) throw cause;
    const text = `Cannot use ${origin}: key "backend.${key}": ${cause.message}`;
    throw new CompatError('VC-CONFIG', text, { origin }, { cause });
  }
}
