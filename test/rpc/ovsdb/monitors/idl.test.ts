import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../../../rpc/ovsdb/client/ovsdb-client.ts';
import { needs, needsThat } from '../../../peers/needs.ts';
import { type Peer, Peers } from '../../../peers/process.ts';
import { ROOT } from '../../../root.ts';
import { OurServer, SCHEMA } from '../net/subjects.ts';

/** Debian's own, which finds python3-openvswitch wherever PATH leads. */
const PYTHON = '/usr/bin/python3';
const CLIENT = join(ROOT, 'test/rpc/ovsdb/monitors/idl-client.py');

function hasOvs(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import ovs.db.idl'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe("Python's ovs.db.idl with our server", function () {
  this.timeout(120_000);
  const peers = new Peers();
  let server: OurServer;
  let schema: string;

  before(async function () {
    needs(this, PYTHON, 'python3');
    needsThat(this, existsSync(PYTHON) && hasOvs(), 'ovs.db.idl', 'python3-openvswitch');
    server = new OurServer(peers);
    await server.start();
    schema = join(peers.folder(), 'net.ovsschema');
    writeFileSync(schema, JSON.stringify(SCHEMA));
  });
  after(() => peers.end());

  async function transact(...operations: Json[]): Promise<void> {
    const client = new OvsdbClient(server.remote);
    await client.connect(10_000);
    await client.transact('Net', operations);
    client.close();
  }
  const clear = { op: 'delete', table: 'Thing', where: [] };
  const insert = (name: string, number: number): Json => ({ op: 'insert', table: 'Thing', row: { name, number } });
  const change = (name: string, number: number): Json => ({
    op: 'update',
    table: 'Thing',
    where: [['name', '==', name]],
    row: { number },
  });

  function start(): { idl: Peer; says(pattern: RegExp): Promise<string> } {
    const idl = peers.start(PYTHON, ['-u', CLIENT, server.remote, schema]);
    let from = 0;
    return {
      idl,
      says: async (pattern) => {
        const match = await idl.waitFor(pattern, undefined, from);
        const before = idl.output.slice(from, from + match.index);
        from += match.index + match[0].length;
        return before;
      },
    };
  }

  it('inserts, updates and follows', async () => {
    await transact(clear, insert('one', 1));
    const { idl, says } = start();
    await says(/^rows one=1\/$/m);
    await transact(insert('two', 2), change('one', 10));
    await says(/^rows one=10\/ two=2\/$/m);
    idl.write('insert three 3\n');
    await says(/^transaction success\nrows one=10\/ three=3\/ab two=2\/$/m);
    idl.write('update three 33\n');
    await says(/^transaction success\nrows one=10\/ three=33\/ac two=2\/$/m);
    await transact({ op: 'delete', table: 'Thing', where: [['name', '==', 'one']] });
    await says(/^rows three=33\/ac two=2\/$/m);
    idl.write('quit\n');
    await idl.ended;
    assert.doesNotMatch(idl.output, /warn|error/i);
  });

  it('changes conditions', async () => {
    await transact(clear, insert('one', 1), insert('two', 2), insert('three', 3));
    const { idl, says } = start();
    await says(/^rows one=1\/ three=3\/ two=2\/$/m);
    idl.write('cond [["number", "==", 1], ["number", "==", 2]]\n');
    await says(/^rows one=1\/ two=2\/$/m);
    await transact(change('three', 2), change('one', 9));
    await says(/^rows three=2\/ two=2\/$/m);
    idl.write('cond []\n');
    await says(/^rows$/m);
    idl.write('cond [["name", "==", "one"]]\n');
    await says(/^rows one=9\/$/m);
    idl.write('quit\n');
    await idl.ended;
    assert.doesNotMatch(idl.output, /warn|error/i);
  });

  it('comes back after a restart of the server with no more than what it missed', async () => {
    await transact(clear, insert('one', 1));
    const { idl, says } = start();
    assert.match(await says(/^rows one=1\/$/m), /cleared/); // the first time it begins from nothing
    await transact(insert('two', 2));
    await says(/^rows one=1\/ two=2\/$/m);
    await server.stop();
    await server.start();
    await transact(change('one', 11), insert('three', 3), {
      op: 'delete',
      table: 'Thing',
      where: [['name', '==', 'two']],
    });
    assert.doesNotMatch(await says(/^rows one=11\/ three=3\/$/m), /cleared/);
    idl.write('insert four 4\n');
    assert.doesNotMatch(await says(/^rows four=4\/ab one=11\/ three=3\/$/m), /cleared/);
  });

  it('comes back in the same way with a condition', async () => {
    await transact(clear, insert('one', 1), insert('two', 2));
    const { idl, says } = start();
    await says(/^rows one=1\/ two=2\/$/m);
    idl.write('cond [["number", "<", 2]]\n');
    await says(/^rows one=1\/$/m);
    await transact(insert('zero', 0));
    await says(/^rows one=1\/ zero=0\/$/m);
    await server.stop();
    await server.start();
    await transact(change('one', 7), change('two', 1), change('zero', -1));
    assert.doesNotMatch(await says(/^rows two=1\/ zero=-1\/$/m), /cleared/);
    idl.write('quit\n');
    await idl.ended;
  });
});
