import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import type { Fact } from '../../../../agent/orders/facts.ts';
import type { Order } from '../../../../agent/orders/orders.ts';
import { RelayService } from '../../../../agent/relay/service/relay-service.ts';
import type { KeeperLink } from '../../../../agent/relay/service/resumed-ports.ts';
import { Bench, entryOf, until } from '../../support.ts';

describe('the relay process by its orders', () => {
  let bench: Bench;
  const logged: string[] = [];
  const facts: Fact[] = [];
  beforeEach(() => {
    bench = new Bench();
    logged.length = 0;
    facts.length = 0;
  });
  afterEach(() => bench.close());

  function started(keeper?: KeeperLink): RelayService {
    const folder = bench.path('orders');
    mkdirSync(folder, { recursive: true });
    const tell = (event: string) => void logged.push(event);
    const service = new RelayService({ folder, socketGroup: undefined, keeper, log: { warn: tell, error: tell } });
    bench.also({ close: () => service.leave() });
    service.start();
    service.attach({ isWritable: true, send: (fact) => void facts.push(fact) });
    return service;
  }

  const order = (id: string, suffix = ''): Order => ({
    is: 'interface',
    interface: {
      ...{ id, name: id, deviceType: 'vhost-user-net' },
      ...{ frontend: `listen:${bench.path(`f${suffix}`)}`, backend: `connect:${bench.path(`b${suffix}`)}` },
    },
  });
  const versions: Order = { is: 'versions', entries: [entryOf()] };

  async function applied(service: RelayService, number: number, all = false): Promise<void> {
    service.receive({ is: 'apply', number, all });
    await until(`applied ${number}`, () => facts.some((fact) => fact.is === 'applied' && fact.number === number));
  }

  const stateOf = (id: string) =>
    facts.flatMap((fact) => (fact.is === 'status' && fact.id === id ? fact.status : [])).at(-1);

  it('does nothing before apply, and says what became of it before it acknowledges', async () => {
    const service = started();
    for (const one of [versions, order('a')]) service.receive(one);
    assert.equal(service.size, 0);
    await applied(service, 1);
    assert.equal(service.size, 1);
    assert.deepEqual(
      facts.map(({ is }) => is),
      ['status', 'applied'],
    );
  });

  it('serves an interface though another cannot be opened for a reason that nobody foresaw', async () => {
    await bench.backend({ name: 'b2' });
    const has = (name: string): boolean => {
      if (name === 'bad') throw new TypeError('unforeseen');
      return false;
    };
    const ports = {
      has: () => false,
      takeOver: (name: string) => void has(name),
      endOthers: async () => [],
      leave: () => {},
    };
    const service = started({ ports, handover: undefined, atStep: undefined } as unknown as KeeperLink);
    for (const one of [versions, order('bad', '1'), order('good', '2')]) service.receive(one);
    await applied(service, 1);
    assert.deepEqual([service.size, logged], [1, ['interface-not-opened']]);
    await until('its door', () => stateOf('good')?.state === 'waiting-frontend');
    await bench.also(await MockFrontend.open(bench.endpoint('connect', 'f2'))).negotiate();
  });

  it('gives a socket path to the interface that waits for it when its owner goes', async () => {
    const service = started();
    for (const one of [versions, order('a'), order('b')]) service.receive(one);
    await applied(service, 1);
    assert.deepEqual([stateOf('a')?.state, stateOf('b')?.error?.code], ['waiting-backend', 'VC-ENDPOINT-TAKEN']);
    service.receive({ is: 'remove', id: 'a' });
    await applied(service, 2);
    assert.deepEqual([service.size, stateOf('b')?.state], [1, 'waiting-backend']);
  });

  it('knows a socket path again however it is written', async () => {
    const service = started();
    const real = bench.path('sockets');
    mkdirSync(real);
    symlinkSync(real, bench.path('link'));
    symlinkSync(join(real, 'b1'), join(real, 'b3'));
    const at = (id: string, frontend: string, backend: string): Order => ({
      is: 'interface',
      interface: {
        id,
        name: id,
        deviceType: 'vhost-user-net',
        frontend: `listen:${frontend}`,
        backend: `connect:${backend}`,
      },
    });
    await bench.backend({ name: 'sockets/b1' });
    for (const one of [versions, at('a', join(real, 'f1'), join(real, 'b1'))]) service.receive(one);
    await applied(service, 1);
    service.receive(at('linked', bench.path('link/f1'), join(real, 'b2')));
    service.receive(at('dotted', `${real}/../sockets/./f1`, join(real, 'b4')));
    service.receive(at('same-file', join(real, 'f3'), join(real, 'b3')));
    service.receive(at('both', bench.path('link/x'), join(real, 'x')));
    service.receive(at('other', bench.path('link/f5'), join(real, 'b5')));
    await applied(service, 2);
    const errors = ['linked', 'dotted', 'same-file', 'both', 'other'].map((id) => stateOf(id)?.error?.code);
    const taken = 'VC-ENDPOINT-TAKEN';
    assert.deepEqual(errors, [taken, taken, taken, 'VC-ENDPOINT', undefined]);
  });

  it('ends what a new manager does not name, at its first complete set and not before', async () => {
    const service = started();
    for (const one of [versions, order('a', '1'), order('b', '2')]) service.receive(one);
    await applied(service, 1);
    service.detach();
    service.attach({ isWritable: true, send: (fact) => void facts.push(fact) });
    service.receive(order('b', '2'));
    await applied(service, 2);
    assert.equal(service.size, 2);
    await applied(service, 3, true);
    assert.equal(service.size, 1);
  });
});
