import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { Database } from '../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../rpc/ovsdb/server/ovsdb-server.ts';
import { DATABASE, loadSchemaText, schemaFile } from '../../rpc/state/schema-file.ts';
import { State } from '../../rpc/state/state.ts';
import { violations } from '../docs/json-schema.ts';
import { needs } from '../peers/needs.ts';
import { Peers } from '../peers/process.ts';
import { ROOT } from '../root.ts';
import { type HostFixture, NEW_HOST, OLD_HOST, putHosts } from './fixtures.ts';
import { matchesGolden } from './golden.ts';
import { type CliOutcome, type CliWorld, cli } from './run-cli.ts';

/** One suite, two servers: ours and the original. The command line must not be able to tell them apart. */
const SERVERS: readonly { name: string; ready(context: Mocha.Context): void; start(peers: Peers): Promise<string> }[] =
  [
    {
      name: 'the embedded server',
      ready: () => {},
      start: async (peers) => {
        const database = Database.open({
          file: ':memory:',
          schema: DatabaseSchema.fromJson(JSON.parse(loadSchemaText())),
        });
        const server = new OvsdbServer();
        server.add(database);
        const remote = join(peers.folder(), 'db.sock');
        await server.listen(`punix:${remote}`);
        peers.defer(async () => {
          await server.close();
          database.close();
        });
        return `unix:${remote}`;
      },
    },
    {
      name: 'ovsdb-server',
      ready: (context) => {
        needs(context, 'ovsdb-tool', 'openvswitch-common');
        needs(context, 'ovsdb-server', 'openvswitch-switch');
      },
      start: async (peers) => {
        const folder = peers.folder();
        const socket = join(folder, 'db.sock');
        execFileSync('ovsdb-tool', ['create', join(folder, 'db'), schemaFile()]);
        const env = { OVS_RUNDIR: folder, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
        const args = [
          `--remote=punix:${socket}`,
          `--unixctl=${join(folder, 'ctl')}`,
          '-vconsole:info',
          join(folder, 'db'),
        ];
        await peers.start('/usr/sbin/ovsdb-server', args, { env }).waitFor(/ovsdb-server \(Open vSwitch\)/);
        return `unix:${socket}`;
      },
    },
  ];

for (const server of SERVERS) {
  describe(`commands on ${server.name}`, () => {
    const peers = new Peers();
    let remote = '';
    const run = (...argv: string[]): Promise<CliOutcome> => cli(['--db', remote, ...argv]);
    const shown = (...argv: string[]): Promise<CliOutcome> => cli(['--db', remote, ...argv], { columns: 80 });
    const fresh = async (...hosts: HostFixture[]): Promise<void> => {
      remote = await server.start(peers);
      await putHosts(remote, ...hosts);
    };

    before(function () {
      server.ready(this);
    });
    afterEach(() => peers.end());

    describe('reading', () => {
      const outputs: { name: string; argv: string[]; exit?: number; host?: HostFixture }[] = [
        { name: 'list-versions', argv: ['list-versions'] },
        { name: 'list-versions-old', argv: ['list-versions'], host: OLD_HOST },
        { name: 'list-versions-all', argv: ['list-versions', '--all'], host: OLD_HOST },
        { name: 'show-version', argv: ['show-version', 'site.mq'] },
        { name: 'show-version-unusable', argv: ['show-version', 'site.packed'], host: OLD_HOST, exit: 3 },
        { name: 'list-interfaces', argv: ['list-interfaces'] },
        { name: 'show-interface', argv: ['show-interface', 'vhu1'] },
        { name: 'show', argv: ['show'] },
        { name: 'show-old', argv: ['show'], host: OLD_HOST },
        { name: 'show-interface-verbose', argv: ['show-interface', 'vhu1', '--verbose'] },
        { name: 'show-interface-refused', argv: ['show-interface', 'vhu0'] },
        { name: 'default-version', argv: ['default-version'] },
        { name: 'default-version-set', argv: ['default-version'], host: OLD_HOST },
      ];
      for (const { name, argv, exit = 0, host = NEW_HOST } of outputs) {
        it(`prints ${name} in every format`, async () => {
          await fresh(host);
          for (const format of ['table', 'json', 'csv', 'list', 'html']) {
            const outcome = await shown(...argv, '-f', format);
            assert.equal(outcome.exit, exit, outcome.stderr);
            matchesGolden(`${name}.${format}`, outcome.stdout);
          }
        });
      }

      it('tells of a host whose agent is dead or silent, and of no other', async () => {
        const dead = { ...OLD_HOST, heartbeat: 1_700_000_000_000 };
        await fresh({ ...NEW_HOST, heartbeat: Date.now() }, dead);
        const note =
          /^vhost-compat: the agent of oldhost has given no sign of life since 2023-11-14T22:13:20\.000Z: .*\[VC-HOST-STALE\]$/m;
        const both = ['host:newhost', 'host:oldhost'];
        for (const argv of [
          ['list-interfaces', '--host', 'oldhost'],
          ['select', ...both],
          ['matrix', ...both],
        ]) {
          const { exit, stdout, stderr } = await run(...argv, '-f', 'json');
          assert.equal(exit, 0, stderr);
          assert.match(stderr, note);
          assert.doesNotMatch(stderr, /agent of newhost/);
          assert.match(stdout, /"stale_since": "2023-11-14T22:13:20\.000Z"|"stale_hosts": \[\s*"oldhost"\s*\]/);
        }
        const described = await run('describe', '--host', 'oldhost');
        assert.match(described.stderr, note);
        const { stale_since } = JSON.parse(described.stdout) as { stale_since: string };
        assert.equal(stale_since, '2023-11-14T22:13:20.000Z');
        const alive = await run('list-interfaces', '--host', 'newhost', '-f', 'json');
        assert.deepEqual([alive.stderr, alive.stdout.includes('stale')], ['', false]);
        const file = join(peers.folder(), 'old.json');
        writeFileSync(file, described.stdout);
        assert.match((await cli(['matrix', file])).stderr, note);
      });

      it('describes the host as a document that select reads', async () => {
        await fresh(NEW_HOST);
        const { stdout } = await run('describe');
        assert.equal(
          stdout.replace(/"time": "[^"]*"/, '"time": ""'),
          (await run('describe', '-f', 'json')).stdout.replace(/"time": "[^"]*"/, '"time": ""'),
        );
        const file = join(peers.folder(), 'new.json');
        writeFileSync(file, stdout);
        assert.equal((await cli(['select', file, remote])).stdout, 'site.packed\n');
        const schema = JSON.parse(readFileSync(join(ROOT, 'docs/describe.schema.json'), 'utf8')) as Record<
          string,
          unknown
        >;
        assert.deepEqual(violations(schema, JSON.parse(stdout)), []);
      });

      it('describes one device type for managers that know nothing of hosts', async () => {
        await fresh(NEW_HOST);
        const { stdout } = await run('describe', '--device-type', 'vhost-user-net');
        const { kind, self, compatible } = JSON.parse(stdout) as {
          kind: string;
          self: { version: string };
          compatible: { version: string; tier: string }[];
        };
        assert.deepEqual([kind, self.version], ['vhost-compat device', 'site.packed']);
        assert.deepEqual(
          compatible.map(({ version, tier }) => `${version} ${tier}`),
          ['site.packed both-ways', 'site.mq both-ways', 'site.base forward-only'],
        );
        const schema = JSON.parse(readFileSync(join(ROOT, 'docs/describe.schema.json'), 'utf8')) as Record<
          string,
          unknown
        >;
        assert.deepEqual(violations(schema, JSON.parse(stdout)), []);
        const file = join(peers.folder(), 'net.json');
        writeFileSync(file, stdout);
        assert.equal((await cli(['select', file, remote])).stdout, 'site.packed\n');
        const { exit, stderr } = await run('describe', '--device-type', 'vhost-user-blk');
        assert.equal(exit, 3);
        assert.match(stderr, /Cannot describe vhost-user-blk .* versions of vhost-user-net \[VC-VERSION-DEVICE-TYPE\]/);
      });

      it('says that an interface or a version is not there, with exit 1', async () => {
        await fresh(NEW_HOST);
        for (const argv of [
          ['show-interface', 'vhu7'],
          ['show-version', 'site.mqq'],
        ]) {
          const { exit, stdout, stderr } = await run(...argv);
          assert.deepEqual({ exit, stdout }, { exit: 1, stdout: '' });
          assert.match(stderr, /vhu1|site\.mq/, 'what was meant');
          assert.match(stderr, /\[VC-(INTERFACE|VERSION)-UNKNOWN\]\nremedy: /);
        }
      });

      it('tells on stderr when nothing is known of the back-end', async () => {
        await fresh({ ...OLD_HOST, abilities: undefined });
        const { exit, stdout, stderr } = await run('list-versions', '--no-headings');
        assert.deepEqual({ exit, stdout }, { exit: 0, stdout: '' });
        assert.match(stderr, /\[VC-BACKEND-UNKNOWN\]/);
      });

      it('wants --host when the database holds several', async () => {
        await fresh(NEW_HOST, OLD_HOST);
        const { exit, stderr } = await run('default-version');
        assert.equal(exit, 1);
        assert.match(stderr, /newhost.*oldhost.*\[VC-HOST-UNKNOWN\]/);
        assert.equal((await run('default-version', '--host', 'oldhost')).stdout, 'site.base\n');
        assert.equal((await run('--host', 'id-new', 'default-version')).stdout, 'newest\n');
        assert.equal((await run('select', 'host:newhost', 'host:id-old')).stdout, 'site.mq\n');
      });
    });

    describe('writing', () => {
      /** Follows the configuration as the agent does: the pin becomes the next start. */
      const followed = async (): Promise<State> => {
        const client = new OvsdbClient(remote, { reconnect: false });
        await client.connect(5000);
        const state = await State.open(client);
        const follow = () => {
          const host = state.host();
          if (host.curCfg >= host.nextCfg) return;
          const where = (uuid: string) => [['_uuid', '==', ['uuid', uuid]]];
          const next = state.interfaces(host).map((row) => {
            const update = { next_start: row.version ?? host.defaultVersion ?? 'site.packed' };
            return { op: 'update', table: 'Interface', where: where(row.uuid), row: update };
          });
          const cur = { op: 'update', table: 'Host', where: where(host.uuid), row: { cur_cfg: host.nextCfg } };
          client.transact(DATABASE, [...next, cur]).catch(() => {});
        };
        state.onChange(follow);
        peers.defer(() => {
          state.close();
          client.close();
        });
        return state;
      };

      it('pins, waits for the agent, and tells what stays in force', async () => {
        await fresh(NEW_HOST);
        const state = await followed();
        const quiet = await run('pin', 'vhu1', 'site.base');
        assert.deepEqual(quiet, {
          exit: 0,
          stdout: '',
          stderr:
            'vhost-compat: vhu1: site.packed stays in force; site.base rules from the next start of the front-end\n',
        });
        assert.equal(state.interface('vhu1').version, 'site.base');
        const { stdout } = await run('pin', 'vhu1', 'site.base', '-f', 'json');
        const change = JSON.parse(stdout) as Record<string, unknown>;
        assert.deepEqual([change['kind'], change['changed'], change['applied']], ['change', false, true]);
        await run('unpin', 'vhu1');
        assert.equal(state.interface('vhu1').version, undefined);
      });

      it('adds and removes an interface', async () => {
        await fresh(NEW_HOST);
        const state = await followed();
        const add = ['add-interface', 'vhu2', '--frontend', 'listen:/run/f2', '--backend', 'connect:/run/b2'];
        assert.equal((await run(...add, '--version', 'site.mq')).exit, 0);
        assert.equal(state.interface('vhu2').version, 'site.mq');
        const again = await run(...add);
        assert.equal(again.exit, 1);
        assert.match(again.stderr, /\[VC-INTERFACE-EXISTS\]/);
        assert.equal((await run(...add, '--may-exist')).exit, 0);
        assert.equal((await run('del-interface', 'vhu2')).exit, 0);
        assert.equal(state.findInterface('vhu2'), undefined);
        assert.equal((await run('del-interface', 'vhu2')).exit, 1);
        assert.equal((await run('del-interface', 'vhu2', '--if-exists')).exit, 0);
      });

      it('sets the default and takes it back', async () => {
        await fresh(NEW_HOST);
        await followed();
        assert.equal((await run('default-version', 'site.mq')).exit, 0);
        assert.equal((await run('default-version')).stdout, 'site.mq\n');
        assert.equal((await run('default-version', 'newest')).exit, 0);
        assert.equal((await run('default-version')).stdout, 'newest\n');
      });

      it('refuses what this host cannot honour, with exit 3 and the missing bits by name', async () => {
        await fresh({ ...OLD_HOST, interfaces: { vhu0: { frontend: 'listen:/f', backend: 'connect:/b' } } });
        for (const argv of [
          ['pin', 'vhu0', 'site.packed'],
          ['default-version', 'site.packed'],
        ]) {
          const { exit, stdout, stderr } = await run(...argv);
          assert.deepEqual({ exit, stdout }, { exit: 3, stdout: '' });
          assert.match(stderr, /VIRTIO_F_RING_PACKED.*\[VC-VERSION-UNUSABLE\]/);
        }
        const { stderr } = await run('pin', 'vhu0', 'site.packed', '-f', 'json');
        const { error } = JSON.parse(stderr) as { error: { code: string; details: { missing: string[] } } };
        assert.equal(error.code, 'VC-VERSION-UNUSABLE');
        assert.ok(error.details.missing.includes('VIRTIO_F_IN_ORDER'));
      });

      it('changes nothing with --dry-run, and shows what it would send', async () => {
        await fresh(NEW_HOST);
        const { exit, stdout, stderr } = await run('pin', 'vhu0', 'site.base', '--dry-run', '-f', 'json');
        assert.equal(exit, 0, stderr);
        const change = JSON.parse(stdout) as { dry_run: boolean; changed: boolean; operations: unknown[] };
        assert.deepEqual([change.dry_run, change.changed], [true, true]);
        assert.match(JSON.stringify(change.operations), /site\.base/);
        assert.match(stderr, /dry run: would pin vhu0 to site\.base/);
        assert.match((await run('show-interface', 'vhu0')).stdout, /^pin: +\(default\)$/m);
        assert.equal((await run('pin', 'vhu0', 'site.nope', '--dry-run')).exit, 1);
      });

      it('does not wait with --no-wait, and gives up waiting after --timeout with exit 4', async () => {
        await fresh(NEW_HOST);
        assert.equal((await run('pin', 'vhu0', 'site.base', '--no-wait')).exit, 0);
        const { exit, stderr } = await run('pin', 'vhu0', 'site.mq', '-t', '0.3');
        assert.equal(exit, 4);
        assert.match(stderr, /\[VC-TIMEOUT\]/);
        assert.match((await run('show-interface', 'vhu0')).stdout, /^pin: +site\.mq$/m);
      });

      it('tells somebody at a terminal what it waits for, and wipes that away', async () => {
        await fresh(NEW_HOST);
        let follow: (() => void) | undefined;
        const waited = new Promise<void>((resolve) => {
          follow = resolve;
        });
        const world: CliWorld = { terminal: true, onStderr: (all) => all.includes('waiting') && follow?.() };
        const pinned = cli(['--db', remote, 'pin', 'vhu0', 'site.base'], world);
        await waited;
        await followed();
        // a second intent moves next_cfg, which our stand-in for the agent follows
        await run('pin', 'vhu0', 'site.mq');
        const { exit, stderr } = await pinned;
        assert.equal(exit, 0);
        assert.match(stderr, /^waiting for the agent to apply the change …\r\u001b\[K/);
      });
    });
  });
}
