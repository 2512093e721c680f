import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { Log } from '../../base/log.ts';

function recorder() {
  let text = '';
  let time = 0;
  let ends: (() => void)[] = [];
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return {
    log: new Log(out, 'info', { now: () => time, later: (call) => ends.push(call) }),
    /** What a window of ten seconds ends with. */
    end: () => {
      time += 10_000;
      const due = ends;
      ends = [];
      for (const call of due) call();
    },
    pass: (ms: number) => {
      time += ms;
    },
    lines: () => text.trimEnd().split('\n'),
    said: () =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/^\S+ \w+ event=/, '')),
  };
}

describe('log', () => {
  it('writes one line per event, key=value, quoting what could be taken for two', () => {
    const { log, lines } = recorder();
    log.info('started', { host: 'a', text: 'two words', mask: 5n, none: undefined, tricky: 'a="b"\n' });
    assert.deepEqual(lines(), [
      '1970-01-01T00:00:00.000Z info event=started host=a text="two words" mask=5 tricky="a=\\"b\\"\\n"',
    ]);
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = recorder();
    log.debug('chatter');
    log.warn('real');
    assert.equal(lines().length, 1);
  });

  it('counts a line that repeats and says so when the window is over', () => {
    const { log, pass, lines } = recorder();
    for (let i = 0; i < 5; i++) log.warn('again', { interface: 'vhu0' });
    log.warn('again', { interface: 'vhu1' });
    pass(10_000);
    log.warn('again', { interface: 'vhu0' });
    assert.deepEqual(
      lines().map((line) => line.replace(/^\S+ /, '')),
      [
        'warn event=again interface=vhu0',
        'warn event=again interface=vhu1',
        'warn event=again interface=vhu0 repeated=4',
      ],
    );
  });

  it('writes what came back: of there and back again nothing is left out', () => {
    const { log, said } = recorder();
    for (const event of ['came', 'left', 'came']) log.info(event, { interface: 'vhu0' });
    log.info('came', { interface: 'vhu1' });
    assert.deepEqual(said(), [
      'came interface=vhu0',
      'left interface=vhu0',
      'came interface=vhu0',
      'came interface=vhu1',
    ]);
  });

  it('counts what goes to and fro for long, and its last line is what came last', () => {
    const { log, said, end } = recorder();
    for (let i = 0; i < 10; i++) {
      log.info('left', { interface: 'vhu0' });
      log.info('came', { interface: 'vhu0' });
    }
    log.info('left', { interface: 'vhu0' });
    assert.equal(said().length, 6);
    end();
    assert.deepEqual(said().slice(6), ['came interface=vhu0 repeated=7', 'left interface=vhu0 repeated=8']);
    log.info('came', { interface: 'vhu0' });
    assert.equal(said().length, 8, 'who goes on so is told once a window');
    end();
    assert.deepEqual(said().slice(8), ['came interface=vhu0 repeated=1']);
    end();
    assert.equal(said().length, 9);
  });

  it('tells what was left out before another line of the interface', () => {
    const { log, said } = recorder();
    for (let i = 0; i < 3; i++) log.warn('refused', { interface: 'vhu0' });
    log.info('came', { interface: 'vhu0' });
    assert.deepEqual(said(), ['refused interface=vhu0', 'refused interface=vhu0 repeated=2', 'came interface=vhu0']);
  });
});
