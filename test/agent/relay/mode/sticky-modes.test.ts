import assert from 'node:assert/strict';
import type { PeerIdentity } from '../../../../agent/fd/peer.ts';
import { StickyModes } from '../../../../agent/relay/mode/sticky-modes.ts';

const qemu = (pid: number): PeerIdentity => ({ pid, startTime: '1', bootId: 'b' });
const held = (pid: number, version = `v${pid}`) => ({ version, digest: version, peer: qemu(pid) });

describe('the modes that front-end processes hold', () => {
  const dead = new Set<number>();
  const made = (known?: ReturnType<typeof held>) => new StickyModes(known ? [known] : [], ({ pid }) => !dead.has(pid));
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

  it('of guests stay, however many strangers connect and say nothing', () => {
    const stickies = made(held(1));
    for (let pid = 2; pid < 30; pid += 1) {
      stickies.add(held(pid));
      stickies.negotiated(qemu(pid));
    }
    for (let pid = 100; pid < 400; pid += 1) stickies.add(held(pid));
    for (let pid = 1; pid < 30; pid += 1) assert.equal(stickies.of(qemu(pid))?.version, `v${pid}`);
    assert.equal(stickies.of(qemu(399))?.version, 'v399');
  });
});
