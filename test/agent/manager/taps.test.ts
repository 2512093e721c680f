import assert from 'node:assert/strict';
import { Taps } from '../../../agent/manager/taps.ts';
import type { TracedMessage } from '../../../agent/vhost/trace-line.ts';

const MESSAGE: TracedMessage = {
  ...{ time: 1, from: 'front-end', request: 1, flags: 1, payload: new Uint8Array(0), descriptors: 0 },
  verdict: 'forwarded',
};

describe('taps', () => {
  it('are none for an interface that nobody traces, and none again after the last has gone', () => {
    const taps = new Taps();
    assert.equal(taps.of('vhu0'), undefined);
    const ends = [taps.add('vhu0', () => undefined), taps.add('vhu0', () => undefined)];
    assert.equal(taps.of('vhu1'), undefined);
    ends[0]?.();
    assert.notEqual(taps.of('vhu0'), undefined);
    ends[1]?.();
    assert.equal(taps.of('vhu0'), undefined);
  });

  it('see every message while they are there, also those that came after the port was told', () => {
    const taps = new Taps();
    const seen: string[] = [];
    const end = taps.add('vhu0', () => seen.push('one'));
    const tap = taps.of('vhu0');
    tap?.(MESSAGE);
    taps.add('vhu0', () => seen.push('two'));
    tap?.(MESSAGE);
    end();
    tap?.(MESSAGE);
    assert.deepEqual(seen, ['one', 'one', 'two', 'two']);
  });

  it('are not taken away twice', () => {
    const taps = new Taps();
    const end = taps.add('vhu0', () => undefined);
    end();
    taps.add('vhu0', () => undefined);
    end();
    assert.notEqual(taps.of('vhu0'), undefined);
  });
});
