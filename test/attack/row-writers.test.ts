import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { MockBackend } from '../../agent/mock/mock-backend.ts';
import { digestOf } from '../../compat-tables/entries/digest.ts';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { entryFile } from '../../compat-tables/entries/entry-file.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { encodeVersion } from '../../rpc/state/encode-rows.ts';
import { entryOf, type VersionRow } from '../../rpc/state/read-rows.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import { State } from '../../rpc/state/state.ts';
import { type CommandResult, type ShownInterface, TestAgent, vhostCompat } from '../e2e/agents.ts';
import { FrontendProcess } from '../e2e/frontends.ts';
import { mockBackend } from '../e2e/hosts.ts';
import { eventually, Peers, run } from '../peers/process.ts';
import { ENGINES, type Engine } from '../rpc/state/engines.ts';

const V26 = 'upstream.ovs-dpdk.v2.6';
const V213 = 'upstream.ovs-dpdk.v2.13';
/** Offers less than any version of Open vSwitch, and every back-end can honour it. */
const LEAST = 0x1_4000_0000n;

interface Told {
  readonly kind: string;
  readonly code?: string;
  readonly interface?: string;
  readonly text: string;
  readonly details: Readonly<Record<string, string>>;
}

/** An agent whose rows stand in its own database or in that of an `ovsdb-server`. */
class AttackedAgent extends TestAgent {
  readonly remote: string;

  constructor(peers: Peers, name: string, remote: string | undefined) {
    super(peers, name, remote === undefined ? [] : ['--db', remote]);
    this.remote = remote ?? this.db;
  }

  override async run(...args: string[]): Promise<CommandResult> {
    return await vhostCompat('--db', this.remote, '--host', this.name, ...args);
  }
}

/** A host with one guest, pinned to V26, and a client of its database that may write. */
class Ground {
  readonly peers = new Peers();
  readonly engine: Engine;
  agent!: AttackedAgent;
  state!: State;
  backend!: MockBackend;
  guest!: FrontendProcess;
  /** What the guest was offered at first. */
  offered = 0n;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  get isOurs(): boolean {
    return this.engine.name === 'our server';
  }

  async open(name: string): Promise<void> {
    const remote = this.isOurs ? undefined : await this.engine.start(this.peers);
    this.agent = new AttackedAgent(this.peers, name, remote);
    await this.agent.start();
    this.state = await State.connect(this.agent.remote, { systemId: name, events: true });
    this.peers.defer(() => this.state.close());
    this.backend = await mockBackend(this.peers, `listen:${this.agent.path('be')}`, 'ovs-3.1');
    await this.agent.must('add-interface', 'vhu0', ...this.ends, V26);
    await this.agent.inState('vhu0', 'waiting-frontend');
    this.guest = new FrontendProcess(this.peers, `connect:${this.agent.path('fe')}`);
    this.offered = await this.guest.offered();
    await this.agent.inState('vhu0', 'negotiated');
  }

  get ends(): string[] {
    const [backend, frontend] = [`connect:${this.agent.path('be')}`, `listen:${this.agent.path('fe')}`];
    return ['--backend', backend, '--frontend', frontend, '--version'];
  }

  /** What the attacker sends, with the stock client. */
  async transact(...operations: Json[]): Promise<void> {
    const answer = await run('ovsdb-client', [
      'transact',
      this.agent.remote,
      JSON.stringify([DATABASE, ...operations]),
    ]);
    assert.doesNotMatch(answer, /"error"/);
  }

  async update(table: string, uuid: string, row: Readonly<Record<string, Json>>): Promise<void> {
    await this.transact({ op: 'update', table, where: [['_uuid', '==', ['uuid', uuid]]], row: { ...row } });
  }

  version(name: string): VersionRow {
    return this.state.versions().find(({ version }) => version === name) ?? assert.fail(`${name} is not published`);
  }

  /** What the version was before the attack: the same again, and the attacker is named. */
  async versionsAre(before: readonly VersionRow[], what: string): Promise<void> {
    const content = (rows: readonly VersionRow[]) => JSON.stringify(rows.map(({ uuid, ...row }) => plain(row)));
    await eventually(`${what} put right`, () => content(this.state.versions()) === content(before));
  }

  /** Waits for an event that tells of an attack, and whose doing it was. */
  async told(what: RegExp, code = 'VC-ROW-CHANGED'): Promise<Told> {
    const event = await eventually(`an event about ${what}`, () =>
      (this.state.events() as unknown as Told[]).find((one) => one.code === code && what.test(one.text)),
    );
    this.namesAttacker(event);
    return event;
  }

