import assert from 'node:assert/strict';
import { maskOf } from '../../../compat-tables/bits/mask.ts';
import { GUEST_ANNOUNCE } from '../../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import type { MoveSubject } from '../../../compat-tables/moves/move-host.ts';
import { ask, hostLike, hostOf, linux, running, V } from '../hosts.ts';
import { entryLike } from '../shipped.ts';

const home = hostLike('ovs-3.5', { name: 'node1', id: 'a' });
const backend = home.abilities ?? assert.fail();
const RARP = maskOf(PROTOCOL, 'RARP');
const quiet = running(home, V('v3.2'), (offered) => linux(offered) & ~GUEST_ANNOUNCE);
const loud = running(home, V('v3.2'), linux);
const mute = hostOf('node2', { ...backend, protocolFeatures: backend.protocolFeatures & ~RARP });

describe('a warning that no switch learns where the guest has gone', () => {
  const text = (...args: Parameters<typeof ask>) => ask(...args).warnings.filter((one) => /RARP/.test(one));

  it('is given when neither guest nor back-end announces it', () => {
    assert.deepEqual(text(quiet, home, mute), [
      'its guest does not announce itself (no VIRTIO_NET_F_GUEST_ANNOUNCE), and the back-end of node2 has no VHOST_USER_PROTOCOL_F_RARP: the switches learn where it is only when it sends something',
    ]);
    assert.equal(ask(quiet, home, mute).possible, true);
  });

  it('is not given when one of them does, or when no guest has chosen yet', () => {
    assert.deepEqual(text(loud, home, mute), []);
    assert.deepEqual(text(quiet, home, hostLike('ovs-3.5', { name: 'node2' })), []);
    assert.deepEqual(text({ ...quiet, acked: undefined }, home, mute), []);
  });

  it('names the version that cuts it, or the front-end that did not accept it', () => {
    const { virtioFeatures, protocolFeatures } = backend;
    const cut = entryLike({ version: 'site.cut', virtioFeatures, protocolFeatures: protocolFeatures & ~RARP });
    assert.match(
      text(quiet, home, hostOf('node2', backend, { entries: [cut] })).join(),
      /, and site\.cut has no VHOST_USER_PROTOCOL_F_RARP/,
    );
    const few = { ...quiet, ackedProtocol: maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD') };
    assert.match(
      text(few, home, hostLike('ovs-3.5')).join(),
      /, and its front-end did not accept VHOST_USER_PROTOCOL_F_RARP/,
    );
  });

  it('is not given for what is not known, nor for other devices than network cards', () => {
    const unknown = { ...mute, abilities: undefined };
    assert.deepEqual(text(quiet, home, unknown), []);
    const disk = { deviceType: 'vhost-user-blk' };
    assert.deepEqual(text({ ...quiet, ...disk }, { ...home, ...disk }, { ...mute, ...disk }), []);
  });
});

describe('a warning about the interface of the same name at the destination', () => {
  const prepared = (more: Partial<MoveSubject>) => {
    const idle = { inForce: undefined, acked: undefined, state: 'waiting-frontend' };
    return hostLike('ovs-3.5', { name: 'node2', id: 'b', interfaces: [{ ...loud, ...idle, ...more }] });
  };
  const warnings = (more: Partial<MoveSubject>) => ask(loud, home, prepared(more)).warnings;

  it('says that another guest has it', () => {
    const [busy, ...rest] = warnings({ acked: loud.acked, inForce: V('v3.2'), state: 'negotiated' });
    assert.match(busy ?? '', /^vhu0 of node2 is in use by another guest: .*\[VC-FRONTEND-BUSY\]$/);
    assert.deepEqual(rest, []);
    // also while that one reconnects
    assert.match(warnings({ acked: loud.acked, state: 'waiting-frontend' }).join(), /in use by another guest/);
  });

  it('does not take the interface itself for another', () => {
    const self = { ...home, name: 'node1 (2)', interfaces: [{ ...loud, state: 'negotiated' }] };
    assert.deepEqual(ask(loud, home, self).warnings, []);
  });

  for (const [state, want] of [
    ['waiting-backend', /its back-end is not connected \(connect:\/b: ENOENT, tried every second\)/],
    ['refused', /it can offer no version as it stands \(connect/],
    ['error', /an endpoint of it cannot be used \(connect/],
    ['stopped', /its agent has ended/],
  ] as const) {
    it(`says that no front-end gets in: ${state}`, () => {
      const [one, ...rest] = warnings({ state, detail: 'connect:/b: ENOENT, tried every second' });
      assert.match(one ?? '', /^vhu0 of node2 lets no front-end in now: /);
      assert.match(one ?? '', want);
      assert.deepEqual(rest, []);
    });
  }

  it('is not given when it serves front-ends, nor for states of later releases', () => {
    for (const state of ['waiting-frontend', 'measuring', 'connected', 'later', 'constructor', undefined])
      assert.deepEqual(warnings({ state }), [], state);
  });

  it('speaks of all interfaces where there is none of that name', () => {
    const others = (states: readonly string[]) =>
      hostLike('ovs-3.5', {
        ...{ name: 'node2', id: 'b' },
        interfaces: states.map((state, index) => ({ ...loud, name: `other${index}`, state })),
      });
    const text = 'no back-end is connected on node2: all of its interfaces wait for theirs';
    assert.deepEqual(ask(loud, home, others(['waiting-backend', 'waiting-backend'])).warnings, [text]);
    assert.deepEqual(ask(loud, home, others(['waiting-backend', 'negotiated'])).warnings, []);
    assert.deepEqual(ask(loud, home, others([])).warnings, []);
  });
});
