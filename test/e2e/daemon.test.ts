import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { eventually, Peers } from '../peers/process.ts';
import { AGENT } from '../programs.ts';
import { ROOT } from '../root.ts';
import { TestAgent, vhostCompat } from './agents.ts';
import { hostLike, mockBackend } from './hosts.ts';

describe('starting and stopping the agent', function () {
  this.timeout(60_000);
  const peers = new Peers();
  after(() => peers.end());

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [AGENT, ...args], { encoding: 'utf8', timeout: 20_000 });

  interface Refused {
    readonly title: string;
    readonly args: readonly string[];
    /** What stands in a file that `--config` names. */
    readonly config?: object;
    readonly status: number;
    readonly want: RegExp;
  }
  const refused: Refused[] = [
    { title: 'an unknown flag', args: ['--rundir', '/x'], status: 2, want: /unknown option '--rundir'/ },
    {
      title: 'a group that the system does not have',
      args: ['--socket-group', 'roott'],
      status: 2,
      want: /--socket-group: saw "roott", which is no group in \/etc\/group; did you mean "root"\? \[VC-CONFIG\]/,
    },
    {
      title: 'a configuration that is not there',
      args: ['--config', '/nonexistent/agent.json'],
      status: 2,
      want: /agent\.json: ENOENT.*VC-CONFIG/,
    },
    {
      title: 'a system id with blanks',
      args: ['--system-id', 'two words', '--state-dir', '/tmp'],
      status: 2,
      want: /saw "two words"; wanted 1 to 128/,
    },
    {
      title: 'a group that no system has',
      args: ['--socket-group', '9999999999'],
      status: 2,
      want: /--socket-group: saw 9999999999; wanted a whole number from 0 to 4294967294 \[VC-CONFIG\]/,
    },
    {
      title: 'a probe interval that no timer counts',
      args: ['--db-inactivity-probe', '3000000000'],
      status: 2,
      want: /--db-inactivity-probe: saw 3000000000; wanted .* \[VC-CONFIG\]/,
    },
    {
      title: 'a declared mask that is none',
      args: [],
      config: { backend: { virtio_features: '0xzz' } },
      status: 2,
      want: /Cannot use \/.*agent\.json: key "backend\.virtio_features": .*"0xzz".* \[VC-CONFIG\]/,
    },
    {
      title: 'a run directory that cannot be made',
      args: ['--run-dir', '/dev/null/x', '--system-id', 'x'],
      status: 2,
      want: /^vhost-compatd: Cannot use the run directory \/dev\/null\/x: ENOTDIR.*; wanted a directory .*\[VC-CONFIG\]\n$/,
    },
    {
      title: 'the same when it is to keep an agent',
      args: ['--supervise', '--run-dir', '/dev/null/x'],
      status: 2,
      want: /^vhost-compatd: Cannot use the relay directory \/dev\/null\/x-relay: ENOTDIR.*; wanted a directory .*\[VC-CONFIG\]\n$/,
    },
    {
      title: 'a state directory that cannot be made',
      args: ['--state-dir', '/dev/null/x'],
      status: 2,
      want: /^vhost-compatd: Cannot keep the system id in the state directory \/dev\/null\/x: ENOTDIR.*\[VC-CONFIG\]\n$/,
    },
    {
      title: 'a probe where nobody listens',
      args: ['probe', 'connect:/nonexistent/be'],
      status: 4,
      want: /^vhost-compatd: Cannot probe \/nonexistent\/be: .* \[VC-BACKEND-CONNECT\]\n$/,
    },
    {
      title: 'the same for a program',
      args: ['probe', 'connect:/nonexistent/be', '--json'],
      status: 4,
      want: /^\{"code":"VC-BACKEND-CONNECT",.*\}\n$/,
    },
    {
      title: 'a probe where nobody can listen, for a program',
      args: ['probe', 'listen:/nonexistent/be', '--json'],
      status: 2,
      want: /^\{"code":"VC-ENDPOINT",.*\}\n$/,
    },
    {
      title: 'a probe of no endpoint for a program',
      args: ['probe', '/run/x', '--json'],
      status: 2,
      want: /^\{"code":"VC-ENDPOINT",.*\}\n$/,
    },
    {
      title: 'a probe of no endpoint',
      args: ['probe', '/run/x'],
      status: 2,
      want: /wanted listen:PATH or connect:PATH.*VC-ENDPOINT/,
    },
    {
      title: 'a mock of an unknown release',
      args: ['mock-backend', 'listen:/tmp/x', '--like', 'ovs-9.9'],
      status: 2,
      want: /ovs-9\.9.*VC-RELEASE-UNKNOWN/,
    },
    {
      title: 'a database server that is not there',
      args: ['--db', 'unix:/nonexistent/db.sock', '--state-dir', '/tmp/vc-none', '--run-dir', '/tmp/vc-none'],
      status: 4,
      want: /unix:\/nonexistent\/db\.sock/,
    },
  ];
  for (const { title, args, config, status, want } of refused) {
    it(`refuses ${title}`, () => {
      const file = config && join(peers.folder(), 'agent.json');
      if (file !== undefined) writeFileSync(file, JSON.stringify(config));
      const result = run(...args, ...(file === undefined ? [] : ['--config', file]));
      assert.match(result.stderr, want);
      assert.equal(result.status, status);
      assert.equal(result.stdout, '');
    });
  }

  it('makes sockets for the owner and the group only, and takes them away when it ends', async () => {
    const { agent } = await hostLike(peers, 'modes', 'ovs-3.1');
    const sockets = ['db.sock', 'api.sock', 'fe'].map((name) => agent.path(name));
    for (const socket of sockets) assert.equal((statSync(socket).mode & 0o777).toString(8), '660', socket);
    await agent.stop();
    assert.deepEqual(sockets.filter(existsSync), []);
  });

  it('leaves a second agent on the same folder outside, and the first one unhurt', async () => {
    const agent = await TestAgent.start(peers, 'first');
    const second = run('--run-dir', agent.dir, '--state-dir', agent.dir);
    assert.notEqual(second.status, 0);
    assert.match(second.stderr, /vhost-compatd: .*process \d+ is a relay process at work there.*VC-RELAY-DIR/);
    const third = run('--run-dir', `${agent.dir}-3`, '--state-dir', agent.dir);
    assert.notEqual(third.status, 0);
    assert.match(third.stderr, /vhost-compatd: .*conf\.db: another process has it open.*VC-DB-OPEN/);
    assert.equal((await agent.run('list-interfaces')).code, 0);
  });

  it('keeps what is good of the tables when one entry is bad, and says which and why', async () => {
    const tables = peers.folder();
    const good = {
      version: 'site.good',
      summary: 'good',
      virtio_features: ['VIRTIO_F_VERSION_1'],
      limits: {},
      tier: 'both-ways',
    };
    const bad = { ...good, version: 'site.bad', virtio_features: ['VIRTIO_F_VERSION_2'] };
    writeFileSync(
      join(tables, '50-site.json'),
      JSON.stringify({ format: 1, device_type: 'vhost-user-net', entries: [good, bad] }, undefined, 2),
    );
    const agent = await TestAgent.start(peers, 'tables', ['--tables', tables]);
    assert.match(agent.log, /error event=table-problem code=VC-TABLE .*50-site\.json.*site\.bad.*VIRTIO_F_VERSION_2/);
    const all = JSON.parse(await agent.must('list-versions', '--all', '--format', 'json')) as {
      versions: { version: string }[];
    };
    assert.deepEqual(
      all.versions.map((row) => row.version),
      ['site.good'],
    );
  });

  it('publishes what a declared back-end can do before any was measured', async () => {
    const folder = peers.folder();
    writeFileSync(join(folder, 'agent.json'), '{ "backend": { "like": "ovs-2.10" } }');
    const agent = await TestAgent.start(peers, 'declared', ['--config', join(folder, 'agent.json')]);
    const { versions } = JSON.parse(await agent.must('list-versions', '--format', 'json')) as {
      versions: { version: string }[];
    };
    assert.equal(versions[0]?.version, 'upstream.ovs-dpdk.v2.8');
    const described = JSON.parse(await agent.must('describe')) as { backend: { known_by: string } };
    assert.equal(described.backend.known_by, 'declared');
  });

  it('marks an interface whose row makes no sense, and serves the others', async () => {
    const agent = await TestAgent.start(peers, 'bad-rows');
    const client = new OvsdbClient(agent.db);
    await client.connect(5000);
    const row = (name: string, frontend: string) => ({
      op: 'insert',
      table: 'Interface',
      'uuid-name': name,
      row: { name, device_type: 'vhost-user-net', frontend, backend: `connect:${agent.path('be')}` },
    });
    const names = [
      ['named-uuid', 'nonsense'],
      ['named-uuid', 'taken'],
    ];
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.1');
    await agent.must(
      'add-interface',
      'good',
      '--backend',
      `connect:${agent.path('be')}`,
      '--frontend',
      `listen:${agent.path('fe')}`,
    );
    await client.transact('Vhost_Compat', [
      row('nonsense', 'over there'),
      row('taken', `listen:${agent.path('fe')}`),
      { op: 'mutate', table: 'Host', where: [], mutations: [['interfaces', 'insert', ['set', names]]] },
    ]);
    client.close();
    assert.equal((await agent.inState('nonsense', 'error')).error, 'VC-ENDPOINT');
    assert.equal((await agent.inState('taken', 'error')).error, 'VC-ENDPOINT-TAKEN');
    await agent.inState('good', 'waiting-frontend');
  });

  it('keeps an entry as it was published when the table file is changed under it', async () => {
    const tables = peers.folder();
    const write = (feature: string): void => {
      const entry = {
        version: 'site.v1',
        summary: 's',
        virtio_features: ['VIRTIO_F_VERSION_1', feature],
        limits: {},
        tier: 'both-ways',
      };
      writeFileSync(
        join(tables, '50-site.json'),
        JSON.stringify({ format: 1, device_type: 'vhost-user-net', entries: [entry] }),
      );
    };
    write('VIRTIO_NET_F_MTU');
    const agent = await TestAgent.start(peers, 'changed', ['--tables', tables]);
    const before = await agent
      .must('show-version', 'site.v1', '--format', 'json')
      .catch((error: Error) => error.message);
    await agent.stop();
    write('VIRTIO_NET_F_CSUM');
    await agent.start();
    await agent.peer.waitFor(/event=table-changed|table-changed/);
    const after = await agent
      .must('show-version', 'site.v1', '--format', 'json')
      .catch((error: Error) => error.message);
    assert.match(before, /VIRTIO_NET_F_MTU/);
    assert.equal(after, before);
  });

  it('removes what it no longer serves', async () => {
    const { agent } = await hostLike(peers, 'removal', 'ovs-3.1');
    await agent.must('del-interface', 'vhu0');
    await eventually('the socket gone', () => !existsSync(agent.path('fe')));
    const { versions } = JSON.parse(await agent.must('list-versions', '--format', 'json')) as {
      versions: { version: string }[];
    };
    assert.equal(versions[0]?.version, 'upstream.ovs-dpdk.v2.13', 'what was measured is remembered');
  });
});

describe('npm run quickstart', function () {
  this.timeout(60_000);

  it('tells the story, ends well and leaves nothing behind', () => {
    const here = () => readdirSync('/tmp').filter((name) => name.startsWith('vcq-'));
    const before = here();
    const result = spawnSync(process.execPath, [join(ROOT, 'dist', 'quickstart', 'main.js')], {
      encoding: 'utf8',
      timeout: 55_000,
    });
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /vhost-compat select .*\n\s+upstream\.ovs-dpdk\.v2\.13\n/);
    assert.match(result.stdout, /host-a: .*offered 0xd7c66a7ca/);
    assert.match(result.stdout, /host-b: .*offered 0xd7c66a7ca/);
    assert.deepEqual(here(), before);
  });
});

describe('vhost-compat without an agent', function () {
  this.timeout(30_000);

  it('exits 4 and names the remote', async () => {
    const { code, stderr } = await vhostCompat('--db', 'unix:/nonexistent/db.sock', 'list-versions');
    assert.equal(code, 4);
    assert.match(stderr, /unix:\/nonexistent\/db\.sock.*VC-DB-CONNECT/);
  });
});
