import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockBackend } from '../../agent/mock/mock-backend.ts';
import { parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';
import { Peers } from '../peers/process.ts';
import { TestAgent } from './agents.ts';

const row = (version: string, virtio_features: string) => ({
  ...{ version, summary: 's', virtio_features, limits: {}, tier: 'both-ways' },
});

describe('two device types with a version of the same name', function () {
  this.timeout(60_000);
  const peers = new Peers();
  let agent: TestAgent;

  before(async () => {
    const tables = peers.folder();
    const write = (file: string, device_type: string, ...entries: readonly ReturnType<typeof row>[]) =>
      writeFileSync(join(tables, file), JSON.stringify({ format: 1, device_type, entries }));
    write('10-a.json', 'vhost-user-blk', row('site.v1', '0x140000000'), row('site.blk.v1', '0x100000000'));
    write('20-b.json', 'vhost-user-net', row('site.v1', '0x100000000'), row('site.net.v2', '0x100000020'));
    agent = await TestAgent.start(peers, 'types', ['--tables', tables]);
  });
  after(() => peers.end());

  it('publish both, and nothing has changed', async () => {
    const text = await agent.must('list-versions', '--all', '--format', 'json');
    const { versions } = JSON.parse(text) as { versions: { version: string; device_type: string }[] };
    assert.deepEqual(
      versions.map(({ version, device_type }) => `${device_type} ${version}`),
      ['vhost-user-blk site.v1', 'vhost-user-blk site.blk.v1', 'vhost-user-net site.v1', 'vhost-user-net site.net.v2'],
    );
    const { events } = JSON.parse(await agent.must('events', '--format', 'json')) as { events: { code?: string }[] };
    assert.deepEqual(
      events.flatMap(({ code }) => code ?? []),
      [],
    );
  });

  it('have a default each: one that only the other type has shuts no door', async () => {
    const abilities = { virtioFeatures: 0x140000000n, protocolFeatures: 0n, limits: {} };
    const backend = new MockBackend(parseEndpoint(`listen:${agent.path('be')}`), abilities);
    peers.defer(() => backend.close());
    await backend.open();
    const ends = ['--backend', `connect:${agent.path('be')}`, '--frontend', `listen:${agent.path('fe')}`];
    await agent.must('add-interface', 'blk0', '--device-type', 'vhost-user-blk', ...ends);
    await agent.inState('blk0', 'waiting-frontend');
    await agent.must('default-version', 'site.net.v2');
    const { state, next_start } = await agent.show('blk0');
    assert.deepEqual([state, next_start], ['waiting-frontend', 'site.v1']);
    const shown = JSON.parse(await agent.must('default-version', '--format', 'json')) as Record<string, unknown>;
    assert.deepEqual(
      [shown['effective'], shown['device_types']],
      [
        'site.net.v2',
        [
          { device_type: 'vhost-user-net', effective: 'site.net.v2' },
          { device_type: 'vhost-user-blk', effective: 'site.v1' },
        ],
      ],
    );
    await agent.must('default-version', 'site.blk.v1');
    assert.equal((await agent.show('blk0')).next_start, 'site.blk.v1');
  });
});
