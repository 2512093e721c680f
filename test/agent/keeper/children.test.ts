import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import type { SupervisedProgram } from '../../../agent/keeper/supervised-child.ts';
import { until } from '../support.ts';
import { type Answer, kill, program, type Stage, stageForEach } from './stage.ts';

const QUICK = { firstMs: 1, longestMs: 4, goodLifeMs: 10_000 };

describe('supervise: several programs', function () {
  this.timeout(30_000);
  let stage: Stage;
  stageForEach((next) => {
    stage = next;
  });

  const isOf = (child: string) => (answer: Answer) => answer['child'] === child;
  const events = (name: string, child: string): Answer[] => stage.events(name).filter(isOf(child));
  const pidOf = (child: string): number => Number(events('child-started', child).at(-1)?.['pid']);
  const says = (text: string): string[] => [process.execPath, '-e', `setInterval(() => {}, 1e6); ${text}`];
  const other = (command: string[] = says('')): SupervisedProgram => ({ name: 'other', command });

  it('runs each, and starts again only the one that ended', async () => {
    stage.start({ more: [other()], backoff: QUICK });
    await stage.answer();
    await until('both', () => events('child-started', 'other').length === 1);
    kill(pidOf('other'));
    await until('the next', () => events('child-started', 'other').length === 2);
    assert.equal(events('child-started', 'puppet').length, 1);
    kill(pidOf('puppet'));
    assert.deepEqual((await stage.answer())['inherited'], { line: 1 });
    assert.equal(events('child-started', 'other').length, 2);
  });

  it('holds the descriptors of one: the other can neither store nor remove, nor speak for it', async () => {
    const puppet = [...program('puppet'), stage.path('line')];
    stage.start({ more: [other(puppet)], backoff: QUICK });
    const two = [await stage.answer(), await stage.answer()];
    assert.deepEqual(
      two.map(({ inherited }) => inherited),
      [{}, {}],
    );
    await until('the refusal', () => events('message-refused', 'other').length === 1);
    assert.match(String(events('message-refused', 'other')[0]?.['why']), /has nothing kept/);
    const given = two.map(({ given }) => (given as string[]).join());
    assert.deepEqual(given.sort(), ['FDSTORE,NOTIFY_SOCKET', 'NOTIFY_SOCKET']);
    kill(pidOf('other'));
    assert.deepEqual((await stage.answer())['inherited'], {});
    kill(pidOf('puppet'));
    assert.deepEqual((await stage.answer())['inherited'], { line: 1 });
  });

  it('ends the last one first, and tells one that asked for it by its lifeline', async () => {
    const listens = `process.stdin.on('data', (text) => { console.error('told ' + text); process.exit(0) });`;
    stage.start({ more: [{ ...other(says(`${listens} process.on('SIGTERM', () => {})`)), endsWithRest: true }] });
    await stage.answer();
    stage.signal('SIGTERM');
    assert.equal(await stage.untilEnded(), 0);
    assert.deepEqual(
      stage.events('child-ended').map(({ child, status }) => [child, status]),
      [
        ['other', 0],
        ['puppet', 0],
      ],
    );
    assert.deepEqual(
      stage.events('text').map(({ text }) => text),
      ['told SIGTERM'],
    );
    assert.equal(existsSync(stage.path('other-notify.sock')), false);
  });

  it('upgrades the last one first; none, when the check of one refuses', async () => {
    const refuses = stage.script('check', `[ -e '${stage.path('go')}' ]\n`);
    stage.start({ more: [{ ...other(), checkCommand: refuses }] });
    await stage.answer();
    await until('both', () => events('child-started', 'other').length === 1);
    stage.signal('SIGUSR2');
    await until('the refusal', () => events('upgrade-refused', 'other').length === 1);
    assert.equal(stage.events('upgrade').length, 0);
    stage.script('go', '');
    stage.signal('SIGUSR2');
    assert.deepEqual((await stage.answer())['inherited'], { line: 1 });
    assert.deepEqual(
      stage.events('upgrade').map(({ child }) => child),
      ['other', 'puppet'],
    );
  });

  it('ends with one that has nothing to do, and ends the others', async () => {
    stage.start({ command: says(''), more: [other(stage.script('done', 'exit 2\n'))] });
    assert.equal(await stage.untilEnded(), 2);
    assert.deepEqual(events('child-ended', 'puppet').length, 1);
  });

  it('runs one as another user, who reaches its own socket and no other', async function () {
    if (process.getuid?.() !== 0) return this.skip(); // only root can
    const user = { uid: 65_534, gid: 65_534 };
    stage.start({ more: [{ ...other(), user }] });
    await stage.answer();
    await until('both', () => events('child-started', 'other').length === 1);
    const status = readFileSync(`/proc/${pidOf('other')}/status`, 'utf8');
    assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
    assert.match(status, /^Groups:\s*$/m);
    assert.match(status, /^CapEff:\t0+$/m);
    const own = statSync(stage.path('other-notify.sock'));
    assert.deepEqual([own.uid, own.mode & 0o777], [65_534, 0o600]);
    assert.equal(statSync(stage.notifySocket).uid, 0);
  });

  it('gives no options of node to them', async () => {
    const shows = `console.error(Object.keys(process.env).filter((name) => /^NODE_(O|P|R)/.test(name)).join() + '.')`;
    stage.start({ more: [other(says(shows))] }, { NODE_OPTIONS: '--no-warnings', NODE_PATH: '/tmp/x' });
    await until('the list', () => stage.events('text').length === 1);
    assert.equal(stage.events('text')[0]?.['text'], '.');
    await stage.answer();
  });
});

describe('supervise: a process whose loop stands still', function () {
  this.timeout(30_000);
  let stage: Stage;
  stageForEach((next) => {
    stage = next;
  });
  const WATCHDOG = { watchdogMs: 1000 };

  for (const [title, halt] of [
    ['is stopped', (pid: number) => process.kill(pid, 'SIGSTOP')],
    ['runs in a circle', () => stage.tell({ do: 'hang' })],
  ] as const) {
    it(`is ended and started again: it ${title}`, async () => {
      stage.start(WATCHDOG);
      const { pid, given } = await stage.answer();
      assert.deepEqual(given, ['FDSTORE', 'NOTIFY_SOCKET', 'WATCHDOG_USEC']);
      halt(Number(pid));
      const next = await stage.answer();
      assert.deepEqual([next['inherited'], next['left']], [{ line: 1 }, []]);
      assert.equal(stage.events('child-silent')[0]?.['pid'], pid);
      assert.equal(stage.events('child-ended')[0]?.['signal'], 'SIGKILL');
    });
  }

  it('is not mistaken for one whose keeper stood still', async () => {
    stage.start(WATCHDOG);
    await stage.answer();
    stage.signal('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    stage.signal('SIGCONT');
    await stage.order({ do: 'say', text: 'STATUS=here' });
    await until('the status', () => stage.events('child-status').length === 1);
    assert.equal(stage.events('child-silent').length, 0);
  });
});
