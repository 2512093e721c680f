import assert from 'node:assert/strict';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../../../rpc/ovsdb/client/ovsdb-client.ts';
import { needs } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';
import { OurServer } from '../net/subjects.ts';

/** The lines of a table that ovsdb-client prints, without rules and UUIDs. Of update2 it shows what is there, and no defaults. */
const cells = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('---'))
    .map((line) =>
      line
        .replace(/[0-9a-f-]{36}/g, '<uuid>')
        .trim()
        .replace(/ +/g, ' '),
    )
    .filter((line) => /\w/.test(line));

describe('ovsdb-client with our server', function () {
  this.timeout(60_000);
  const peers = new Peers();
  let server: OurServer;
  let client: OvsdbClient;

  before(async function () {
    needs(this, 'ovsdb-client', 'openvswitch-common');
    server = new OurServer(peers);
    await server.start();
    client = new OvsdbClient(server.remote);
    peers.defer(() => client.close());
    await client.connect(10_000);
    const insert = (name: string, number: number): Json => ({ op: 'insert', table: 'Thing', row: { name, number } });
    await client.transact('Net', [insert('one', 1), insert('two', 2)]);
  });
  after(() => peers.end());

  const monitors = [
    {
      title: 'monitor-cond',
      args: ['monitor-cond', 'Net', '[["number","<",2]]', 'Thing', 'name,tags'],
      initial: ['row action name tags', '<uuid> initial one'],
    },
    {
      title: 'monitor-cond-since',
      args: [
        'monitor-cond-since',
        'Net',
        '00000000-0000-0000-0000-000000000000',
        '[["number","<",2]]',
        'Thing',
        'name,tags',
      ],
      initial: ['row action name tags', '<uuid> initial one'],
    },
  ];
  for (const { title, args, initial } of monitors) {
    it(title, async () => {
      const [command = '', ...rest] = args;
      const peer = peers.start('ovsdb-client', ['--timeout=60', command, server.remote, ...rest]);
      await peer.waitFor(/initial one/);
      const shown = cells(peer.output).filter((line) => !/^found: |^last_id: /.test(line));
      assert.deepEqual(shown, initial);
      const since = peer.output.length;
      const one = (row: JsonObject): Json => ({ op: 'update', table: 'Thing', where: [['name', '==', 'one']], row });
      await client.transact('Net', [one({ tags: ['set', ['a', 'b']] })]);
      await peer.waitFor(/\ba, b\b/, undefined, since);
      await client.transact('Net', [one({ number: 5 })]);
      await peer.waitFor(/\bdelete\b/, undefined, since);
      await client.transact('Net', [one({ number: 1, tags: ['set', []] })]);
      await peer.waitFor(/\binsert\b/, undefined, since);
      const actions = cells(peer.output.slice(since)).filter((line) => line.startsWith('<uuid>'));
      assert.deepEqual(
        actions.map((line) => line.split(' ')[1]),
        ['modify', 'delete', 'insert'],
      );
    });
  }
});
