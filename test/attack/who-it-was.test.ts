import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ApiClient } from '../../rpc/api/api-client.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import type { TlsFiles } from '../../rpc/ovsdb/wire/tls-files.ts';
import { DATABASE, loadSchemaText } from '../../rpc/state/schema-file.ts';
import { State } from '../../rpc/state/state.ts';
import { TestAgent } from '../e2e/agents.ts';
import { needs } from '../peers/needs.ts';
import { eventually, Peers } from '../peers/process.ts';
import { Pki } from '../rpc/ovsdb/remotes/pki.ts';

const V26 = 'upstream.ovs-dpdk.v2.6';

/** An agent that listens for clients of its database in three ways. */
class RemoteAgent extends TestAgent {
  readonly #socket: string;

  constructor(peers: Peers, socket: string, tls: readonly string[]) {
    const remotes = [`punix:${socket}`, 'ptcp:0:127.0.0.1', 'pssl:0:127.0.0.1'];
    super(peers, 'named', [...remotes.flatMap((remote) => ['--db-remote', remote]), ...tls]);
    this.#socket = socket;
  }

  override get db(): string {
    return `unix:${this.#socket}`;
  }
}

/** A client that may write does so on each way into the agent, and is named by it. */
describe('the author of a change', function () {
  this.timeout(120_000);
  const peers = new Peers();
  const user = process.getuid?.();
  let agent: TestAgent;
  let state: State;
  let tcp = '';
  let ssl = '';
  let client: TlsFiles;

  before(async function () {
    needs(this, 'openssl', 'openssl');
    const pki = new Pki(peers.folder());
    const { privateKey, certificate, caCert } = pki.issue('server');
    client = pki.issue('client');
    agent = new RemoteAgent(peers, join(peers.folder(), 'db.sock'), [
      ...['--private-key', privateKey, '--certificate', certificate, '--ca-cert', caCert],
    ]);
    await agent.start();
    const listening = async (kind: string) =>
      (await agent.peer.waitFor(new RegExp(`database-listening remote=p${kind}:(\\d+)`)))[1] ?? '';
    tcp = `tcp:127.0.0.1:${await listening('tcp')}`;
    ssl = `ssl:127.0.0.1:${await listening('ssl')}`;
    await agent.must('add-interface', 'vhu0', ...ends('0'));
    state = await State.connect(agent.db, { systemId: 'named', events: true });
    peers.defer(() => state.close());
  });
  after(() => peers.end());

  const ends = (n: string): string[] => [
    ...['--frontend', `listen:${agent.path(`fe${n}`)}`, '--backend', `connect:${agent.path(`be${n}`)}`],
  ];

  async function by(kind: string, of: string | undefined, after = 0): Promise<string> {
    const event = await eventually(
      `the event ${kind}`,
      () => state.events().filter((one) => one.kind === kind && one.interface === of)[after],
    );
    return event.details.get('by') ?? '';
  }

  async function pinOver(remote: string, version: string | undefined): Promise<void> {
    const writer = new OvsdbClient(remote, { tls: client });
    await writer.connect(10_000);
    const row: Record<string, Json> = { version: version ?? ['set', []] };
    await writer.transact(DATABASE, [{ op: 'update', table: 'Interface', where: [['name', '==', 'vhu0']], row }]);
    // hung up before the agent tells of it
    writer.close();
  }

  it('is the process and the user on a unix socket', async () => {
    const command = new RegExp(`^process \\d+ \\(.+\\) of user ${user}$`);
    assert.match(await by('added', 'vhu0'), command);
    await agent.must('pin', 'vhu0', V26);
    assert.match(await by('pinned', 'vhu0'), command);
    await agent.must('default-version', V26);
    assert.match(await by('default-changed', undefined), command);
    await agent.must('del-interface', 'vhu0');
    assert.match(await by('removed', 'vhu0'), command);
    await agent.must('add-interface', 'vhu0', ...ends('0'));
  });

  it('is the address over TCP, and the certificate too over TLS', async () => {
    await pinOver(tcp, V26);
    assert.match(await by('pinned', 'vhu0', 1), /^127\.0\.0\.1:\d+$/);
    await pinOver(ssl, undefined);
    assert.match(await by('unpinned', 'vhu0'), /^"client" at 127\.0\.0\.1:\d+$/);
  });

  it('is the client of the API, not the agent that writes for it', async () => {
    const api = await ApiClient.connect(agent.api);
    peers.defer(() => api.close());
    const we = new RegExp(`^process ${process.pid} \\(.+\\) of user ${user}$`);
    const paths = { frontend: `listen:${agent.path('fe1')}`, backend: `connect:${agent.path('be1')}` };
    await api.call('interfaces.add', { name: 'vhu1', ...paths });
    assert.match(await by('added', 'vhu1'), we);
    await api.call('interfaces.pin', { name: 'vhu1', version: V26 });
    assert.match(await by('pinned', 'vhu1'), we);
    await api.call('interfaces.unpin', { name: 'vhu1' });
    assert.match(await by('unpinned', 'vhu1'), we);
    await api.call('interfaces.remove', { name: 'vhu1' });
    assert.match(await by('removed', 'vhu1'), we);
  });

  it('is told of a schema that was refused', async () => {
    const writer = new OvsdbClient(tcp);
    await writer.connect(10_000);
    const schema = { ...(JSON.parse(loadSchemaText()) as object), version: '1.99.0' } as Json;
    await assert.rejects(writer.call('convert', [DATABASE, schema]));
    writer.close();
    assert.match(await by('denied', undefined), /^127\.0\.0\.1:\d+$/);
  });
});
