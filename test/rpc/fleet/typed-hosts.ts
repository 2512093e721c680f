import assert from 'node:assert/strict';
import { formatMask, maskOf } from '../../../compat-tables/bits/mask.ts';
import { CONTROL_BITS } from '../../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import type { Limits } from '../../../compat-tables/entries/entry.ts';
import type { TargetAnswer } from '../../../compat-tables/moves/check-move.ts';
import { answerMove } from '../../../rpc/fleet/answer-move.ts';
import type { HostDocument, InterfaceDocument } from '../../../rpc/fleet/host-document.ts';
import { entry } from '../state/fixtures.ts';
import { documentOf, versionDocuments } from './made-documents.ts';

/** Documents of hosts whose back-ends serve any device type: one interface, and the versions that are given. */

export interface Side {
  readonly type: string;
  /** The answer to GET_QUEUE_NUM; undefined: not asked. */
  readonly queues?: number;
  readonly features?: bigint;
  readonly protocol?: bigint;
  readonly limits?: Limits;
  /** The rings that the front-end has; undefined: none is connected. */
  readonly rings?: readonly number[];
  readonly entries?: readonly {
    readonly version: string;
    readonly limits?: Limits;
    readonly protocolFeatures?: bigint;
  }[];
  /** Changes of the interface. */
  readonly interface?: Partial<InterfaceDocument>;
}

/** The features that these back-ends offer unless told: VERSION_1, INDIRECT_DESC, and the control bits. */
const FEATURES = (1n << 32n) | (1n << 28n) | CONTROL_BITS;
const ALL_PROTOCOL = maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD', 'REPLY_ACK', 'CONFIG');

export function typedHost(name: string, side: Side): HostDocument {
  const { type, queues, features = FEATURES, protocol = ALL_PROTOCOL, rings, entries = [] } = side;
  const limits = { ...(queues === undefined ? {} : { queue_pairs: queues }), ...side.limits };
  const abilities = { virtioFeatures: features, protocolFeatures: protocol, limits };
  const promises = entries.map(({ version, ...more }) =>
    entry(version, features, { deviceType: type, limits: {}, ...more }),
  );
  const count = type === 'vhost-user-net' ? Math.ceil((rings ?? []).length / 2) : (rings ?? []).length;
  const front: Partial<InterfaceDocument> =
    rings === undefined
      ? { state: 'waiting-frontend' }
      : {
          ...{ state: 'negotiated', in_force: entries[0]?.version ?? 'site.gone', queue_pairs: count },
          ...{ offered_features: formatMask(features), acked_features: formatMask(features & ~CONTROL_BITS) },
          acked_protocol_features: formatMask(protocol),
        };
  const one: InterfaceDocument = {
    ...{ name: 'port0', device_type: type, frontend: 'listen:/f', backend: 'connect:/b', state: '' },
    ...{
      backend_features: formatMask(features),
      backend_protocol_features: formatMask(protocol),
      backend_limits: limits,
    },
    ring_sizes: Object.fromEntries((rings ?? []).map((ring) => [ring, 128])),
    ...front,
    ...side.interface,
  };
  const known = type === 'vhost-user-net' ? abilities : undefined;
  return documentOf(name, known, { versions: versionDocuments(promises, abilities), interfaces: [one] });
}

/** Whether port0 of the first host can move to the second; `there` is its name. */
export function askMove(from: Side | HostDocument, to: Side): TargetAnswer {
  const source = 'kind' in from ? from : typedHost('here', from);
  const { answer } = answerMove({ source, name: 'port0', targets: [typedHost('there', to)] });
  return answer.targets[0] ?? assert.fail('no answer');
}
