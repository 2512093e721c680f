import * as codec from './codec.ts';
import type { TableModel } from './column.ts';

/** The table Host: one row for each agent. */
export const HOST = {
  system_id: {
    property: 'systemId',
    codec: codec.text,
    role: 'record',
    about: 'The name of the host for programs; unique in the database.',
    document: 'system_id',
  },
  hostname: {
    property: 'hostname',
    codec: codec.text,
    role: 'status',
    about: 'The name of the host for people.',
    document: 'hostname',
  },
  agent_version: {
    property: 'agentVersion',
    codec: codec.text,
    role: 'status',
    about: 'The release of the agent.',
    document: 'agent_version',
  },
  backend: {
    property: 'backend',
    codec: codec.textMap,
    role: 'status',
    about:
      'The back-end in words: `name` (the releases that it resembles), `known_by` (`measured`, `detected`, `declared`), `measured_at`, `release`.',
  },
  backend_features: {
    property: 'virtioFeatures',
    of: 'abilities',
    codec: codec.optionalMask,
    role: 'status',
    about: 'The virtio features that all back-ends of the host have; absent: nothing is known.',
    document: 'features',
    within: 'backend',
  },
  backend_protocol_features: {
    property: 'protocolFeatures',
    of: 'abilities',
    codec: codec.optionalMask,
    role: 'status',
    about: 'The protocol features that all of them have.',
    document: 'protocol_features',
    within: 'backend',
  },
  backend_limits: {
    property: 'limits',
    of: 'abilities',
    codec: codec.limits,
    role: 'status',
    about: 'The lowest limits among them, by name: `queue_pairs`, `ring_size`.',
    document: 'limits',
    within: 'backend',
  },
  versions: {
    property: 'versions',
    codec: codec.references('Compat_Version'),
    role: 'record',
    about: 'The versions that the host knows, usable or not.',
  },
  interfaces: {
    property: 'interfaces',
    codec: codec.references('Interface'),
    role: 'intent',
    about: 'The interfaces of the host.',
  },
  default_version: {
    property: 'defaultVersion',
    codec: codec.optionalText,
    role: 'intent',
    about: 'The version of interfaces that have no pin; absent: the first usable version.',
    document: 'default_version',
  },
  defined_versions: {
    property: 'definedVersions',
    codec: codec.textMap,
    role: 'intent',
    about: 'Versions that clients define, by name: a table file with this one entry.',
  },
  next_cfg: {
    property: 'nextCfg',
    codec: codec.integer,
    role: 'intent',
    about: 'Clients add 1 to it in each transaction that changes an intent.',
  },
  cur_cfg: {
    property: 'curCfg',
    codec: codec.integer,
    role: 'status',
    about: 'The value of `next_cfg` up to which the agent has followed.',
  },
  other_config: { property: 'otherConfig', codec: codec.textMap, role: 'free', about: 'Settings of later releases.' },
  external_ids: { property: 'externalIds', codec: codec.textMap, role: 'free', about: 'Notes of other programs.' },
} as const satisfies TableModel;

/** The table Host_Private: what changes all the time, or concerns the agent alone. Clients do not follow it. */
export const HOST_PRIVATE = {
  system_id: { property: 'systemId', codec: codec.text, role: 'record', about: 'As in Host.' },
  heartbeat: {
    property: 'heartbeat',
    codec: codec.time,
    role: 'record',
    about: 'The last sign of life of the agent, which writes it every 10 s.',
  },
  pid: { property: 'pid', codec: codec.integer, role: 'record', about: 'The process of the agent.' },
  started: { property: 'started', codec: codec.time, role: 'record', about: 'When that process started.' },
  statistics: { property: 'statistics', codec: codec.counters, role: 'record', about: 'Counters of the agent.' },
  external_ids: { property: 'externalIds', codec: codec.textMap, role: 'free', about: 'Notes of other programs.' },
} as const satisfies TableModel;
