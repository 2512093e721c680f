import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { featureNames } from '../../../compat-tables/bits/mask.ts';
import { guestFeatures } from '../../../compat-tables/bits/named-masks.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import type { Json } from '../../../rpc/json/json-value.ts';
import { namedUuid, ovsMap, ovsUuid } from '../../../rpc/ovsdb/notation/values.ts';
import { encodeEvent, encodeInterfaceStatus } from '../../../rpc/state/encode-rows.ts';
import { setDefaultVersion } from '../../../rpc/state/host-intents.ts';
import { DATABASE } from '../../../rpc/state/schema-file.ts';
import { State } from '../../../rpc/state/state.ts';
import { Peers } from '../../peers/process.ts';
import { ENGINES, openState, seedHost, startOvsdbServer } from './engines.ts';
import { abilities, ENTRIES, isError, OVS_32, OVS_213 } from './fixtures.ts';

for (const engine of ENGINES) {
  describe(`state of a host, on ${engine.name}`, () => {
    const peers = new Peers();
    let remote = '';
    before(async function () {
      engine.check(this);
      remote = await engine.start(peers);
    });
    after(() => peers.end());

    it('refuses to choose while the database holds no host', async () => {
      const state = await openState(peers, remote);
      assert.throws(() => state.host(), isError('VC-HOST-UNKNOWN', /holds none; its agent has not run yet/));
      assert.throws(() => state.host('a'), isError('VC-HOST-UNKNOWN', /Cannot find host "a".*there are none/));
    });

    it('reads back what was written, typed', async () => {
      const state = await openState(peers, remote);
      await seedHost(state.client, { systemId: 'sys-a', hostname: 'a.example', abilities: abilities(OVS_213) });
      await state.until(() => state.hosts().length > 0);
      const host = state.host();
      assert.equal(host.systemId, 'sys-a');
      assert.equal(host.knownBy, 'measured');
      assert.deepEqual(host.abilities, abilities(OVS_213));
      assert.equal(host.defaultVersion, undefined);

      const versions = state.versions(host, 'vhost-user-net');
      assert.deepEqual(
        versions.map((row) => [row.version, row.usable]),
        [
          ['upstream.ovs-dpdk.v3.2', false],
          ['upstream.ovs-dpdk.v2.13', true],
        ],
      );
      const [newest] = versions;
      const { version: _, ...wanted } = ENTRIES[0] ?? assert.fail();
      const { virtioFeatures, limits, digest, tier, summary, origin, sources, covers } = newest ?? assert.fail();
      const { deviceType, protocolFeatures, requiredProtocolFeatures } = newest ?? assert.fail();
      const seen = { virtioFeatures, limits, digest, tier, summary, origin, sources, covers };
      assert.deepEqual({ ...seen, deviceType, protocolFeatures, requiredProtocolFeatures }, wanted);
      assert.equal(newest?.virtioFeatures, OVS_32);
      assert.equal(newest?.blockers[0]?.code, 'VC-MODE-FEATURES');
      assert.deepEqual(newest?.blockers[0]?.missing, featureNames(VIRTIO_NET, guestFeatures(OVS_32 & ~OVS_213)));
    });

    it('reads the status that an agent writes on an interface', async () => {
      const state = await openState(peers, remote);
      const host = state.host();
      const status = encodeInterfaceStatus({
        state: 'negotiated',
        inForce: 'upstream.ovs-dpdk.v2.13',
        abilities: abilities(OVS_213),
        ackedFeatures: 0x1_3000_8000n,
        queuePairs: 4,
        ringSizes: new Map([
          [0, 256],
          [1, 512],
        ]),
        since: 1_700_000_000_000,
        peer: new Map([['pid', '77']]),
        statistics: new Map([['bytes', 9007199254740993n]]),
        error: undefined,
      });
      const row = {
        name: 'vhu0',
        device_type: 'vhost-user-net',
        frontend: 'listen:/f',
        backend: 'connect:/b',
        ...status,
      };
      const where: Json = [['_uuid', '==', ovsUuid(host.uuid)]];
      await state.client.transact(DATABASE, [
        { op: 'insert', table: 'Interface', row, 'uuid-name': 'i' },
        { op: 'mutate', table: 'Host', where, mutations: [['interfaces', 'insert', namedUuid('i')]] },
      ]);
      await state.until(() => state.findInterface('vhu0') !== undefined);
      const seen = state.interface('vhu0');
      assert.equal(seen.inForce, 'upstream.ovs-dpdk.v2.13');
      assert.deepEqual(seen.abilities, abilities(OVS_213));
      assert.equal(seen.ackedFeatures, 0x1_3000_8000n);
      assert.equal(seen.offeredFeatures, undefined);
      assert.equal(seen.queuePairs, 4);
      assert.deepEqual(
        [...seen.ringSizes],
        [
          [0, 256],
          [1, 512],
        ],
      );
      assert.equal(seen.since, 1_700_000_000_000);
      assert.equal(seen.peer.get('pid'), '77');
      assert.equal(seen.statistics.get('bytes'), 9007199254740993n);
      assert.equal(seen.error, undefined);

      const emptied = encodeInterfaceStatus({ inForce: undefined, abilities: undefined, ringSizes: new Map() });
      const here: Json = [['_uuid', '==', ovsUuid(seen.uuid)]];
      await state.client.transact(DATABASE, [{ op: 'update', table: 'Interface', where: here, row: { ...emptied } }]);
      await state.until(() => state.interface('vhu0').inForce === undefined);
      const now = state.interface('vhu0');
      assert.equal(now.abilities, undefined);
      assert.equal(now.ringSizes.size, 0);
      assert.equal(now.ackedFeatures, 0x1_3000_8000n, 'what was not named stays');
    });

    it('names what may have been meant by a wrong interface name', async () => {
      const state = await openState(peers, remote);
      assert.throws(() => state.interface('vhu1'), isError('VC-INTERFACE-UNKNOWN', /did you mean "vhu0"\?$/));
    });

    it('keeps the history when asked to, oldest first', async () => {
      const state = await openState(peers, remote, { events: true });
      const facts = {
        systemId: 'sys-a',
        interface: 'vhu0',
        code: 'VC-MODE-FEATURES',
        text: 'refused',
        details: { missing: 'x' },
      };
      await state.client.transact(DATABASE, [
        { op: 'insert', table: 'Event', row: { ...encodeEvent({ ...facts, time: 2, kind: 'refused' }) } },
        {
          op: 'insert',
          table: 'Event',
          row: { ...encodeEvent({ systemId: 'sys-a', time: 1, kind: 'started', text: 'up' }) },
        },
      ]);
      await state.until(() => state.events().length === 2);
      assert.deepEqual(
        state.events().map((event) => [event.time, event.kind, event.interface, event.code]),
        [
          [1, 'started', undefined, undefined],
          [2, 'refused', 'vhu0', 'VC-MODE-FEATURES'],
        ],
      );
      assert.deepEqual([...(state.events({ interface: 'vhu0' })[0]?.details ?? [])], [['missing', 'x']]);
    });

    it('gives events of one time in one order to everybody', async () => {
      const state = await openState(peers, remote, { events: true });
      const texts = ['d', 'a', 'c', 'b', 'e'];
      const row = (text: string) => ({ ...encodeEvent({ systemId: 'sys-z', time: 7, kind: 'fault', text }) });
      await state.client.transact(
        DATABASE,
        texts.map((text): Json => ({ op: 'insert', table: 'Event', row: row(text) })),
      );
      await state.until(() => state.events({ systemId: 'sys-z' }).length === texts.length);
      const uuids = state.events({ systemId: 'sys-z' }).map(({ uuid }) => uuid);
      assert.deepEqual(uuids, uuids.toSorted());
    });

    it('ends waiting when it is closed', async () => {
      const state = await openState(peers, remote);
      const waiting = state.until(() => false);
      state.close();
      assert.equal(await waiting, false);
    });

    it('waits however long the time is, also when it is more than a timer counts', async () => {
      const state = await openState(peers, remote);
      let met = false;
      const waiting = state.until(() => met, 3_000_000_000);
      await setTimeout(20);
      met = true;
      const row = { external_ids: ovsMap({ changed: 'yes' }) };
      await state.client.transact(DATABASE, [{ op: 'update', table: 'Host', where: [], row }]);
      assert.equal(await waiting, true);
    });

    it('chooses among several hosts by system id or host name, and lists them otherwise', async () => {
      const state = await openState(peers, remote, { systemId: 'sys-b' });
      await seedHost(state.client, { systemId: 'sys-b', hostname: 'b.example' });
      await seedHost(state.client, { systemId: 'sys-c', hostname: 'b.example' });
      await state.until(() => state.hosts().length === 3);
      assert.equal(state.host().systemId, 'sys-b');
      assert.equal(state.host('a.example').systemId, 'sys-a');
      assert.equal(state.host('sys-c').systemId, 'sys-c');
      assert.equal(state.host('sys-b').abilities, undefined);
      assert.throws(() => state.host('b.example'), isError('VC-HOST-UNKNOWN', /2 hosts have this name.*sys-b, sys-c/));
      assert.throws(() => state.host('a.exampel'), isError('VC-HOST-UNKNOWN', /did you mean "a.example"/));
      const open = await openState(peers, remote);
      assert.throws(
        () => open.host(),
        isError('VC-HOST-UNKNOWN', /holds 3; name one of a\.example \(sys-a\), b\.example \(sys-b\)/),
      );
    });
  });
}

