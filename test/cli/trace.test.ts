import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { traceLine } from '../../agent/vhost/trace-line.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { ApiConnection } from '../../rpc/api/api-connection.ts';
import type { ApiServer } from '../../rpc/api/api-server.ts';
import type { MessageJson } from '../../rpc/api/message-json.ts';
import type { NotificationParams } from '../../rpc/api/methods.ts';
import { describeHost } from '../../rpc/fleet/describe-host.ts';
import type { HostDocument } from '../../rpc/fleet/host-document.ts';
import { State } from '../../rpc/state/state.ts';
import { Peers } from '../peers/process.ts';
import { ApiBench } from '../rpc/api/harness.ts';
import { served } from './embedded.ts';
import { type HostFixture, NEW_HOST, OLD_HOST } from './fixtures.ts';
import { matchesGolden } from './golden.ts';
import { type CliOutcome, type CliWorld, cli } from './run-cli.ts';

function message(
  request: number,
  flags: number,
  payload: string,
  more: { descriptors?: number; verdict?: MessageJson['verdict']; changedTo?: Uint8Array } = {},
): MessageJson {
  const from = (flags & 4) === 0 ? 'front-end' : 'back-end';
  const time = Date.UTC(2026, 0, 2, 3, 4, 5, 678) + request;
  const given = { time, from, request, flags, payload: hex(payload), descriptors: 0, verdict: 'forwarded' } as const;
  return { interface: 'vhu0', ...traceLine({ ...given, ...more }, 'vhost-user-net') };
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

/** A little of everything, as a front-end that starts says it. */
const DIALOGUE: readonly MessageJson[] = [
  message(1, 1, ''),
  message(1, 5, 'cba7667c0d000000', { verdict: 'changed', changedTo: hex('caa7667c0d000000') }),
  message(16, 1, '0900000000000000'),
  message(5, 9, `0100000000000000${'0000000000000000'.repeat(4)}`, { descriptors: 1 }),
  message(45, 1, '0000000000000000'),
  message(8, 9, '0000000000800000', { verdict: 'answered', changedTo: hex('0100000000000000') }),
  message(2, 1, 'ffffffffffffffff', { verdict: 'refused' }),
  message(999, 1, '00'.repeat(20), { descriptors: 2 }),
];

describe('trace', () => {
  const bench = new ApiBench();
  const peers = new Peers();
  let server: ApiServer;
  let path = '';
  let traced: string[] = [];
  /** What the agent does when somebody begins to trace. */
  let begin: (tell: (params: Partial<NotificationParams<'interfaces.message'>>) => void, to: ApiConnection) => void;
  beforeEach(async () => {
    traced = [];
    begin = (tell) => {
      for (const one of DIALOGUE) tell({ message: one });
    };
    server = bench.server({
      'interfaces.trace': ({ name }, connection) => {
        traced.push(name);
        if (name !== 'vhu0') throw new CompatError('VC-INTERFACE-UNKNOWN', `Cannot find interface "${name}"`);
        setImmediate(() =>
          begin((params) => connection.notify('interfaces.message', { trace: 1, dropped: 0, ...params }), connection),
        );
        return { trace: 1 };
      },
    });
    path = `${bench.folder}/${Math.random().toString(36).slice(2)}.sock`;
    await server.listen(path);
  });
  after(() => bench.end());
  afterEach(() => peers.end());

  /** A database with a host, and where its agent would serve the API. */
  async function besideDatabase(host: HostFixture): Promise<{ db: string; api: string }> {
    const db = await served(peers, host);
    return { db, api: join(dirname(db.slice('unix:'.length)), 'api.sock') };
  }

  async function describedHost(db: string): Promise<HostDocument> {
    const state = await State.connect(db);
    try {
      return describeHost(state);
    } finally {
      state.close();
    }
  }

  const trace = (words: readonly string[], world: CliWorld = {}): Promise<CliOutcome> =>
    cli(['trace', 'vhu0', '--api', path, ...words], world);
  const all = ['--count', String(DIALOGUE.length)];

  for (const format of ['table', 'json']) {
    it(`prints one line for each message as ${format}`, async () => {
      const { exit, stdout, stderr } = await trace([...all, '-f', format]);
      assert.deepEqual({ exit, stderr }, { exit: 0, stderr: 'tracing vhu0\n' });
      matchesGolden(`trace.${format}`, (await trace([...all, '-f', format], { columns: 80 })).stdout);
      const lines = stdout.trimEnd().split('\n');
      assert.equal(lines.length, DIALOGUE.length + (format === 'table' ? 1 : 0));
      if (format === 'json') for (const line of lines) assert.equal(JSON.parse(line).format, 1);
    });
  }

  it('leaves out headings and prints the columns asked for', async () => {
    const { stdout } = await trace(['--count', '2', '--no-headings', '--columns', 'VERDICT,message']);
    assert.equal(stdout, 'forwarded  GET_FEATURES\nchanged    GET_FEATURES\n');
  });

  it('ends after --count messages, however many come', async () => {
    const { exit, stdout } = await trace(['--count', '3', '--no-headings', '--columns', 'message']);
    assert.deepEqual([exit, stdout.trimEnd().split('\n').length], [0, 3]);
  });

  it('ends with 0 when it is asked to, and when nobody reads any more', async () => {
    for (const end of ['interrupted', 'outputClosed'] as const) {
      let tell: () => void = () => {};
      const ended = new Promise<string>((resolve) => {
        tell = () => resolve('SIGINT');
      });
      const world: CliWorld =
        end === 'interrupted' ? { interrupted: ended } : { outputClosed: ended.then(() => undefined) };
      const { exit, stdout } = await trace([], {
        ...world,
        onStdout: (text) => {
          if (text.split('\n').length > DIALOGUE.length) tell();
        },
      });
      assert.equal(exit, 0, end);
      assert.match(stdout, /request 999/, end);
    }
  });

  it('ends with 4 when the agent goes away, and says so', async () => {
    begin = () => void server.close();
    const { exit, stderr } = await trace([]);
    assert.equal(exit, 4);
    assert.match(stderr, /Cannot go on tracing vhu0: the connection to the agent has ended \[VC-API-CONNECT\]/);
  });

  it('ends with 1 when the interface is removed, and when there is none', async () => {
    begin = (_, connection) => connection.notify('interfaces.traceEnded', { trace: 1, interface: 'vhu0' });
    const removed = await trace([]);
    assert.deepEqual([removed.exit, traced], [1, ['vhu0']]);
    assert.match(removed.stderr, /the interface was removed \[VC-INTERFACE-UNKNOWN\]/);
    const unknown = await cli(['trace', 'vhu7', '--api', path]);
    assert.equal(unknown.exit, 1);
    assert.match(unknown.stderr, /Cannot find interface "vhu7"/);
  });

  it('says how many messages are missing, and where', async () => {
    const [first, second] = DIALOGUE;
    assert.ok(first && second);
    begin = (tell) => {
      tell({ message: first });
      tell({ dropped: 12 });
      tell({ dropped: 3, message: second });
    };
    const json = await trace(['--count', '2', '-f', 'json']);
    const kinds = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; dropped?: number });
    assert.deepEqual(
      kinds.map(({ kind, dropped }) => [kind, dropped]),
      [
        ['message', undefined],
        ['dropped', 12],
        ['dropped', 3],
        ['message', undefined],
      ],
    );
    const table = await trace(['--count', '2']);
    assert.match(table.stderr, /12 messages are missing here[\s\S]*3 messages are missing here/);
    assert.equal(table.stdout.split('\n').length, 4);
  });

  it('finds the API by option, by environment, and beside the database', async () => {
    const { db, api } = await besideDatabase(NEW_HOST);
    const beside = bench.server({ 'host.describe': () => describedHost(db) });
    await beside.listen(api);
    const missing = '/nonexistent/api.sock';
    const words = ['trace', 'vhu0', '--count', '1'];
    assert.equal((await cli([...words, '--api', path], { env: { VHOST_COMPAT_API: missing } })).exit, 0);
    assert.equal((await cli(words, { env: { VHOST_COMPAT_API: path } })).exit, 0);
    // The one beside the database does not expect this call, so its answer is another error than that of no answer.
    assert.equal((await cli([...words, '--db', db])).exit, 1);
    const nowhere = await cli([...words, '--api', missing]);
    assert.equal(nowhere.exit, 4);
    assert.match(nowhere.stderr, /Cannot connect to the management API at \/nonexistent\/api\.sock/);
  });

  it('asks no agent but that of the host which was named', async () => {
    const { db, api } = await besideDatabase(OLD_HOST);
    const other = bench.server({ 'host.describe': () => describedHost(db) });
    await other.listen(api);
    const fleet = await served(peers, NEW_HOST, OLD_HOST);
    for (const words of [
      ['trace', 'vhu0'],
      ['show-interface', 'vhu0', '--live'],
    ]) {
      const { exit, stdout, stderr } = await cli([...words, '--db', fleet, '--host', 'newhost', '--api', api]);
      assert.deepEqual([exit, stdout], [4, '']);
      assert.match(
        stderr,
        /agent of host newhost \(id-new\): saw the agent of oldhost \(id-old\) at .*api\.sock; wanted/,
      );
      assert.match(stderr, /see --api \[VC-API-CONNECT\]/);
    }
    const ambiguous = await cli(['trace', 'vhu0', '--db', fleet]);
    assert.match(ambiguous.stderr, /holds 2; name one of newhost/);
    // named alone, an agent needs no host of a database
    assert.equal((await cli(['trace', 'vhu0', '--db', fleet, '--api', path, '--count', '1'])).exit, 0);
  });

  const mistakes: { title: string; words: string[]; want: RegExp }[] = [
    { title: 'no number', words: ['--count', 'x'], want: /--count: saw "x"; wanted a whole number of at least 1/ },
    { title: 'no message at all', words: ['--count', '0'], want: /saw "0"; wanted a whole number of at least 1/ },
    {
      title: 'a format of whole tables',
      words: ['-f', 'html'],
      want: /html line by line: wanted --format table or json/,
    },
    { title: 'a column that is none', words: ['--columns', 'frm'], want: /column "frm".*wanted time, from, message/ },
    { title: 'an empty path', words: ['--api', ''], want: /--api: saw an empty path/ },
    { title: 'columns of JSON', words: ['--columns', 'time', '-f', 'json'], want: /each line is a whole object/ },
  ];
  for (const { title, words, want } of mistakes) {
    it(`refuses ${title} before it connects`, async () => {
      const { exit, stderr } = await cli([
        'trace',
        'vhu0',
        ...(words[0] === '--api' ? [] : ['--api', '/nonexistent']),
        ...words,
      ]);
      assert.equal(exit, 2);
      assert.match(stderr, want);
    });
  }
});
