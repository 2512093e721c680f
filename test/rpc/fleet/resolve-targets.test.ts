import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describeHost } from '../../../rpc/fleet/describe-host.ts';
import { resolveTargets } from '../../../rpc/fleet/resolve-targets.ts';
import { selectVersion } from '../../../rpc/fleet/selection.ts';
import { OvsdbClient } from '../../../rpc/ovsdb/client/ovsdb-client.ts';
import { State } from '../../../rpc/state/state.ts';
import { eventually, Peers } from '../../peers/process.ts';
import { ENGINES, seedHost } from '../state/engines.ts';
import { abilities, isError, OVS_32, OVS_213 } from '../state/fixtures.ts';

for (const engine of ENGINES) {
  describe(`targets, on ${engine.name}`, () => {
    const peers = new Peers();
    let one = '';
    let fleet = '';
    let folder = '';
    let file = '';
    before(async function () {
      engine.check(this);
      folder = peers.folder();
      file = join(folder, 'saved.json');
      [one, fleet] = await Promise.all([engine.start(peers), engine.start(peers)]);
      const seeds = [
        { remote: one, systemId: 'one', mask: OVS_32 },
        { remote: fleet, systemId: 'f1', mask: OVS_213 },
        { remote: fleet, systemId: 'f2', mask: OVS_32 },
      ];
      for (const { remote, systemId, mask } of seeds) {
        const client = new OvsdbClient(remote);
        await client.connect();
        await seedHost(client, { systemId, abilities: abilities(mask) });
        client.close();
      }
      const state = await State.connect(one);
      writeFileSync(file, JSON.stringify({ ...describeHost(state), host: 'saved', system_id: 'saved' }));
      state.close();
    });
    after(() => peers.end());

    it('come as documents in the order they were given, from wherever they are', async () => {
      const documents = await resolveTargets(['host:f2', one, file, 'host:f1.example'], { db: fleet });
      assert.deepEqual(
        documents.map((document) => document.system_id),
        ['f2', 'one', 'saved', 'f1'],
      );
      assert.equal(selectVersion(documents.slice(0, 3)).version, 'upstream.ovs-dpdk.v3.2');
    });

    const wrong: readonly { title: string; targets: () => string[]; code: string; want: RegExp }[] = [
      {
        title: 'a database that nobody serves',
        targets: () => [`unix:${folder}/none.sock`],
        code: 'VC-DB-CONNECT',
        want: /none\.sock/,
      },
      {
        title: 'a port that nobody serves',
        targets: () => ['tcp:127.0.0.1:1'],
        code: 'VC-DB-CONNECT',
        want: /127\.0\.0\.1:1/,
      },
      {
        title: 'a database of several hosts without a name',
        targets: () => [fleet],
        code: 'VC-HOST-UNKNOWN',
        want: /name one of .*\(database unix:/,
      },
      {
        title: 'a host that is not in the database',
        targets: () => ['host:f3'],
        code: 'VC-HOST-UNKNOWN',
        want: /Cannot find host "f3"/,
      },
      {
        title: 'a file that is not there',
        targets: () => [join(folder, 'no.json')],
        code: 'VC-DOCUMENT',
        want: /no\.json.*ENOENT.*wanted unix:PATH/,
      },
      {
        title: 'several that fail, naming all',
        targets: () => ['host:f3', one, `unix:${folder}/none.sock`],
        code: 'VC-HOST-UNKNOWN',
        want: /"f3".*none\.sock/,
      },
    ];
    for (const { title, targets, code, want } of wrong) {
      it(`refuse ${title}`, async () => {
        await assert.rejects(resolveTargets(targets(), { db: fleet, timeoutMs: 5000 }), isError(code, want));
      });
    }

    it('refuse a file with nothing in it', async () => {
      const empty = join(folder, 'empty.json');
      writeFileSync(empty, '[]');
      await assert.rejects(resolveTargets([empty]), isError('VC-DOCUMENT', /holds no document/));
    });

    it('refuse a host name without a database', async () => {
      await assert.rejects(resolveTargets(['host:f1']), isError('VC-DB-CONNECT', /--db/));
    });

    it('read no files for a server', async () => {
      await assert.rejects(
        resolveTargets([file], { files: false }),
        isError('VC-API-PARAMS', /files are not read here/),
      );
    });
  });
}

describe('many targets', () => {
  const peers = new Peers();
  let open: Socket[] = [];
  /** Remotes that accept and then say nothing, until `hangUp`. */
  let silent: string[] = [];
  let hangUp: () => void;
  beforeEach(async () => {
    open = [];
    const folder = peers.folder();
    const servers = Array.from({ length: 50 }, () =>
      createServer((socket) => {
        socket.on('error', () => {});
        open.push(socket);
      }),
    );
    silent = servers.map((_, index) => `unix:${join(folder, `${index}.sock`)}`);
    await Promise.all(
      servers.map(async (server, index) => {
        await once(server.listen(join(folder, `${index}.sock`)), 'listening');
      }),
    );
    hangUp = () => {
      for (const server of servers) server.close();
      for (const socket of open) socket.destroy();
    };
    peers.defer(hangUp);
  });
  afterEach(() => peers.end());

  it('are asked 32 at a time, over all calls, and none after one has failed', async () => {
    const options = { timeoutMs: 60_000 };
    const calls = [silent.slice(0, 40), silent.slice(5, 45), silent.slice(10)].map((targets) =>
      resolveTargets(targets, options).then(
        () => assert.fail('nobody has answered'),
        (error: unknown) => String(error),
      ),
    );
    await eventually('connections', () => open.length >= 32);
    await setTimeout(50);
    assert.equal(open.length, 32);
    hangUp();
    const [first] = await Promise.all(calls);
    assert.match(first ?? '', /0\.sock.*; 8 more targets were not asked after that/);
  });

  it('are asked once each, however often they are named', async () => {
    const [target = ''] = silent;
    const call = resolveTargets(new Array<string>(1000).fill(target), { timeoutMs: 60_000 });
    await eventually('a connection', () => open.length >= 1);
    await setTimeout(50);
    assert.equal(open.length, 1);
    hangUp();
    await assert.rejects(call, isError('VC-DB-CONNECT', /0\.sock/));
  });
});
