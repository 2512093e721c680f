import * as codec from './codec.ts';
import { free, record, table } from './column.ts';

/** The table Compat_Version: an entry of the compat table, and whether the host can honour it. */
export const COMPAT_VERSION = table({
  name: record(codec.repeatedText, 'The version; clients compare it as it is and read nothing into it.', {
    property: 'version',
    document: 'version',
  }),
  device_type: record(codec.repeatedText, 'The name space of the version.'),
  preference: record(codec.integer, '0 is the most preferred.'),
  virtio_features: record(codec.mask, 'The virtio features that a front-end is offered, control bits aside.'),
  feature_names: record(codec.texts, 'The names of the bits that a guest can see.'),
  protocol_features: record(
    codec.optionalMask,
    'At most these protocol features pass; absent: as the back-end offers them.',
  ),
  required_protocol_features: record(
    codec.maskOrNone,
    'Protocol features without which the version cannot be honoured.',
  ),
  limits: record(codec.limits, 'Upper bounds that belong to the version, by name: `queue_pairs`, `ring_size`.'),
  digest: record(
    codec.digest,
    'Over the content of the entry. Hosts agree on a version only when name and digest are equal.',
  ),
  tier: record(codec.tier, 'How far the version may be trusted.'),
  withdrawn: record(
    codec.withdrawal,
    'Since when and why it is not to be used any more, and what to use instead; empty: it is not withdrawn. Interfaces that have it go on.',
    { heading: false },
  ),
  usable: record(codec.flag, 'Whether the host can honour it.'),
  blockers: record(codec.blockers, 'The reasons why it cannot; empty: it can.'),
  covers: record(codec.texts, 'Releases and settings that behave so, in words.'),
  summary: record(codec.text, 'The entry in a sentence.'),
  origin: record(codec.text, 'The table file of the entry, or `defined` where a client defined it.'),
  sources: record(codec.texts, 'Where its figures come from: repository, tag and path.', { document: false }),
  external_ids: free('Notes of other programs.'),
});
