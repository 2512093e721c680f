import * as codec from './codec.ts';
import { free, intent, record, status, table } from './column.ts';

/** The table Host: one row for each agent. */
export const HOST = table({
  system_id: record(codec.text, 'The name of the host for programs; unique in the database.'),
  hostname: status(codec.text, 'The name of the host for people.'),
  agent_version: status(codec.text, 'The release of the agent.'),
  problems: status(codec.textMap, 'What keeps the agent of this host from its work, by error code.'),
  backend: status(
    codec.textMap,
    'The back-end in words: `name` (the releases that it resembles), `known_by` (`measured`, `detected`, `declared`), `measured_at`, `release`, `not_counted` (interfaces whose back-ends take no version from the others: they can honour none, or serve one guest each, as passt does).',
  ),
  backend_features: status(
    codec.optionalMask,
    'The virtio features that all back-ends of the host have; absent: nothing is known.',
    { property: 'virtioFeatures', of: 'abilities', document: 'features', within: 'backend' },
  ),
  backend_protocol_features: status(codec.optionalMask, 'The protocol features that all of them have.', {
    property: 'protocolFeatures',
    of: 'abilities',
    document: 'protocol_features',
    within: 'backend',
  }),
  backend_limits: status(codec.limits, 'The lowest limits among them, by name: `queue_pairs`, `ring_size`.', {
    property: 'limits',
    of: 'abilities',
    document: 'limits',
    within: 'backend',
  }),
  versions: record(codec.references('Compat_Version'), 'The versions that the host knows, usable or not.'),
  interfaces: intent(codec.references('Interface'), 'The interfaces of the host.'),
  default_version: intent(
    codec.optionalText,
    'The version of interfaces that have no pin; absent: the first usable version.',
  ),
  defined_versions: intent(codec.textMap, 'Versions that clients define, by name: a table file with this one entry.'),
  next_cfg: intent(codec.integer, 'Clients add 1 to it in each transaction that changes an intent.', {
    document: false,
  }),
  cur_cfg: status(codec.integer, 'The value of `next_cfg` up to which the agent has followed.', { document: false }),
  other_config: free('Settings of later releases.'),
  external_ids: free('Notes of other programs.'),
});

/** The table Host_Private: what changes all the time, or concerns the agent alone. Clients do not follow it. */
export const HOST_PRIVATE = table(
  {
    system_id: record(codec.text, 'As in Host.'),
    heartbeat: record(codec.time, 'The last sign of life of the agent, which writes it every 10 s.'),
    pid: record(codec.integer, 'The process of the agent.'),
    started: record(codec.time, 'When that process started.'),
    statistics: record(codec.counters, 'Counters of the agent.'),
    external_ids: free('Notes of other programs.'),
  },
  { inDocuments: false },
);
