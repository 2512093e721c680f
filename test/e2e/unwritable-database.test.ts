import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../rpc/json/json-value.ts';
import { OvsdbTransactionError } from '../../rpc/ovsdb/client/client-errors.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { Database } from '../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../rpc/ovsdb/notation/schema.ts';
import { loadSchemaText } from '../../rpc/state/schema-file.ts';
import { Peers } from '../peers/process.ts';
import { AGENT } from '../programs.ts';
import { TestAgent } from './agents.ts';
import { FrontendProcess } from './frontends.ts';
import { addPort, mockBackend } from './hosts.ts';
import { SERVING, SupervisedAgent } from './supervised.ts';

const PINNED = 'upstream.ovs-dpdk.v2.8';

/** Something that keeps the agent from writing its database, or from reading it. */
interface Harm {
  readonly title: string;
  readonly needsRoot?: boolean;
  /** Clients are served what the file holds. */
  readonly isRead: boolean;
  readonly says: RegExp;
  /** Options of the agent; its database is `db/conf.db` in its folder. */
  readonly args?: (folder: string) => readonly string[];
  /** Before the first start. */
  prepare?(folder: string): void;
  do(file: string): void;
  /** Takes it back. `good`: a copy of the file from before. */
  mend(file: string, good: string): void;
}

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** A file of the release after this one: its schema has a column more. */
function convertToNewer(file: string): void {
  const schema = JSON.parse(loadSchemaText()) as { version: string; tables: { Host: { columns: object } } };
  schema.version = '1.99.0';
  schema.tables.Host.columns = { ...schema.tables.Host.columns, novelty: { type: 'string' } };
  Database.open({ file, schema: DatabaseSchema.fromJson(schema as unknown as Json) }).close();
}

const filler = (file: string) => join(file, '..', 'filler');
const HARMS: readonly Harm[] = [
  {
    title: 'of a later release',
    isRead: true,
    says: /newer database Vhost_Compat 1\.99\.0/,
    do: convertToNewer,
    mend: (file, good) => copyFileSync(good, file),
  },
  {
    title: 'of a later release that keeps its interfaces elsewhere',
    isRead: false,
    says: /newer database Vhost_Compat 2\.0\.0/,
    do: (file) => {
      const schema = JSON.parse(loadSchemaText()) as { version: string; tables: { Interface: { columns: object } } };
      schema.version = '2.0.0';
      const { frontend: _, ...rest } = schema.tables.Interface.columns as Record<string, object>;
      schema.tables.Interface.columns = { ...rest, front: { type: 'string' } };
      Database.open({ file, schema: DatabaseSchema.fromJson(schema as unknown as Json) }).close();
    },
    mend: (file, good) => copyFileSync(good, file),
  },
  {
    title: 'cut off in the middle',
    isRead: false,
    says: /it is damaged/,
    do: (file) => truncateSync(file, statSync(file).size >> 1),
    mend: (file, good) => copyFileSync(good, file),
  },
  {
    title: 'overwritten by something else',
    isRead: false,
    says: /not a database/,
    do: (file) => writeFileSync(file, 'x'.repeat(20_000)),
    mend: (file, good) => copyFileSync(good, file),
  },
  {
    title: 'on a file system that is mounted read-only',
    needsRoot: true,
    isRead: true,
    says: /EROFS|read-?only/i,
    prepare: (folder) => mount('-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder),
    do: (file) => mount('-o', 'remount,ro', join(file, '..')),
    mend: (file) => mount('-o', 'remount,rw', join(file, '..')),
  },
  {
    title: 'on a file system without room',
    needsRoot: true,
    isRead: true,
    says: /disk/,
    prepare: (folder) => mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder),
    do: (file) => void spawnSync('dd', ['if=/dev/zero', `of=${filler(file)}`, 'bs=4096', 'count=1000']),
    mend: (file) => truncateSync(filler(file), 0),
  },
  {
    title: 'on a file system with room for a page or two',
    needsRoot: true,
    isRead: true,
    says: /disk/,
    prepare: (folder) => mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder),
    do: (file) => {
      spawnSync('dd', ['if=/dev/zero', `of=${filler(file)}`, 'bs=4096', 'count=1000']);
      // what SQLite needs to open the file, and a little
      truncateSync(filler(file), statSync(filler(file)).size - (44 << 10));
    },
    mend: (file) => truncateSync(filler(file), 0),
  },
  {
    title: 'that the user of the agent may not open',
    needsRoot: true,
    isRead: false,
    says: /EACCES|permission denied/,
    args: () => ['--user', 'nobody'],
    prepare: (folder) => chmodSync(folder, 0o777),
    do: (file) => {
      spawnSync('chown', ['root', file]);
      chmodSync(file, 0o600);
    },
    mend: (file) => void spawnSync('chown', ['nobody', file]),
  },
];

