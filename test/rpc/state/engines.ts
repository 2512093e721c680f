import { join } from 'node:path';
import type { Context } from 'mocha';
import type { Abilities } from '../../../compat-tables/entries/entry.ts';
import type { Json } from '../../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../../rpc/ovsdb/client/ovsdb-client.ts';
import { Database } from '../../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../../rpc/ovsdb/notation/schema.ts';
import { namedUuid, ovsSet, ovsUuid } from '../../../rpc/ovsdb/notation/values.ts';
import { OvsdbServer } from '../../../rpc/ovsdb/server/ovsdb-server.ts';
import { encodeHost, encodeVersion } from '../../../rpc/state/encode-rows.ts';
import { DATABASE, loadSchemaText, schemaFile } from '../../../rpc/state/schema-file.ts';
import { State, type StateOptions } from '../../../rpc/state/state.ts';
import { needs } from '../../peers/needs.ts';
import { type Peers, run } from '../../peers/process.ts';
import { blockersOf, ENTRIES } from './fixtures.ts';

/** What can hold our database: the same tests run against each. */
export interface Engine {
  readonly name: string;
  /** Skips the suite when the engine is not installed. */
  check(context: Context): void;
  /** Starts one with an empty database of our schema and returns its remote. */
  start(peers: Peers): Promise<string>;
}

export const ENGINES: readonly Engine[] = [
  {
    name: 'our server',
    check: () => undefined,
    start: async (peers) => {
      const schema = DatabaseSchema.fromJson(JSON.parse(loadSchemaText()));
      const database = Database.open({ file: ':memory:', schema });
      const server = new OvsdbServer();
      peers.defer(async () => {
        await server.close();
        database.close();
      });
      server.add(database);
      const path = join(peers.folder(), 'db.sock');
      await server.listen(`punix:${path}`);
      await server.listen(`punix:${path}.ro`, { readOnly: true });
      return `unix:${path}`;
    },
  },
  {
    name: 'ovsdb-server',
    check: (context) => {
      needs(context, 'ovsdb-server', 'openvswitch-switch');
      needs(context, 'ovsdb-tool', 'openvswitch-common');
    },
    start: (peers) => startOvsdbServer(peers, schemaFile()),
  },
];

export async function startOvsdbServer(peers: Peers, schema: string): Promise<string> {
  const folder = peers.folder();
  const file = join(folder, 'conf.db');
  const path = join(folder, 'db.sock');
  await run('ovsdb-tool', ['create', file, schema]);
  const env = { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder, OVS_SYSCONFDIR: folder };
  const args = [
    file,
    `--remote=punix:${path}`,
    `--unixctl=${join(folder, 'ctl')}`,
    '--no-chdir',
    '-vconsole:off',
    '-vsyslog:off',
  ];
  peers.start('ovsdb-server', args, { env });
  const client = new OvsdbClient(`unix:${path}`, { retry: true, firstMs: 20, minMs: 20, maxMs: 100 });
  await client.connect(10_000);
  client.close();
  return `unix:${path}`;
}

export interface HostSeed {
  readonly systemId: string;
  readonly hostname?: string;
  readonly abilities?: Abilities | undefined;
}

/** Writes a host with its versions, as an agent does at its start. */
export async function seedHost(
  client: OvsdbClient,
  { systemId, hostname = `${systemId}.example`, abilities }: HostSeed,
): Promise<void> {
  const versions = ENTRIES.map(
    (entry, index): Json => ({
      op: 'insert',
      table: 'Compat_Version',
      'uuid-name': `version${index}`,
      row: { ...encodeVersion(entry, blockersOf(entry, abilities), index) },
    }),
  );
  const knownBy = abilities === undefined ? undefined : 'measured';
  const facts = { systemId, hostname, agentVersion: '0.1.0', backend: { name: 'test' }, knownBy, abilities } as const;
  const refs = ovsSet(versions.map((_, index) => namedUuid(`version${index}`)));
  await client.transact(DATABASE, [
    ...versions,
    { op: 'insert', table: 'Host', row: { ...encodeHost(facts), versions: refs } },
  ]);
}

/** Follows Host.next_cfg as an agent does, until the peers end. */
export async function followConfiguration(peers: Peers, remote: string): Promise<void> {
  const state = await State.connect(remote);
  peers.defer(() => state.close());
  state.onChange(() => {
    for (const host of state.hosts().filter(({ nextCfg, curCfg }) => curCfg < nextCfg)) {
      const where: Json = [['_uuid', '==', ovsUuid(host.uuid)]];
      const row = { cur_cfg: host.nextCfg };
      void state.client.transact(DATABASE, [{ op: 'update', table: 'Host', where, row }]).catch(() => undefined);
    }
  });
}

export async function openState(peers: Peers, remote: string, options: StateOptions = {}): Promise<State> {
  const state = await State.connect(remote, options);
  peers.defer(() => state.close());
  return state;
}
