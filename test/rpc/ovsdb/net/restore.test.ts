import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { DEFAULT_SERVER_LIMITS, STANDALONE_SERVER_LIMITS } from '../../../../rpc/ovsdb/server/server-limits.ts';
import { needs } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';
import { OurServer, RawClient } from './subjects.ts';

/** More than ever was one transaction of another tool: `ovsdb-client restore` sends a whole database at once. */
const ROWS = 120_000;

describe('a database of 120000 rows', function () {
  this.timeout(300_000);
  const peers = new Peers();
  after(() => peers.end());

  const count: Json = { op: 'mutate', table: 'Thing', where: [], mutations: [] };

  function row(i: number): Json {
    const note = 'the quick brown fox jumps over the lazy dog '.repeat(2);
    return { name: `thing-${i}`, number: i, tags: ['set', [`a${i % 7}`, `b${i % 5}`]], note };
  }

  const client = (server: OurServer): Promise<RawClient> => RawClient.open(server.path, peers);

  /** Runs ovsdb-client with files as its input and output. */
  async function run(server: OurServer, command: string, { input, output }: { input?: string; output?: string }) {
    const stdin = input === undefined ? 'ignore' : openSync(input, 'r');
    const stdout = output === undefined ? 'ignore' : openSync(output, 'w');
    const child = spawn('ovsdb-client', [command, server.remote, 'Net'], { stdio: [stdin, stdout, 'pipe'] });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const status = await new Promise((resolve) => child.once('close', resolve));
    for (const file of [stdin, stdout]) if (typeof file === 'number') closeSync(file);
    assert.equal(status, 0, said);
  }

  it('is restored by ovsdb-client from its backup, and a monitor that reads hears of all rows', async function () {
    needs(this, 'ovsdb-client', 'openvswitch-common');
    const server = new OurServer(peers, { limits: STANDALONE_SERVER_LIMITS });
    await server.start();
    const [one, watcher] = [await client(server), await client(server)];
    for (let from = 0; from < ROWS; from += 10_000) {
      const inserts = Array.from(
        { length: 10_000 },
        (_, i): Json => ({ op: 'insert', table: 'Thing', row: row(from + i) }),
      );
      await one.ask('transact', 'Net', ...inserts);
    }
    const backup = join(peers.folder(), 'backup');
    await run(server, 'backup', { output: backup });
    assert.ok(readFileSync(backup).length > DEFAULT_SERVER_LIMITS.messageBytes);
    await watcher.ask('monitor', 'Net', 'm', { Thing: { columns: ['number'], select: { initial: false } } });
    const removal: Json = { op: 'delete', table: 'Thing', where: [['number', '>=', 1000]] };
    assert.deepEqual(await one.ask('transact', 'Net', removal), {
      id: 'ask',
      result: [{ count: ROWS - 1000 }],
      error: null,
    });
    await run(server, 'restore', { input: backup });
    assert.deepEqual(await one.ask('transact', 'Net', count), { id: 'ask', result: [{ count: ROWS }], error: null });
    const { id } = (await watcher.ask('echo')) as { id: Json };
    assert.equal(id ?? 'ask', 'ask');
    const rows = watcher.messages
      .flatMap((message) => (message as { params?: [Json, { Thing: object }] }).params ?? [])
      .flatMap((update) => (update === 'm' ? [] : [Object.keys((update as { Thing: object }).Thing).length]));
    assert.deepEqual(rows, [ROWS - 1000, ROWS + 1000]);
    assert.deepEqual(
      server.events.filter(({ level }) => level !== 'info'),
      [],
    );
  });
});