describe('a read-only remote', () => {
  const peers = new Peers();
  after(() => peers.end());

  it('is named as such by what cannot be written', async () => {
    const [engine] = ENGINES;
    const remote = (await engine?.start(peers)) ?? '';
    const writer = await openState(peers, remote);
    await seedHost(writer.client, { systemId: 'sys-a' });
    const reader = await openState(peers, `${remote}.ro`);
    await assert.rejects(
      setDefaultVersion(reader, { version: 'upstream.ovs-dpdk.v2.13' }),
      isError('VC-DB-TRANSACTION', /\.ro is a read-only remote \(.*\); wanted a remote that takes writes \(--db\)/),
    );
  });
});

describe('opening a database', () => {
  const peers = new Peers();
  after(() => peers.end());

  it('says when nobody answers, and where', async () => {
    const remote = `unix:${join(peers.folder(), 'none.sock')}`;
    await assert.rejects(State.connect(remote), isError('VC-DB-CONNECT', /none\.sock/));
  });

  it('says when the remote cannot be read', async () => {
    await assert.rejects(State.connect('carrier-pigeon:7'), isError('VC-DB-CONNECT', /carrier-pigeon/));
  });

  it('gives up on a server that accepts and says nothing', async () => {
    const path = join(peers.folder(), 'mute.sock');
    const server = createServer().listen(path);
    const open = new Set<{ destroy(): void }>();
    server.on('connection', (socket) => open.add(socket));
    peers.defer(() => {
      for (const socket of open) socket.destroy();
      server.close();
    });
    await assert.rejects(
      State.connect(`unix:${path}`, { timeoutMs: 50 }),
      isError('VC-DB-CONNECT', /no answer within 50 ms/),
    );
  });
});

