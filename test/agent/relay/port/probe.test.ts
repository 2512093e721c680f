import assert from 'node:assert/strict';
import { Listener } from '../../../../agent/fd/listener.ts';
import { abilitiesOfRelease, runMockBackend } from '../../../../agent/mock/mock-backend.ts';
import { probe } from '../../../../agent/relay/port/probe.ts';
import { benchForEach, OVS_2_13, until } from '../../support.ts';

describe('probe', () => {
  const bench = benchForEach();

  it('measures a back-end that listens, in which nothing stays accepted, and hangs up', async () => {
    const backend = await bench.backend();
    const abilities = await probe(bench.endpoint('connect', 'b'));
    assert.deepEqual(abilities, {
      virtioFeatures: 0xd7c66a7cbn,
      protocolFeatures: 0x10cbfn,
      limits: { queue_pairs: 128 },
    });
    await until('it hung up', () => backend.live.length === 0);
    assert.deepEqual(
      backend.received.map(({ name, payload }) => `${name} ${Buffer.from(payload).toString('hex')}`),
      [
        'GET_FEATURES ',
        'GET_PROTOCOL_FEATURES ',
        'SET_PROTOCOL_FEATURES 0100000000000000',
        'GET_QUEUE_NUM ',
        'SET_PROTOCOL_FEATURES 0000000000000000',
      ],
    );
  });

  it('measures a back-end that connects', async () => {
    await bench.backend({ role: 'connect', abilities: OVS_2_13 });
    assert.deepEqual(await probe(bench.endpoint('listen', 'b')), OVS_2_13);
  });

  it('measures what a mock of a release was told to be', async () => {
    const release = { virtioFeatures: 0x144468000n, protocolFeatures: 0x1n, queuePairs: 32768 };
    bench.also(await runMockBackend(bench.endpoint('listen', 'b'), release));
    assert.deepEqual(await probe(bench.endpoint('connect', 'b')), abilitiesOfRelease(release));
    await assert.rejects(runMockBackend(bench.endpoint('listen', 'b'), release), { code: 'VC-ENDPOINT-TAKEN' });
  });

  const failures: { title: string; role: 'listen' | 'connect'; code: string; prepare?: () => Promise<unknown> }[] = [
    { title: 'nobody listens', role: 'connect', code: 'VC-BACKEND-CONNECT' },
    { title: 'nobody connects', role: 'listen', code: 'VC-VHOST-TIMEOUT' },
    { title: 'the path is served already', role: 'listen', code: 'VC-ENDPOINT-TAKEN', prepare: () => bench.backend() },
    {
      title: 'it does not answer',
      role: 'connect',
      code: 'VC-VHOST-TIMEOUT',
      prepare: () => bench.backend({}, { intercept: () => true }),
    },
    {
      title: 'it hangs up',
      role: 'connect',
      code: 'VC-VHOST-GONE',
      prepare: async () => bench.also(new Listener(bench.path('b'), {}, (fd) => fd.close())),
    },
    {
      title: 'it answers another question',
      role: 'connect',
      code: 'VC-VHOST-HEADER',
      prepare: () =>
        bench.backend(
          {},
          {
            intercept: (_message, connection) => {
              connection.write(Uint8Array.from([15, 0, 0, 0, 5, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
              return true;
            },
          },
        ),
    },
  ];
  for (const { title, role, code, prepare } of failures) {
    it(`fails with ${code} when ${title}`, async () => {
      await prepare?.();
      await assert.rejects(probe(bench.endpoint(role, 'b'), { timeoutMs: 60 }), { name: 'CompatError', code });
    });
  }
});
