import assert from 'node:assert/strict';
import type { Fact } from '../../../../agent/orders/facts.ts';
import { type FactSink, Outbox } from '../../../../agent/relay/service/outbox.ts';
import { until } from '../../support.ts';

/** A manager that takes facts while it is told to. */
class Sink implements FactSink {
  isWritable = true;
  readonly facts: Fact[] = [];

  send(fact: Fact): void {
    this.facts.push(fact);
  }

  get words(): string[] {
    return this.facts.map((fact) =>
      'id' in fact ? `${fact.is} ${fact.id}` : 'number' in fact ? `${fact.is} ${fact.number}` : fact.is,
    );
  }
}

const event = (text: string): Fact => ({ is: 'event', interface: 'p', event: { kind: 'fault', text, details: {} } });

describe('facts that wait for the manager', () => {
  const asked: string[] = [];
  let outbox: Outbox;
  beforeEach(() => {
    asked.length = 0;
    outbox = new Outbox((id) => {
      asked.push(id);
      const status = { state: 'stopped', since: 0, ringSizes: new Map<number, number>(), statistics: {} };
      return id === 'gone' ? undefined : { is: 'status', id, status };
    });
  });
  afterEach(() => outbox.close());

  it('come once for all changes within a moment', async () => {
    const sink = new Sink();
    outbox.attach(sink, []);
    for (let i = 0; i < 50; i += 1) outbox.changed('a');
    outbox.changed('gone');
    outbox.changed('b');
    await until('both', () => sink.facts.length === 2);
    assert.deepEqual(sink.words, ['status a', 'status b']);
    assert.deepEqual(asked, ['a', 'gone', 'b']);
  });

  it('that acknowledge come after all that changed before, however much that is', async () => {
    const sink = new Sink();
    outbox.attach(sink, []);
    const ids = Array.from({ length: 500 }, (_, index) => `i${index}`);
    for (const id of ids) outbox.changed(id);
    outbox.acknowledge(1);
    assert.equal(sink.facts.length < 100, true, 'not all in one turn of the loop');
    await until('the acknowledgement', () => sink.words.includes('applied 1'));
    assert.deepEqual(sink.words, [...ids.map((id) => `status ${id}`), 'applied 1']);
  });

  it('wait while the manager takes none, each status as it is when it does', async () => {
    const sink = new Sink();
    outbox.attach(sink, []);
    sink.isWritable = false;
    outbox.changed('a');
    outbox.event(event('x'));
    outbox.trace({ is: 'traced', id: 'a', message: {} as never });
    outbox.flush();
    assert.deepEqual([sink.words, asked], [[], []]);
    sink.isWritable = true;
    outbox.flush();
    assert.deepEqual(sink.words, ['status a', 'event']);
  });

  it('of a time without a manager: the latest events, and everything there is', async () => {
    for (let i = 0; i < 5000; i += 1) outbox.event(event(String(i)));
    outbox.acknowledge(9);
    const sink = new Sink();
    outbox.attach(sink, ['a', 'b']);
    await until('all of it', () => sink.facts.length === 2002);
    const texts = sink.facts.flatMap((fact) => (fact.is === 'event' ? fact.event.text : []));
    assert.deepEqual([texts[0], texts.at(-1)], ['3000', '4999']);
    assert.deepEqual(
      sink.words.filter((word) => word !== 'event'),
      ['status a', 'status b'],
    );
  });
});
