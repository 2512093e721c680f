import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../../../rpc/ovsdb/client/ovsdb-client.ts';
import { Gate } from '../../../peers/gate.ts';
import { needs, needsThat } from '../../../peers/needs.ts';
import { unpackedPackage } from '../../../peers/other-debian.ts';
import { eventually, type Peer, Peers } from '../../../peers/process.ts';
import { ROOT } from '../../../root.ts';
import { OurServer, SCHEMA } from '../net/subjects.ts';

/** Debian's own, which finds python3-openvswitch wherever PATH leads. */
const PYTHON = '/usr/bin/python3';
const CLIENT = join(ROOT, 'test/rpc/ovsdb/monitors/idl-replica.py');

/** Debian 12's forgets the transaction that an answer to `monitor_cond_since` brings it to; later ones do not. */
const IDLS: { title: string; followsConversion: boolean; path(context: Context, peers: Peers): Promise<string> }[] = [
  // says that it is change-aware, and ignores `monitor_canceled`
  { title: 'Debian 12, 3.1', followsConversion: false, path: async () => '' },
  {
    title: 'Debian 13, 3.5',
    followsConversion: true,
    path: async (context, peers) =>
      join(await unpackedPackage(context, peers, 'python3-openvswitch', '3.5'), 'usr/lib/python3/dist-packages'),
  },
];

type Shown = Record<string, [number, string[], Record<string, number>]>;

const insert = (name: string, tags: string[], sizes: [string, number][]): Json => ({
  op: 'insert',
  table: 'Thing',
  row: { name, tags: ['set', tags], sizes: ['map', sizes] },
});
const toggle = (name: string, tags: string[], sizes: [string, number][]): Json => ({
  op: 'update',
  table: 'Thing',
  where: [['name', '==', name]],
  row: { tags: ['set', tags], sizes: ['map', sizes] },
});

