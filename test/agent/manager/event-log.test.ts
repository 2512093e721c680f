import assert from 'node:assert/strict';
import { EventLog } from '../../../agent/manager/event-log.ts';
import type { StoredEvent } from '../../../agent/manager/host-rows.ts';
import type { Json } from '../../../rpc/json/json-value.ts';

const HOUR_MS = 3_600_000;

/** An event log at a clock that stands, and the times that it gave. */
function standing({ now, stored = [] }: { now: number; stored?: readonly StoredEvent[] }) {
  const rows: Json[] = [];
  const events = new EventLog({
    ...{ systemId: 'a', host: 'a', limit: 1000, stored, now: () => now },
    writes: { record: (...operations) => void rows.push(...operations) },
    log: { info: () => undefined, warn: () => undefined },
  });
  const times: number[] = [];
  events.subscribe(({ time }) => times.push(time));
  const record = (count: number) => {
    for (let i = 0; i < count; i++) events.record({ kind: 'fault', text: String(i) });
  };
  return { record, times, rows };
}

describe('the times of events', () => {
  it('tell the order of a burst', () => {
    const { record, times, rows } = standing({ now: 500 });
    record(4);
    assert.deepEqual(times, [500, 501, 502, 503]);
    const written = rows.map((one) => (one as { row: { time: number } }).row.time);
    assert.deepEqual(written, times);
  });

  it('go on behind those of an earlier agent', () => {
    const { record, times } = standing({ now: 500, stored: [{ uuid: 'e', time: 520 }] });
    record(2);
    assert.deepEqual(times, [521, 522]);
  });

  it('follow a clock that was set back', () => {
    const { record, times } = standing({ now: 500, stored: [{ uuid: 'e', time: 500 + HOUR_MS }] });
    record(2);
    assert.deepEqual(times, [500, 501]);
  });
});
