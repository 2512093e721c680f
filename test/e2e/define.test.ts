import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Peers } from '../peers/process.ts';
import { TestAgent, vhostCompat } from './agents.ts';
import { FrontendProcess } from './frontends.ts';
import { hostLike, mockBackend } from './hosts.ts';

interface Version {
  readonly version: string;
  readonly usable: boolean;
  readonly origin: string;
  readonly digest: string;
}

describe('versions that clients define', function () {
  this.timeout(60_000);
  const peers = new Peers();
  let plain: TestAgent;
  let tso: TestAgent;

  before(async () => {
    const hosts = [hostLike(peers, 'plain', 'ovs-3.1'), hostLike(peers, 'tso', 'ovs-3.1+tso')] as const;
    [{ agent: plain }, { agent: tso }] = await Promise.all(hosts);
  });
  after(() => peers.end());

  async function versionsOf(agent: TestAgent): Promise<readonly Version[]> {
    const text = await agent.must('list-versions', '--all', '--device-type', 'vhost-user-net', '--format', 'json');
    return (JSON.parse(text) as { versions: readonly Version[] }).versions;
  }

  async function find(agent: TestAgent, name: string): Promise<Version | undefined> {
    return (await versionsOf(agent)).find(({ version }) => version === name);
  }

  it('change nothing with --dry-run', async () => {
    const { code, stdout } = await vhostCompat(
      '--dry-run',
      'baseline',
      plain.db,
      tso.db,
      '--name',
      'site.hall2',
      '--define',
    );
    assert.equal(code, 0);
    assert.match(stdout, /^dry run: would define site\.hall2 on plain$/m);
    assert.equal(await find(plain, 'site.hall2'), undefined);
  });

  it('reach every agent, are usable on all, and come last', async () => {
    const { code, stdout, stderr } = await vhostCompat(
      'baseline',
      plain.db,
      tso.db,
      '--name',
      'site.hall2',
      '--define',
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^plain: defined \(usable\)\ntso: defined \(usable\)$/m);
    const [a, b] = [await find(plain, 'site.hall2'), await find(tso, 'site.hall2')];
    assert.deepEqual([a?.usable, a?.origin, a?.digest], [true, 'defined', b?.digest]);
    assert.equal((await versionsOf(plain)).at(-1)?.version, 'site.hall2');
    const again = await vhostCompat('baseline', plain.db, tso.db, '--name', 'site.hall2', '--define');
    assert.match(again.stdout, /^plain: already defined \(usable\)$/m);
  });

  it('are refused where the name means something else, and then nowhere defined', async () => {
    const { code, stderr } = await vhostCompat('baseline', plain.db, '--name', 'site.only', '--define');
    assert.equal(code, 0, stderr);
    const refused = await vhostCompat('baseline', tso.db, plain.db, '--name', 'site.only', '--define');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Cannot define site\.only on host plain.*\[VC-VERSION-EXISTS\]/);
    assert.equal(await find(tso, 'site.only'), undefined);
  });

  it('are offered exactly, and let a guest move both ways', async () => {
    for (const agent of [plain, tso]) {
      await agent.must('pin', 'vhu0', 'site.hall2');
      const frontend = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
      assert.equal(await frontend.offered(), 0xd7c6687can);
    }
    for (const [from, to] of [
      [plain, tso],
      [tso, plain],
    ] as const) {
      await from.inState('vhu0', 'negotiated');
      const { code, stdout } = await vhostCompat('check-move', '--from', from.db, 'vhu0', to.db);
      assert.equal(code, 0, stdout);
      assert.match(
        stdout,
        new RegExp(`^${to.name}: yes, site\\.hall2 \\(the same version\\) is pinned there already$`, 'm'),
      );
    }
  });

  it('outlive the agent, and go when they are taken back and nobody uses them', async () => {
    await plain.stop();
    await plain.start();
    assert.equal((await find(plain, 'site.hall2'))?.origin, 'defined');
    await plain.must('undefine-version', 'site.hall2');
    assert.ok(await find(plain, 'site.hall2'), 'an interface is pinned to it');
    await plain.must('undefine-version', 'site.only');
    assert.equal(await find(plain, 'site.only'), undefined);
    const { code, stderr } = await plain.run('undefine-version', 'site.only');
    assert.equal(code, 1);
    assert.match(stderr, /no client has defined it.*\[VC-VERSION-UNKNOWN\]/);
  });

  it('can be defined again while somebody still uses them, and then stay when nobody does', async () => {
    const base = ['baseline', tso.db, '--name', 'site.again', '--define'];
    await tso.must(...base);
    await tso.must('pin', 'vhu0', 'site.again');
    const { stderr } = await tso.run('undefine-version', 'site.again');
    assert.match(stderr, /site\.again is in use by vhu0 and stays published/);
    assert.match(await tso.must(...base), /^tso: defined \(usable\)$/m);
    await tso.must('unpin', 'vhu0');
    assert.equal((await find(tso, 'site.again'))?.origin, 'defined');
  });

  it('stay while they are the default of the host', async () => {
    await tso.must('baseline', tso.db, '--name', 'site.default', '--define');
    await tso.must('default-version', 'site.default', '--force');
    const { stderr } = await tso.run('undefine-version', 'site.default');
    assert.match(stderr, /site\.default is the default of the host and stays published/);
    assert.equal((await find(tso, 'site.default'))?.usable, true);
    assert.equal((await tso.show('vhu0')).next_start, 'site.default');
    await tso.must('default-version', 'newest', '--force');
    assert.equal(await find(tso, 'site.default'), undefined);
  });

  it('open a door that nobody could be let in through before', async () => {
    const tables = peers.folder();
    writeFileSync(join(tables, '10-ovs-dpdk.json'), '');
    writeFileSync(join(tables, '20-dpdk-vhost.json'), '');
    writeFileSync(join(tables, '90-ovs-dpdk-best-effort.json'), '');
    writeFileSync(join(tables, '95-passt.json'), '');
    const agent = await TestAgent.start(peers, 'bare', ['--tables', tables]);
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.1');
    const ends = ['--backend', `connect:${agent.path('be')}`, '--frontend', `listen:${agent.path('fe')}`];
    await agent.must('add-interface', 'vhu0', ...ends);
    assert.equal((await agent.inState('vhu0', 'refused')).error, 'VC-MODE-NONE');
    await agent.must('baseline', agent.db, '--name', 'site.first', '--define');
    assert.equal((await agent.inState('vhu0', 'waiting-frontend')).next_start, 'site.first');
  });
});
