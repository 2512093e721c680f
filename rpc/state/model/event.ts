import * as codec from './codec.ts';
import { record, table } from './column.ts';

/** The table Event: the bounded history of a host. */
export const EVENT = table(
  {
    system_id: record(codec.text, 'The host.'),
    interface: record(codec.optionalText, 'The interface; absent: the event concerns the host.'),
    time: record(codec.time, 'No two events of a host have the same.'),
    kind: record(codec.text, 'Such as `negotiated` or `refused`.'),
    code: record(codec.optionalText, 'A code of [errors.md](errors.md), when the event is an error.'),
    text: record(codec.text, 'The event in a sentence.'),
    details: record(codec.textMap, 'The same for programs.'),
  },
  { inDocuments: false },
);
