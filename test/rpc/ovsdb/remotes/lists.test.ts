import assert from 'node:assert/strict';
import { OvsdbClient } from '../../../../rpc/ovsdb/client/ovsdb-client.ts';
import { Peers } from '../../../peers/process.ts';
import { OurServer, until } from '../net/subjects.ts';

const QUICK = { firstMs: 5, minMs: 10, maxMs: 20 };

describe('a list of remotes', () => {
  const peers = new Peers();
  after(() => peers.end());

  async function servers(count: number): Promise<OurServer[]> {
    const all = Array.from({ length: count }, () => new OurServer(peers));
    for (const one of all) await one.start();
    return all;
  }

  function client(remote: string, options: object = {}): { client: OvsdbClient; order: string[] } {
    const order: string[] = [];
    const made = new OvsdbClient(remote, {
      ...QUICK,
      ...options,
      log: ({ event, text }) => {
        if (event === 'connected') order.push(text.replace('connected to ', ''));
      },
    });
    peers.defer(() => made.close());
    return { client: made, order };
  }

  it('is tried in its order, and after a loss from the next one on', async () => {
    const all = await servers(3);
    const [a, b, c] = all.map(({ remote }) => remote);
    const { client: one, order } = client([a, b, c].join(','));
    await one.connect(5000);
    assert.deepEqual(order, [a]);
    await all[0]?.stop();
    await until(() => order.length === 2);
    await all[1]?.stop();
    await until(() => order.length === 3);
    await all[0]?.start();
    await all[2]?.stop();
    await until(() => order.length === 4);
    assert.deepEqual(order, [a, b, c, a]);
  });

  it('is shuffled when that is asked for, so that clients spread', async () => {
    const remotes = (await servers(4)).map(({ remote }) => remote);
    const met = new Set<string | undefined>();
    // Each try misses the second server of those met with 1 in 4; 200 tries miss it with 10^-25.
    for (let i = 0; i < 200 && met.size < 2; i++) {
      const { client: one, order } = client(remotes.join(','), { shuffle: true });
      await one.connect(5000);
      met.add(order[0]);
      one.close();
    }
    assert.equal(met.size, 2);
  });
});