for (const { title, followsConversion, path } of IDLS) {
  describe(`what Python's IDL of ${title} shows after it was away`, function () {
    this.timeout(180_000);
    const peers = new Peers();
    let server: OurServer;
    let gate: Gate;
    let pythonPath: string;
    let schema: string;

    before(async function () {
      needs(this, PYTHON, 'python3');
      pythonPath = await path(this, peers);
      needsThat(this, hasOvs(pythonPath), 'ovs.db.idl', 'python3-openvswitch');
      schema = join(peers.folder(), 'net.ovsschema');
      writeFileSync(schema, JSON.stringify(SCHEMA));
    });
    beforeEach(async () => {
      server = new OurServer(peers);
      await server.start();
      gate = await Gate.to(server.path, peers);
    });
    after(() => peers.end());

    async function transact(...operations: Json[]): Promise<void> {
      const client = new OvsdbClient(server.remote);
      await client.connect(10_000);
      const results = await client.transact('Net', operations);
      assert.equal(results.length, operations.length);
      client.close();
    }

    async function restart(): Promise<void> {
      await server.stop();
      await server.start();
    }

    function start(): Peer {
      return peers.start(PYTHON, ['-u', CLIENT, `unix:${gate.path}`, schema], { env: { PYTHONPATH: pythonPath } });
    }

    /** Waits until the IDL shows this. */
    async function shows(idl: Peer, wanted: Shown): Promise<void> {
      try {
        await eventually('the rows', () => same(shown(idl.output), wanted), 20_000);
      } catch {
        assert.deepEqual(shown(idl.output), wanted, idl.tail());
      }
    }

    /** The connection ends, `meanwhile` happens, and the IDL has the answer to its next request for a monitor. */
    async function away(idl: Peer, meanwhile: () => Promise<void>): Promise<void> {
      gate.shut();
      await meanwhile();
      const from = idl.output.length;
      gate.open();
      await idl.waitFor(/^monitoring$/m, undefined, from);
    }

    const BEFORE: Shown = { a: [0, ['x', 'y'], { k: 1, l: 2 }], b: [0, [], {}] };
    const AFTER: Shown = { a: [0, ['y', 'z'], { k: 3, m: 4 }], c: [0, ['c'], { c: 1 }] };
    const begin = (): Promise<void> =>
      transact(
        insert(
          'a',
          ['x', 'y'],
          [
            ['k', 1],
            ['l', 2],
          ],
        ),
        insert('b', [], []),
      );
    const change = (): Promise<void> =>
      transact(
        toggle(
          'a',
          ['y', 'z'],
          [
            ['k', 3],
            ['m', 4],
          ],
        ),
        { op: 'delete', table: 'Thing', where: [['name', '==', 'b']] },
        insert('c', ['c'], [['c', 1]]),
      );

    /** From its first update on, every IDL knows a transaction that it can ask for. */
    async function learns(idl: Peer): Promise<void> {
      await transact(toggle('b', ['q'], []));
      await shows(idl, { ...BEFORE, b: [0, ['q'], {}] });
      await transact(toggle('b', [], []));
      await shows(idl, BEFORE);
    }

    for (const { how, meanwhile } of [
      { how: 'reconnects', meanwhile: async () => undefined },
      { how: 'restarts of the server', meanwhile: restart },
    ]) {
      it(`three ${how}, the first with changes: sets and maps as they are`, async () => {
        await begin();
        const idl = start();
        await shows(idl, BEFORE);
        await learns(idl);
        await away(idl, async () => {
          await meanwhile();
          await change();
        });
        await shows(idl, AFTER);
        await away(idl, async () => await meanwhile());
        assert.deepEqual(shown(idl.output), AFTER);
        await away(idl, async () => await meanwhile());
        assert.deepEqual(shown(idl.output), AFTER);
        await transact({ op: 'update', table: 'Thing', where: [['name', '==', 'a']], row: { number: 5 } });
        await shows(idl, { ...AFTER, a: [5, ['y', 'z'], { k: 3, m: 4 }] });
        await idl.stop();
      });
    }

    if (followsConversion) {
      it('a conversion of the database: its rows, and what happens to them later', async () => {
        await begin();
        const idl = start();
        await shows(idl, BEFORE);
        const client = new OvsdbClient(server.remote);
        await client.connect(10_000);
        await client.call('convert', ['Net', { ...(SCHEMA as JsonObject), version: '1.1.0' }]);
        client.close();
        await change();
        await shows(idl, AFTER);
        await idl.stop();
      });
    }

    it('with a condition, and changes at each time', async () => {
      await begin();
      const idl = start();
      idl.write('[["number", "<", 3]]\n');
      await shows(idl, BEFORE);
      await learns(idl);
      for (const round of [1, 2, 3]) {
        await away(idl, async () => {
          if (round === 2) await restart();
          await transact(toggle('a', ['x', `t${round}`], [['k', round]]), {
            op: 'update',
            table: 'Thing',
            where: [['name', '==', 'b']],
            row: { number: round % 2 === 0 ? 0 : 7 },
          });
        });
        const b: Shown = round % 2 === 0 ? { b: [0, [], {}] } : {};
        const wanted: Shown = { a: [0, [`t${round}`, 'x'].sort(), { k: round }], ...b };
        await shows(idl, wanted);
        await away(idl, async () => undefined);
        assert.deepEqual(shown(idl.output), wanted);
      }
      await idl.stop();
    });
  });
}

function hasOvs(pythonPath: string): boolean {
  try {
    const env = { ...process.env, PYTHONPATH: pythonPath };
    execFileSync(PYTHON, ['-c', 'import ovs.db.idl'], { stdio: 'ignore', env });
    return true;
  } catch {
    return false;
  }
}

/** The rows that an IDL has shown last. */
function shown(output: string): Shown {
  const line = output
    .split('\n')
    .slice(0, -1)
    .findLast((one) => one.startsWith('rows '));
  return JSON.parse(line?.slice('rows '.length) ?? '{}') as Shown;
}

function same(a: Shown, b: Shown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}