  namesAttacker({ text, details }: Pick<Told, 'text' | 'details'>): void {
    const by = details instanceof Map ? String(details.get('by')) : String(details['by']);
    const user = process.getuid?.();
    const wanted = this.isOurs ? new RegExp(`^process \\d+ \\(ovsdb-client\\) of user ${user}$`) : /does not say who$/;
    assert.match(by, wanted, text);
  }

  async shown(): Promise<ShownInterface> {
    return await this.agent.show('vhu0');
  }

  /** The guest comes again, and its mode is the one that it had. */
  async guestHasItsMode(): Promise<void> {
    assert.equal(await this.guest.reconnect(), this.offered);
  }
}

function plain(value: object): object {
  return JSON.parse(
    JSON.stringify(value, (_key, one: unknown) =>
      typeof one === 'bigint' ? `0x${one.toString(16)}` : one instanceof Map ? [...one] : one,
    ),
  ) as object;
}

/** A row as its attacker writes it: the digest fits what stands beside it. */
function forged(row: VersionRow, change: Partial<Entry>): Record<string, Json> {
  const entry = { ...entryOf(row), ...change };
  return { ...encodeVersion({ ...entry, digest: digestOf(entry) }, [], row.preference) };
}

for (const engine of ENGINES) {
  describe(`harms that a writer of the database tries, in ${engine.name}`, function () {
    this.timeout(120_000);
    const ground = new Ground(engine);
    before(async function () {
      engine.check(this);
      await ground.open('attacked');
    });
    after(() => ground.peers.end());
    const vhu0 = () => ground.state.interface('vhu0');

    it('1: a shipped version with another mask and the digest that fits it', async () => {
      const before = ground.state.versions();
      await ground.update(
        'Compat_Version',
        ground.version(V26).uuid,
        forged(ground.version(V26), { virtioFeatures: LEAST }),
      );
      await ground.versionsAre(before, 'the version');
      await ground.told(/v2\.6 with .*virtio_features "0x140000000"/);
      await ground.guestHasItsMode();
      const another = new FrontendProcess(ground.peers, `connect:${ground.agent.path('fe')}`);
      await ground.guest.end();
      assert.equal(await another.offered(), ground.offered);
      ground.guest = another;
      await ground.agent.inState('vhu0', 'negotiated');
    });

    it('2: a shipped version with other limits and the digest that fits them', async () => {
      const before = ground.state.versions();
      const { uuid } = ground.version(V213);
      await ground.update('Compat_Version', uuid, forged(ground.version(V213), { limits: { queue_pairs: 1 } }));
      await ground.versionsAre(before, 'the limits');
      await ground.told(/v2\.13 with .*limits .*"queue_pairs",1\]/);
    });

    it('3: a published version is taken away', async () => {
      const before = ground.state.versions();
      const mutations: Json = [['versions', 'delete', ['uuid', ground.version(V26).uuid]]];
      await ground.transact({ op: 'mutate', table: 'Host', where: [['system_id', '==', 'attacked']], mutations });
      await ground.versionsAre(before, 'the version');
      await ground.told(/no longer held the row of upstream\.ovs-dpdk\.v2\.6/);
    });

    it('4: a version that no table has, usable and most preferred', async () => {
      const before = ground.state.versions();
      const row = forged(ground.version(V26), { version: 'evil.v1', virtioFeatures: LEAST });
      await ground.transact(
        { op: 'insert', table: 'Compat_Version', 'uuid-name': 'evil', row: { ...row, preference: -1, usable: true } },
        insertVersion('evil'),
      );
      await ground.told(/"evil\.v1" that this host did not publish/);
      await ground.versionsAre(before, 'what is published');
    });

    it('5: a second row of a published version, with another mask', async () => {
      const before = ground.state.versions();
      const row = { ...forged(ground.version(V213), { virtioFeatures: LEAST }), preference: -1 };
      await ground.transact({ op: 'insert', table: 'Compat_Version', 'uuid-name': 'evil', row }, insertVersion('evil'));
      await ground.versionsAre(before, 'what is published');
    });

    it('6: a version that the back-end cannot honour is said to be usable', async () => {
      const before = ground.state.versions();
      const row = before.find(({ usable }) => !usable) ?? assert.fail();
      await ground.update('Compat_Version', row.uuid, { usable: true, blockers: ['set', []] });
      await ground.versionsAre(before, 'its blockers');
      await ground.told(new RegExp(`${row.version.replaceAll(/[.+]/g, '\\$&')} with .*usable true`));
    });

    it('7: a usable version is said not to be, and others to be preferred', async () => {
      const before = ground.state.versions();
      await ground.update('Compat_Version', ground.version(V26).uuid, { usable: false, preference: 99 });
      await ground.versionsAre(before, 'usable');
      await ground.told(/v2\.6 with .*usable false/);
    });

    it('8: digest and names of features alone', async () => {
      const before = ground.state.versions();
      const row = { digest: 'nonsense', feature_names: ['set', ['VIRTIO_NET_F_EVIL']], summary: 'evil' };
      await ground.update('Compat_Version', ground.version(V26).uuid, row as Record<string, Json>);
      await ground.versionsAre(before, 'the digest');
      await ground.told(/v2\.6 with .*digest "nonsense"/);
    });

    it('9: a defined version gets another content while the host publishes it', async () => {
      const { agent } = ground;
      await agent.must(
        'baseline',
        ...(ground.isOurs ? [agent.remote] : [`host:attacked`]),
        '--name',
        'site.nine',
        '--define',
      );
      const before = await eventually('the definition', () =>
        ground.state.versions().find(({ version }) => version === 'site.nine'),
      );
      const evil = entryFile({ ...entryOf(before), virtioFeatures: LEAST });
      const where: Json = [['system_id', '==', 'attacked']];
      const mutations: Json = [
        ['defined_versions', 'delete', ['set', ['site.nine']]],
        ['defined_versions', 'insert', ['map', [['site.nine', evil]]]],
        ['next_cfg', '+=', 1],
      ];
      await ground.transact({ op: 'mutate', table: 'Host', where, mutations });
      await eventually('the agent to follow', () => ground.state.host().curCfg >= ground.state.host().nextCfg);
      assert.equal(ground.version('site.nine').digest, before.digest);
      const event = await eventually('an event of the definition', () =>
        ground.state.events().find(({ kind, text }) => kind === 'version-defined' && /written anew/.test(text)),
      );
      ground.namesAttacker(event as unknown as Told);
    });

    it('10: mode and process of a running guest, then another back-end path, so that the row counts', async () => {
      const least = ground.state.versions().find(({ version, usable }) => usable && version !== V26) ?? assert.fail();
      const { uuid, peer, backend } = vhu0();
      const pairs: Json[] = [...peer].map(([key, value]) => [key, key === 'digest' ? least.digest : value]);
      await ground.update('Interface', uuid, { in_force: least.version, peer: ['map', pairs] });
      await ground.update('Interface', uuid, { backend: `connect:${ground.agent.path('elsewhere')}` });
      await mockBackend(ground.peers, `listen:${ground.agent.path('elsewhere')}`, 'ovs-3.1');
      await ground.agent.inState('vhu0', 'waiting-frontend', 'negotiated');
      await ground.guestHasItsMode();
      await ground.update('Interface', uuid, { backend });
      await ground.agent.inState('vhu0', 'waiting-frontend', 'negotiated');
      await ground.guestHasItsMode();
      assert.equal((await ground.agent.inState('vhu0', 'negotiated')).in_force, V26);
    });

    it('11: the interface of a running guest is removed and made again with a forged mode', async () => {
      const other = ground.version(V213);
      const { uuid, peer, frontend, backend } = vhu0();
      const pairs: Json[] = [...peer].map(([key, value]) => [key, key === 'digest' ? other.digest : value]);
      const names = { name: 'vhu0', device_type: 'vhost-user-net', frontend, backend };
      const row = { ...names, in_force: V213, peer: ['map', pairs], version: V213 };
      const where: Json = [['system_id', '==', 'attacked']];
      const mutations = (...list: Json[]): Json => ({ op: 'mutate', table: 'Host', where, mutations: list });
      await ground.transact(
        { op: 'insert', table: 'Interface', 'uuid-name': 'again', row: row as unknown as Json },
        mutations(['interfaces', 'delete', ['uuid', uuid]], ['interfaces', 'insert', ['named-uuid', 'again']]),
      );
      await eventually('the other row', () => vhu0().uuid !== uuid);
      await ground.agent.inState('vhu0', 'waiting-frontend', 'negotiated');
      await ground.guestHasItsMode();
      assert.equal((await ground.agent.inState('vhu0', 'negotiated')).in_force, V26);
      await ground.agent.must('pin', 'vhu0', V26);
      for (const kind of ['added', 'removed']) {
        const event = await eventually(`the event ${kind}`, () =>
          ground.state.events().findLast((one) => one.kind === kind && one.interface === 'vhu0'),
        );
        ground.namesAttacker(event as unknown as Told);
      }
    });

    it('12: what the back-end was measured to offer, of the interface', async () => {
      const before = vhu0();
      const usable = ground.state.versions().map(({ version, usable }) => `${version} ${usable}`);
      await ground.update('Interface', before.uuid, {
        ...{ backend_features: '0x140000000', backend_protocol_features: '0x0' },
        backend_limits: ['map', [['queue_pairs', 1]]],
      });
      await eventually('the abilities put right', () => same(vhu0().abilities, before.abilities));
      await ground.told(/Interface vhu0.*backend_features=0x140000000/);
      assert.deepEqual(
        ground.state.versions().map(({ version, usable }) => `${version} ${usable}`),
        usable,
      );
    });

    it('13: what the back-ends were measured to offer, of the host', async () => {
      const before = ground.state.host();
      await ground.update('Host', before.uuid, {
        ...{ backend_features: '0x140000000', backend: ['map', [['name', 'evil']]] },
      });
      await eventually('the host put right', () => same(ground.state.host().abilities, before.abilities));
      await eventually('its words put right', () => ground.state.host().backend.get('name') !== 'evil');
      await ground.told(/Host attacked.*backend/);
    });

    it('14: a running interface is said to be in error', async () => {
      const before = vhu0();
      await ground.update('Interface', before.uuid, { state: 'error', error: 'VC-MODE-NONE', error_detail: 'evil' });
      await eventually('the state put right', () => vhu0().state === 'negotiated' && vhu0().error === undefined);
      await ground.told(/Interface vhu0.*state=error/);
      assert.deepEqual(vhu0().errorDetail, before.errorDetail);
    });

    it('15: what the guest acknowledged, on which the answer about a move rests', async () => {
      const before = vhu0();
      await ground.update('Interface', before.uuid, {
        ...{ acked_features: '0x100000000', offered_features: '0x100000000', queue_pairs: 64 },
      });
      await eventually('what was acknowledged put right', () => vhu0().ackedFeatures === before.ackedFeatures);
      const again = vhu0();
      assert.deepEqual([again.offeredFeatures, again.queuePairs], [before.offeredFeatures, before.queuePairs]);
      await ground.told(/Interface vhu0.*acked_features=0x100000000/);
    });

    it('16: which version is in force, and which comes next', async () => {
      await ground.update('Interface', vhu0().uuid, { in_force: V213, next_start: V213 });
      await eventually('the version in force put right', () => vhu0().inForce === V26 && vhu0().nextStart === V26);
      await ground.told(/Interface vhu0.*in_force=upstream\.ovs-dpdk\.v2\.13/);
    });

    it('17: a change is said to be carried out that is not', async () => {
      const { uuid, curCfg } = ground.state.host();
      await ground.update('Host', uuid, { cur_cfg: curCfg + 1000 });
      await eventually('cur_cfg put right', () => ground.state.host().curCfg === curCfg);
      await ground.told(/Host attacked.*cur_cfg=/);
    });

    it('18: the host gets another name and release', async () => {
      const { uuid } = ground.state.host();
      await ground.update('Host', uuid, { hostname: 'evil', agent_version: '99' });
      await eventually('its name put right', () => ground.state.host().hostname === 'attacked');
      assert.notEqual(ground.state.host().agentVersion, '99');
      await ground.told(/Host attacked.*hostname=evil/);
    });

    it('19: the row of the host is given away, and an empty one put in its place', async () => {
      const { uuid } = ground.state.host();
      const where: Json = [['_uuid', '==', ['uuid', uuid]]];
      await ground.transact(
        { op: 'update', table: 'Host', where, row: { system_id: 'given-away' } },
        { op: 'insert', table: 'Host', row: { system_id: 'attacked' } },
      );
      await eventually(
        'the row of the host',
        () => ground.state.hosts().find((row) => row.systemId === 'attacked')?.uuid === uuid,
      );
      await ground.told(/row of host attacked was given another system id/);
      assert.equal((await ground.shown()).state, 'negotiated');
      await ground.guestHasItsMode();
    });

    it('20: an interface with a mode, a state and abilities that nobody measured', async () => {
      const row = {
        ...{ name: 'forged', device_type: 'vhost-user-net' },
        ...{ frontend: `listen:${ground.agent.path('f2')}`, backend: `connect:${ground.agent.path('b2')}` },
        ...{ state: 'negotiated', in_force: V213, backend_features: '0x140000000', acked_features: '0x140000000' },
      };
      const before = ground.state.versions();
      const where: Json = [['system_id', '==', 'attacked']];
      await ground.transact(
        { op: 'insert', table: 'Interface', 'uuid-name': 'forged', row },
        { op: 'mutate', table: 'Host', where, mutations: [['interfaces', 'insert', ['named-uuid', 'forged']]] },
      );
      const forgedRow = () => ground.state.findInterface('forged');
      await eventually('the forged status gone', () => forgedRow()?.state === 'waiting-backend');
      await eventually('what was not measured gone', () => forgedRow()?.abilities === undefined);
      const { inForce, ackedFeatures } = forgedRow() ?? assert.fail();
      assert.deepEqual([inForce, ackedFeatures], [undefined, undefined]);
      await ground.versionsAre(before, 'what is published');
      await ground.agent.must('del-interface', 'forged');
    });

    it('21: the same row over and over: told a few times, and counted', async () => {
      const { uuid, hostname } = ground.state.host();
      const changed = () => ground.state.events().filter(({ code }) => code === 'VC-ROW-CHANGED').length;
      const before = changed();
      for (let i = 0; i < 200; i++)
        await ground.state.client.transact(DATABASE, [
          { op: 'update', table: 'Host', where: [['_uuid', '==', ['uuid', uuid]]], row: { hostname: `evil-${i}` } },
          {
            op: 'update',
            table: 'Interface',
            where: [['_uuid', '==', ['uuid', vhu0().uuid]]],
            row: { state: `evil-${i}` },
          },
        ]);
      await eventually('the last one put right', () => ground.state.host().hostname === hostname);
      await eventually('the state put right', () => vhu0().state === 'negotiated');
      assert.ok(changed() - before <= 40, `${changed() - before} events`);
    });

    it('24: the agent is said not to know its rows, so that it carries out nothing', async () => {
      const { uuid } = ground.state.host();
      const where: Json = [['_uuid', '==', ['uuid', uuid]]];
      await ground.transact(
        { op: 'update', table: 'Host', where, row: { problems: ['map', [['VC-DB-UNREADABLE', 'evil']]] } },
        { op: 'mutate', table: 'Host', where, mutations: [['next_cfg', '+=', 1]] },
      );
      await eventually('what was asked for', () => ground.state.host().curCfg === ground.state.host().nextCfg);
      assert.equal(ground.state.host().problems.size, 0);
      await ground.told(/Host attacked.*problems=/);
    });

    it('22: everything while no agent looks', async () => {
      if (ground.isOurs) return;
      const [versions, host, row] = [ground.state.versions(), ground.state.host(), vhu0()];
      const other = ground.version(V213);
      await ground.agent.stop();
      const pairs: Json[] = [...row.peer].map(([key, value]) => [key, key === 'digest' ? other.digest : value]);
      await ground.update(
        'Compat_Version',
        ground.version(V26).uuid,
        forged(ground.version(V26), { virtioFeatures: LEAST }),
      );
      await ground.update('Host', host.uuid, { backend_features: '0x140000000' });
      await ground.update('Interface', row.uuid, {
        ...{ in_force: V213, peer: ['map', pairs], backend_features: '0x140000000' },
      });
      await ground.backend.close();
      await ground.agent.start();
      await ground.versionsAre(versions, 'the version');
      await eventually('the abilities put right', () => same(vhu0().abilities, row.abilities));
      await eventually('those of the host put right', () => same(ground.state.host().abilities, host.abilities));
      await ground.told(/v2\.6 with virtio_features "0x140000000"/);
      ground.backend = await mockBackend(ground.peers, `listen:${ground.agent.path('be')}`, 'ovs-3.1');
      await ground.agent.inState('vhu0', 'waiting-frontend');
      await ground.guestHasItsMode();
    });

    it('23: a shipped version before the agent has a memory, as after an upgrade', async () => {
      if (ground.isOurs) return;
      const versions = ground.state.versions();
      await ground.agent.stop();
      for (const file of ['published-versions.json', 'interfaces.json']) rmSync(ground.agent.path(file));
      const row = forged(ground.version(V26), { virtioFeatures: LEAST });
      await ground.update('Compat_Version', ground.version(V26).uuid, row);
      await ground.agent.start();
      await ground.versionsAre(versions, 'the version');
      await ground.agent.inState('vhu0', 'waiting-frontend');
      await ground.guestHasItsMode();
    });
  });
}

function insertVersion(name: string): Json {
  const mutations: Json = [['versions', 'insert', ['named-uuid', name]]];
  return { op: 'mutate', table: 'Host', where: [['system_id', '==', 'attacked']], mutations };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(plain({ a })) === JSON.stringify(plain({ a: b }));
}