describe('an agent with a database file', function () {
  this.timeout(120_000);
  const peers = new Peers();
  after(() => peers.end());

  const checkState = (file: string, ...args: string[]) =>
    spawnSync(process.execPath, [AGENT, '--check-state', '--database', file, ...args], { encoding: 'utf8' });

  for (const [number, { title, needsRoot = false, isRead, says, args, prepare, ...harm }] of HARMS.entries()) {
    it(`${title} serves guests by what was ordered last, says so, and goes on when it is mended`, async function () {
      if (needsRoot && process.getuid?.() !== 0) return this.skip(); // only root mounts, and is somebody else
      const name = `h${number}`;
      const folder = join(peers.folder(), 'db');
      mkdirSync(folder);
      for (const dir of [join(folder, '..'), join(folder, '..', '..')]) chmodSync(dir, 0o755);
      prepare?.(folder);
      peers.defer(() => void spawnSync('umount', ['-l', folder]));
      const file = join(folder, 'conf.db');
      const agent = new TestAgent(peers, name, ['--database', file, ...(args?.(folder) ?? [])]);
      chmodSync(join(agent.dir, '..'), 0o755);
      chmodSync(agent.dir, 0o777 | 0o1000);
      await agent.start();
      const backend = await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
      await addPort(agent, '--version', PINNED);
      const offered = await new FrontendProcess(peers, `connect:${agent.path('fe')}`).offered();
      await agent.stop();
      const good = agent.path('good.db');
      copyFileSync(file, good);
      assert.equal(checkState(file, '--run-dir', agent.dir).status, 0);

      harm.do(file);
      const before = readFileSync(file);
      const checked = checkState(file, '--run-dir', agent.dir, ...(args?.(folder) ?? []));
      assert.match(checked.stderr, /VC-DB-UNWRITABLE/);
      assert.equal(checked.status, 1);
      await agent.start();
      assert.match(agent.log, says);
      const code = isRead ? 'VC-DB-UNWRITABLE' : 'VC-DB-UNREADABLE';
      assert.match(agent.log, new RegExp(`event=database-unwritable code=${code}`));
      // a new front-end process of a known interface
      const guest = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
      assert.equal(await guest.offered(), offered);
      assert.match(await agent.must('show'), new RegExp(code));
      const { interfaces } = JSON.parse(await agent.must('list-interfaces', '--format', 'json')) as {
        interfaces: { name: string }[];
      };
      assert.deepEqual(
        interfaces.map((one) => one.name),
        isRead ? ['vhu0'] : [],
      );
      if (isRead) assert.equal((await agent.inState('vhu0', 'negotiated')).in_force, PINNED);
      const refused = await agent.run('pin', 'vhu0', 'upstream.ovs-dpdk.v2.13');
      assert.match(refused.stderr, new RegExp(code));
      assert.equal(refused.code, 1);
      const client = new OvsdbClient(agent.db);
      await client.connect(10_000);
      const write = { op: 'insert', table: 'Host', row: { system_id: 'another' } };
      await assert.rejects(client.transact('Vhost_Compat', [write]), (error: unknown) => {
        assert.ok(error instanceof OvsdbTransactionError, String(error));
        assert.equal(error.error, 'not allowed');
        assert.match(error.details ?? '', /VC-DB-UNWRITABLE/);
        return true;
      });
      client.close();
      assert.deepEqual(readFileSync(file), before, 'the file is as it was');

      const { connections } = backend;
      harm.mend(file, good);
      await agent.peer.waitFor(/event=database-writable/);
      const connected = await agent.inState('vhu0', 'negotiated');
      assert.equal(connected.in_force, PINNED);
      assert.equal(backend.connections, connections, 'the port went on');
      assert.equal(await guest.reconnect(), offered, 'its mode is sticky');
      assert.doesNotMatch(agent.log, /VC-ROW-CHANGED/, 'nobody is said to have done it');
      const evil = new OvsdbClient(agent.db);
      await evil.connect(10_000);
      await evil.transact('Vhost_Compat', [{ op: 'update', table: 'Host', where: [], row: { agent_version: 'evil' } }]);
      evil.close();
      await agent.peer.waitFor(/VC-ROW-CHANGED.*agent_version=evil/);
      await agent.must('pin', 'vhu0', 'upstream.ovs-dpdk.v2.13');
      assert.doesNotMatch(await agent.must('show'), /VC-DB/);
      await agent.stop();
      assert.equal(checkState(file, '--run-dir', agent.dir).status, 0);
    });
  }

  it('that cannot be read keeps nobody from being served after a restart of everything under --supervise', async () => {
    const agent = await SupervisedAgent.start(peers, 'supervised');
    const backend = await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
    await addPort(agent, '--version', PINNED);
    const guest = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
    const offered = await guest.offered();
    await agent.inState('vhu0', 'negotiated');
    // while the guest runs: it is kept, and notices nothing
    const file = agent.path('conf.db');
    await agent.killManager();
    const since = agent.log.length;
    const pid = agent.managerPid() ?? 0;
    process.kill(pid, 'SIGSTOP');
    // its log alone would bring everything back
    rmSync(`${file}-wal`);
    writeFileSync(file, 'x'.repeat(20_000));
    process.kill(pid, 'SIGKILL');
    await agent.peer.waitFor(/event=database-unwritable code=VC-DB-UNREADABLE/, undefined, since);
    await agent.peer.waitFor(SERVING, undefined, since);
    await agent.killAgent();
    assert.equal(backend.connections, 1);
    assert.equal(await guest.reconnect(), offered);
    await agent.stop();
    await agent.start();
    assert.equal(await new FrontendProcess(peers, `connect:${agent.path('fe')}`).offered(), offered);
    assert.match(await agent.must('show'), /VC-DB-UNREADABLE/);
  });
});
