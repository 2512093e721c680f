import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import type { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import { Port } from '../../../../agent/relay/port/port.ts';
import { ResumedPorts } from '../../../../agent/relay/service/resumed-ports.ts';
import { aWhile, benchForEach, Hooks, until, untilState } from '../../support.ts';
import { leavePair, TestHandover } from '../handover/keepers.ts';

describe('ports that go on before the agent around them has started', () => {
  const bench = benchForEach(() => handover.close());
  let handover: TestHandover;
  beforeEach(() => {
    handover = new TestHandover();
  });
  const endpoints = () => [`listen:${bench.path('f')}`, `connect:${bench.path('b')}`] as const;

  /** A front-end that was connected to the agent before. */
  async function connected(): Promise<MockFrontend> {
    await bench.backend();
    const [frontend, backend] = [bench.endpoint('listen', 'f'), bench.endpoint('connect', 'b')];
    const port = new Port({ name: 'p', deviceType: 'vhost-user-net', frontend, backend }, new Hooks(), { handover });
    port.start();
    const guest = await bench.frontend();
    await guest.negotiate();
    port.leave();
    return guest;
  }

  function next(): ResumedPorts {
    const kept = new ResumedPorts(handover, handover.inherited(), { handover });
    bench.also({ close: () => void kept.endOthers() });
    return kept;
  }

  it('relay at once, and tell what happened when they are adopted', async () => {
    const guest = await connected();
    const kept = next();
    assert.deepEqual([kept.size, kept.problems], [1, []]);
    await guest.sync();
    const claimed = kept.takeOver('p', ...endpoints());
    assert.ok(claimed);
    bench.also({ close: () => void claimed.port.stop() });
    const hooks = new Hooks();
    claimed.adopt(hooks);
    assert.deepEqual(hooks.kinds(), ['resumed']);
    assert.equal(hooks.changes, 1);
    guest.close();
    await until('the port is told of to its owner', () => hooks.kinds().includes('frontend-left'));
  });

  it('keep a guest that has nothing to say, whoever else comes to its door', async () => {
    const guest = await connected();
    const claimed = next().takeOver('p', ...endpoints());
    assert.ok(claimed);
    const { port } = claimed;
    bench.also({ close: () => void port.stop() });
    const hooks = new Hooks();
    claimed.adopt(hooks);
    await until('its door', () => existsSync(bench.path('f')));
    await aWhile(1100); // after so long a front-end that never said anything makes room
    const stranger = await bench.frontend();
    await stranger.ended;
    assert.deepEqual([guest.isOpen, port.status.state], [true, 'negotiated']);
    await guest.sync();
    assert.deepEqual(hooks.codes(), ['VC-FRONTEND-BUSY']);
  });

  it('leave the journals of another agent alone until the database is theirs', async () => {
    await connected();
    const [journal = ''] = readdirSync(handover.folder);
    const stranger = new ResumedPorts(handover, new Map(), { handover });
    assert.deepEqual(readdirSync(handover.folder), [journal]);
    stranger.leave();
    assert.deepEqual(readdirSync(handover.folder), [journal]);
    assert.equal(next().size, 1, 'its own next life goes on');
    const successor = new ResumedPorts(handover, new Map(), { handover });
    await successor.endOthers();
    assert.deepEqual(readdirSync(handover.folder), []);
  });

  it('offer nothing to a front-end that comes too early, and serve it when they are adopted', async () => {
    const guest = await connected();
    const kept = next();
    const claimed = kept.takeOver('p', ...endpoints());
    assert.ok(claimed);
    const { port } = claimed;
    bench.also({ close: () => void port.stop() });
    guest.close();
    await untilState(port, 'refused');
    assert.equal(port.status.error?.code, 'VC-AGENT-STARTING');
    const waiting = bench.frontend();
    assert.equal(existsSync(bench.path('f')), false, 'its door is shut');
    const hooks = new Hooks();
    claimed.adopt(hooks);
    port.reconsider();
    await (await waiting).negotiate();
    await untilState(port, 'negotiated');
    assert.deepEqual(hooks.codes(), ['VC-AGENT-STARTING']);
    assert.deepEqual(hooks.kinds().slice(0, 2), ['resumed', 'frontend-left']);
  });

  it('belong to the interface of that name at the same sockets, and to one owner', async () => {
    await connected();
    const kept = next();
    const [frontend, backend] = endpoints();
    assert.equal(kept.takeOver('q', frontend, backend), undefined);
    assert.equal(kept.takeOver('p', `${frontend}x`, backend), undefined);
    assert.equal(kept.takeOver('p', frontend, `${backend}x`), undefined);
    const claimed = kept.takeOver('p', frontend, backend);
    assert.ok(claimed);
    assert.equal(kept.takeOver('p', frontend, backend), undefined);
    await claimed.port.stop();
  });

  it('end when nobody claims them', async () => {
    const guest = await connected();
    const kept = next();
    assert.deepEqual(await kept.endOthers(), ['p']);
    await guest.ended;
    assert.deepEqual([kept.size, handover.stored.size], [0, 0]);
  });

  it('are left to the agent after this one when this one cannot start', async () => {
    const guest = await connected();
    next().leave();
    assert.equal(handover.stored.size, 1);
    const kept = next();
    assert.equal(kept.size, 1);
    await guest.sync();
  });

  it('are told of as problems when they cannot go on', () => {
    const { name, peers } = leavePair(handover);
    handover.journal(name).edit((bytes) => bytes.subarray(0, 8));
    const kept = next();
    assert.deepEqual(
      kept.problems.map(({ code }) => code),
      ['VC-RESUME'],
    );
    assert.equal(kept.size, 0);
    for (const fd of peers) fd.close();
  });
});
