import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { PeerIdentity } from '../../../agent/fd/peer.ts';
import { ManagedInterface } from '../../../agent/manager/managed-interface.ts';
import { StickyModes } from '../../../agent/manager/sticky-modes.ts';
import { MockFrontend } from '../../../agent/mock/mock-frontend.ts';
import type { InterfaceRow } from '../../../rpc/state/read-rows.ts';
import { Bench, entryOf, until } from '../support.ts';

const qemu = (pid: number): PeerIdentity => ({ pid, startTime: '1', bootId: 'b' });
const held = (pid: number, version = `v${pid}`) => ({ version, digest: version, peer: qemu(pid) });

describe('the modes that front-end processes hold', () => {
  const dead = new Set<number>();
  const made = (known?: ReturnType<typeof held>) => new StickyModes(known, ({ pid }) => !dead.has(pid));
  beforeEach(() => dead.clear());

  it('are each for their own process, in whatever order they come', () => {
    const stickies = made(held(1));
    stickies.add(held(2));
    assert.deepEqual([stickies.of(qemu(1))?.version, stickies.of(qemu(2))?.version], ['v1', 'v2']);
    assert.equal(stickies.of(qemu(3)), undefined);
  });

  it('show that of the guest until another has taken features', () => {
    const stickies = made(held(1));
    stickies.add(held(2));
    assert.equal(stickies.first?.version, 'v1');
    stickies.negotiated(qemu(2));
    assert.equal(stickies.first?.version, 'v2');
    assert.equal(stickies.of(qemu(1))?.version, 'v1');
  });

  it('show that of whoever comes when the one before is gone', () => {
    const stickies = made(held(1));
    dead.add(1);
    stickies.add(held(2));
    assert.equal(stickies.first?.version, 'v2');
    assert.equal(stickies.of(qemu(1)), undefined);
  });

  it('end with their processes, the connected one aside', () => {
    const stickies = made(held(1));
    stickies.add(held(2));
    assert.equal(stickies.expire(undefined), false);
    dead.add(1).add(2);
    assert.equal(stickies.expire(qemu(1)), true);
    assert.deepEqual([stickies.first?.version, stickies.of(qemu(2))], ['v1', undefined]);
    assert.equal(stickies.expire(undefined), true);
    assert.equal(stickies.first, undefined);
  });

  it('are bounded: whoever waits longest is forgotten, the guest never', () => {
    const stickies = made(held(1));
    for (let pid = 2; pid < 100; pid += 1) stickies.add(held(pid));
    assert.equal(stickies.first?.version, 'v1');
    assert.deepEqual([stickies.of(qemu(2)), stickies.of(qemu(99))?.version], [undefined, 'v99']);
  });
});

describe('a pin', () => {
  it('is taken up though a change of status of the same row came before it was looked at', () => {
    const [v1, v2] = [entryOf({ version: 'v1' }), entryOf({ version: 'v2', digest: '2'.repeat(64) })];
    const row = {
      ...{ uuid: 'u', name: 'p', deviceType: 'vhost-user-net', version: 'v1', peer: new Map() },
      ...{ frontend: 'listen:/nonexistent/f', backend: 'connect:/nonexistent/b' },
    } as unknown as InterfaceRow;
    const shown: unknown[] = [];
    const managed = new ManagedInterface(
      row,
      {
        ...{ socketGroup: undefined, entries: () => [v1, v2], hostDefault: () => undefined },
        ...{ event: () => {}, backendsChanged: () => {} },
        write: (_uuid, columns) => shown.push(JSON.stringify(columns['next_start'])),
      },
      undefined,
    );
    try {
      const pinned = { ...row, version: 'v2' };
      managed.refresh(pinned);
      managed.update(pinned);
      assert.match(String(shown.at(-1)), /v2/);
    } finally {
      void managed.stop();
    }
  });
});

describe('a guest that comes again after somebody else was at its door', () => {
  it('gets the mode that it had', async () => {
    const bench = new Bench();
    try {
      const backend = await bench.backend();
      const [v1, v2] = [entryOf({ version: 'v1' }), entryOf({ version: 'v2', digest: '2'.repeat(64) })];
      const row = {
        ...{ uuid: 'u', name: 'p', deviceType: 'vhost-user-net', version: 'v1', peer: new Map() },
        ...{ frontend: `listen:${bench.path('f')}`, backend: `connect:${bench.path('b')}` },
      } as unknown as InterfaceRow;
      const managed = new ManagedInterface(
        row,
        {
          ...{ socketGroup: undefined, entries: () => [v1, v2], hostDefault: () => undefined },
          ...{ write: () => {}, event: () => {}, backendsChanged: () => {} },
        },
        undefined,
      );
      bench.also({ close: () => void managed.stop() });
      const connect = async () => bench.also(await MockFrontend.open(bench.endpoint('connect', 'f')));
      const guest = await connect();
      await guest.negotiate();
      managed.update({ ...row, version: 'v2' });
      assert.equal(managed.status?.mode?.version, 'v1');
      guest.close();
      await until('its door', () => managed.status?.state === 'waiting-frontend');
      const stranger = `require('net').connect(${JSON.stringify(bench.path('f'))}, () => process.exit(0))`;
      assert.equal(spawnSync(process.execPath, ['-e', stranger]).status, 0);
      await until('the stranger', () => managed.status?.statistics.frontend_connects === 2);
      await until('its door again', () => managed.status?.state === 'waiting-frontend');
      await (await connect()).negotiate();
      assert.equal(managed.status?.mode?.version, 'v1');
      assert.equal(backend.connections >= 1, true);
    } finally {
      bench.close();
    }
  });
});
