import assert from 'node:assert/strict';
import { benchForEach, entryOf, Hooks, OVS_2_13, OVS_3_2, until, untilState } from '../../support.ts';

const OTHER = { listen: 'connect', connect: 'listen' } as const;

const combinations = [
  { frontend: 'listen', backend: 'connect' },
  { frontend: 'listen', backend: 'listen' },
  { frontend: 'connect', backend: 'connect' },
  { frontend: 'connect', backend: 'listen' },
] as const;

for (const roles of combinations) {
  describe(`a port that ${roles.frontend}s for its front-end and ${roles.backend}s for its back-end`, () => {
    const bench = benchForEach();

    it('offers the mode, and nothing else', async () => {
      const hooks = new Hooks({ mode: entryOf({ virtioFeatures: OVS_2_13.virtioFeatures }) });
      const backend = await bench.backend({ role: OTHER[roles.backend] });
      const port = bench.port(hooks, roles);
      const found = await (await bench.frontend('f', OTHER[roles.frontend])).negotiate({
        queuePairs: 2,
        ringSize: 512,
      });
      await untilState(port, 'negotiated');
      assert.equal(found.features, 0xd7c66a7can);
      assert.equal(found.protocolFeatures, OVS_3_2.protocolFeatures);
      assert.equal(found.queueNum, 128);
      const { status } = port;
      assert.equal(status.offered, 0xd7c66a7can);
      assert.equal(status.acked, 0xd7c66a7can);
      assert.equal(status.ackedProtocol, OVS_3_2.protocolFeatures);
      assert.equal(status.queuePairs, 2);
      assert.deepEqual(
        [...status.ringSizes],
        [
          [0, 512],
          [1, 512],
          [2, 512],
          [3, 512],
        ],
      );
      assert.equal(status.peer?.pid, process.pid);
      assert.equal(status.peer?.socket === undefined, roles.frontend === 'listen');
      assert.equal(backend.devices[0]?.acked, 0xd7c66a7can);
      assert.equal(status.statistics.frontend_connects, 1);
      // SET_MEM_TABLE, and a kick and a call for each of four rings.
      assert.equal(status.statistics.descriptors_to_backend, 9);
    });

    it('starts over when the front-end leaves, and serves the next one', async () => {
      const hooks = new Hooks();
      const backend = await bench.backend({ role: OTHER[roles.backend] });
      const port = bench.port(hooks, roles);
      for (const round of [1, 2]) {
        const frontend = await bench.frontend('f', OTHER[roles.frontend]);
        await frontend.negotiate();
        assert.equal(backend.connections, round);
        frontend.close();
        await until(
          'the front-end is seen to leave',
          () => hooks.kinds().filter((kind) => kind === 'frontend-left').length === round,
        );
      }
      await untilState(port, 'waiting-frontend');
      assert.equal(backend.connections, 3);
    });

    it('closes the front-end at once when the back-end goes, and comes back with it', async () => {
      const hooks = new Hooks();
      const backend = await bench.backend({ role: OTHER[roles.backend] });
      const port = bench.port(hooks, roles);
      const frontend = await bench.frontend('f', OTHER[roles.frontend]);
      await frontend.negotiate();
      backend.hangUp();
      await frontend.ended;
      await (await bench.frontend('f', OTHER[roles.frontend])).negotiate();
      await untilState(port, 'negotiated');
      assert.deepEqual(hooks.codes(), []);
    });
  });
}
