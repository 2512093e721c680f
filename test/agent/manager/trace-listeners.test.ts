import assert from 'node:assert/strict';
import { TraceListeners } from '../../../agent/manager/trace-listeners.ts';
import type { TracedMessage } from '../../../agent/vhost/trace-line.ts';

const MESSAGE: TracedMessage = {
  ...{ time: 1, from: 'front-end', request: 1, flags: 1, payload: new Uint8Array(0), descriptors: 0 },
  verdict: 'forwarded',
};

describe('taps', () => {
  it('are none for an interface that nobody traces, and none again after the last has gone', () => {
    const listeners = new TraceListeners();
    assert.equal(listeners.of('vhu0'), undefined);
    const ends = [listeners.add('vhu0', () => undefined), listeners.add('vhu0', () => undefined)];
    assert.equal(listeners.of('vhu1'), undefined);
    ends[0]?.();
    assert.notEqual(listeners.of('vhu0'), undefined);
    ends[1]?.();
    assert.equal(listeners.of('vhu0'), undefined);
  });

  it('see every message while they are there, also those that came after the port was told', () => {
    const listeners = new TraceListeners();
    const seen: string[] = [];
    const end = listeners.add('vhu0', () => seen.push('one'));
    const listener = listeners.of('vhu0');
    listener?.(MESSAGE);
    listeners.add('vhu0', () => seen.push('two'));
    listener?.(MESSAGE);
    end();
    listener?.(MESSAGE);
    assert.deepEqual(seen, ['one', 'one', 'two', 'two']);
  });

  it('are not taken away twice', () => {
    const listeners = new TraceListeners();
    const end = listeners.add('vhu0', () => undefined);
    end();
    listeners.add('vhu0', () => undefined);
    end();
    assert.notEqual(listeners.of('vhu0'), undefined);
  });
});
