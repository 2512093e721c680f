import assert from 'node:assert/strict';
import { describeHost } from '../../rpc/fleet/describe-host.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { encodeEvent } from '../../rpc/state/encode-rows.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import { State } from '../../rpc/state/state.ts';
import { Peers } from '../peers/process.ts';
import { ApiBench } from '../rpc/api/harness.ts';
import { ENGINES } from '../rpc/state/engines.ts';
import { NEW_HOST, OLD_HOST, putHosts } from './fixtures.ts';
import { matchesGolden } from './golden.ts';
import { type CliOutcome, type CliWorld, cli } from './run-cli.ts';

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5);

interface Given {
  readonly at: number;
  readonly kind: string;
  readonly interface?: string;
  readonly code?: string;
  readonly systemId?: string;
}

const HISTORY: readonly Given[] = [
  { at: 3, kind: 'refused', interface: 'vhu0', code: 'VC-MODE-FEATURES' },
  { at: 1, kind: 'table-problem', code: 'VC-TABLE' },
  { at: 2, kind: 'measured', interface: 'vhu1' },
  { at: 4, kind: 'negotiated', interface: 'vhu1' },
  { at: 5, kind: 'faraway', interface: 'vhu1', systemId: 'id-old' },
];

async function happen(remote: string, ...events: readonly Given[]): Promise<void> {
  const client = new OvsdbClient(remote, { reconnect: false });
  await client.connect(5000);
  try {
    const rows = events.map(({ at, systemId = 'id-new', ...event }) =>
      encodeEvent({
        systemId,
        time: T0 + at * 1000,
        text: `It was ${event.kind}.`,
        details: { at: `${at}` },
        ...event,
      }),
    );
    const operations = rows.map((row) => ({ op: 'insert', table: 'Event', row: { ...row } }));
    await client.transact(DATABASE, operations);
  } finally {
    client.close();
  }
}

for (const engine of ENGINES) {
  describe(`events on ${engine.name}`, () => {
    const peers = new Peers();
    let remote = '';
    before(function () {
      engine.check(this);
    });
    beforeEach(async () => {
      remote = await engine.start(peers);
      await putHosts(remote, NEW_HOST, OLD_HOST);
      await happen(remote, ...HISTORY);
    });
    afterEach(() => peers.end());
    const events = (words: readonly string[], world: CliWorld = {}): Promise<CliOutcome> =>
      cli(['--db', remote, '--host', 'newhost', 'events', ...words], world);

    it('prints the history of the host in every format, the oldest first', async () => {
      for (const format of ['table', 'json', 'csv', 'list', 'html']) {
        const { exit, stdout, stderr } = await events(['-f', format], { columns: 80 });
        assert.deepEqual({ exit, stderr }, { exit: 0, stderr: '' });
        matchesGolden(`events.${format}`, stdout);
      }
    });

    it('prints those of one interface, and the last ones only', async () => {
      const kinds = async (...words: string[]) =>
        (await events([...words, '--no-headings', '--columns', 'kind'])).stdout.trim().split('\n');
      assert.deepEqual(await kinds('vhu1'), ['measured', 'negotiated']);
      assert.deepEqual(await kinds('--last', '2'), ['refused', 'negotiated']);
      assert.deepEqual(await kinds('--last', '0'), ['']);
      assert.deepEqual(await kinds('--last', '100', 'vhu0'), ['refused']);
    });

    it('knows the history of an interface that is gone, and refuses a name that never was', async () => {
      await happen(remote, { at: 6, kind: 'frontend-left', interface: 'vhu-gone' });
      assert.match((await events(['vhu-gone'])).stdout, /frontend-left/);
      const { exit, stderr } = await events(['vhu7']);
      assert.equal(exit, 1);
      assert.match(stderr, /Cannot find interface "vhu7".*\[VC-INTERFACE-UNKNOWN\]/);
    });

    for (const format of ['table', 'json']) {
      it(`follows what happens as ${format}, until it is asked to end`, async () => {
        let end: (signal: string) => void = () => {};
        const interrupted = new Promise<string>((resolve) => {
          end = resolve;
        });
        let more: Promise<void> | undefined;
        const { exit, stdout, stderr } = await events(['vhu1', '--follow', '--last', '1', '-f', format], {
          interrupted,
          columns: 80,
          onStdout: (text) => {
            if (!text.includes('It was negotiated.')) return;
            more ??= happen(
              remote,
              { at: 7, kind: 'not-this', interface: 'vhu0' },
              { at: 8, kind: 'fault', interface: 'vhu1', code: 'VC-VHOST-SIZE' },
            );
            if (text.includes('It was fault.')) end('SIGINT');
          },
        });
        await more;
        assert.deepEqual({ exit, stderr }, { exit: 0, stderr: '' });
        matchesGolden(`events-follow.${format}`, stdout);
      });
    }

    it('ends with 4 when the database goes away while it follows', async () => {
      let ended: Promise<void> | undefined;
      const { exit, stderr } = await events(['--follow'], {
        onStdout: (text) => {
          if (text.includes('It was negotiated.')) ended ??= peers.end();
        },
      });
      await ended;
      assert.equal(exit, 4);
      assert.match(stderr, /^vhost-compat: Cannot go on: .*\[VC-DB-CONNECT\]/);
    });
  });
}

describe('events, wrong calls', () => {
  for (const words of [
    ['--last', '-1'],
    ['--last', 'x'],
    ['--follow', '-f', 'csv'],
  ]) {
    it(`refuses ${words.join(' ')} before it connects`, async () => {
      assert.equal((await cli(['--db', 'unix:/nonexistent', 'events', ...words])).exit, 2);
    });
  }
});

describe('show-interface --live', () => {
  const peers = new Peers();
  const bench = new ApiBench();
  afterEach(() => peers.end());
  after(() => bench.end());

  it('shows the counters of this moment', async () => {
    const [engine] = ENGINES;
    assert.ok(engine);
    const remote = await engine.start(peers);
    await putHosts(remote, NEW_HOST);
    const asked: unknown[] = [];
    const state = await State.connect(remote);
    peers.defer(() => state.close());
    const api = await bench.serve({
      'host.describe': () => describeHost(state),
      'interfaces.statistics': (params) => {
        asked.push(params);
        return [{ interface: 'vhu1', state: 'negotiated', statistics: { messages_to_backend: 12 } }];
      },
    });
    const show = async (...words: string[]) => {
      const { stdout } = await cli(['--db', remote, 'show-interface', 'vhu1', '-f', 'json', '--api', api, ...words]);
      return (JSON.parse(stdout) as { interface: { statistics: unknown } }).interface.statistics;
    };
    assert.deepEqual(await show(), { messages: '42' });
    assert.deepEqual(asked, []);
    assert.deepEqual(await show('--live'), { messages_to_backend: '12' });
    assert.deepEqual(asked, [{ name: 'vhu1' }]);
  });
});
