import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { Log } from '../../agent/daemon/log.ts';

function recorder() {
  let text = '';
  let time = 0;
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return {
    log: new Log(out, 'info', () => time),
    pass: (ms: number) => {
      time += ms;
    },
    lines: () => text.trimEnd().split('\n'),
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
});