describe('opening a database of somebody else', () => {
  const peers = new Peers();
  before(function () {
    ENGINES[1]?.check(this);
  });
  after(() => peers.end());

  const schemas: readonly { title: string; schema: object; want: RegExp }[] = [
    {
      title: 'another name',
      schema: { name: 'Other', version: '1.0.0', tables: { T: { columns: { c: { type: 'string' } } } } },
      want: /Cannot find the database Vhost_Compat at unix:.*the server holds .*Other/,
    },
    {
      title: 'a later major version',
      schema: { name: DATABASE, version: '2.1.0', tables: { T: { columns: { c: { type: 'string' } } } } },
      want: /its schema has version 2\.1\.0; wanted 1\.x/,
    },
    {
      title: 'missing tables',
      schema: { name: DATABASE, version: '1.0.0', tables: { Host: { columns: { c: { type: 'string' } } } } },
      want: /its schema lacks the table Compat_Version, Interface/,
    },
  ];
  for (const { title, schema, want } of schemas) {
    it(`refuses ${title}`, async () => {
      const file = join(peers.folder(), 'other.ovsschema');
      writeFileSync(file, JSON.stringify(schema));
      const remote = await startOvsdbServer(peers, file);
      await assert.rejects(State.connect(remote), isError('VC-DB-SCHEMA', want));
    });
  }
});
