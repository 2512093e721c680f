import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import type { StickyMode } from '../../../../agent/orders/orders.ts';
import { RelayedInterface } from '../../../../agent/relay/service/relayed-interface.ts';
import { Bench, entryOf, until } from '../../support.ts';

describe('a guest that comes again after somebody else was at its door', () => {
  it('gets the mode that it had', async () => {
    const bench = new Bench();
    try {
      const backend = await bench.backend();
      const [v1, v2] = [entryOf({ version: 'v1' }), entryOf({ version: 'v2', digest: '2'.repeat(64) })];
      const order = {
        ...{ id: 'u', name: 'p', deviceType: 'vhost-user-net', version: 'v1' },
        ...{ frontend: `listen:${bench.path('f')}`, backend: `connect:${bench.path('b')}` },
      };
      let remembered: readonly StickyMode[] = [];
      const relayed = new RelayedInterface(
        order,
        [],
        {
          ...{ socketGroup: undefined, entries: () => [v1, v2], hostDefault: () => undefined },
          ...{ changed: () => {}, event: () => {} },
          remember: (_order, modes) => {
            remembered = modes;
          },
        },
        undefined,
      );
      bench.also({ close: () => void relayed.stop() });
      const connect = async () => bench.also(await MockFrontend.open(bench.endpoint('connect', 'f')));
      const guest = await connect();
      await guest.negotiate();
      relayed.update({ ...order, version: 'v2' });
      assert.equal(relayed.report().mode, 'v1');
      assert.deepEqual(
        remembered.map(({ version, peer }) => [version, peer.pid]),
        [['v1', process.pid]],
      );
      guest.close();
      await until('its door', () => relayed.report().state === 'waiting-frontend');
      const stranger = `require('net').connect(${JSON.stringify(bench.path('f'))}, () => process.exit(0))`;
      assert.equal(spawnSync(process.execPath, ['-e', stranger]).status, 0);
      await until('the stranger', () => relayed.report().statistics['frontend_connects'] === 2);
      await until('its door again', () => relayed.report().state === 'waiting-frontend');
      await (await connect()).negotiate();
      assert.equal(relayed.report().mode, 'v1');
      assert.equal(backend.connections >= 1, true);
    } finally {
      bench.close();
    }
  });
});
