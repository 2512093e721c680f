import * as codec from './codec.ts';
import type { TableModel } from './column.ts';

/** The table Event: the bounded history of a host. */
export const EVENT = {
  system_id: { property: 'systemId', codec: codec.text, role: 'record', about: 'The host.' },
  interface: {
    property: 'interface',
    codec: codec.optionalText,
    role: 'record',
    about: 'The interface; absent: the event concerns the host.',
    heading: 'interface',
  },
  time: {
    property: 'time',
    codec: codec.time,
    role: 'record',
    about: 'No two events of a host have the same.',
    heading: 'time',
  },
  kind: {
    property: 'kind',
    codec: codec.text,
    role: 'record',
    about: 'Such as `negotiated` or `refused`.',
    heading: 'kind',
  },
  code: {
    property: 'code',
    codec: codec.optionalText,
    role: 'record',
    about: 'A code of [errors.md](errors.md), when the event is an error.',
    heading: 'code',
  },
  text: { property: 'text', codec: codec.text, role: 'record', about: 'The event in a sentence.', heading: 'text' },
  details: { property: 'details', codec: codec.textMap, role: 'record', about: 'The same for programs.' },
} as const satisfies TableModel;
