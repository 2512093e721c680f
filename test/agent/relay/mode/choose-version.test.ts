import assert from 'node:assert/strict';
import type { PeerIdentity } from '../../../../agent/fd/peer.ts';
import type { StickyMode } from '../../../../agent/orders/orders.ts';
import {
  type Intent,
  modeFor,
  nextStart,
  nextStartName,
  sameAgain,
} from '../../../../agent/relay/mode/choose-version.ts';
import type { Abilities, Entry } from '../../../../compat-tables/entries/entry.ts';

function entry(version: string, virtioFeatures: bigint, deviceType = 'vhost-user-net'): Entry {
  return {
    version,
    deviceType,
    virtioFeatures,
    protocolFeatures: undefined,
    requiredProtocolFeatures: 0n,
    limits: {},
    tier: 'both-ways',
    summary: '',
    covers: [],
    sources: [],
    origin: 'test',
    digest: `digest of ${version}`,
  };
}

const NEW = entry('new', 0x100000001n);
const OLD = entry('old', 0x100000000n);
const BLK = entry('blk', 0x100000000n, 'vhost-user-blk');
const ENTRIES = [NEW, OLD, BLK];

const able = (virtioFeatures: bigint): Abilities => ({ virtioFeatures, protocolFeatures: 0n, limits: {} });
const FULL = able(0x144000001n);
const POOR = able(0x144000000n);

const QEMU: PeerIdentity = { pid: 7, startTime: '100', bootId: 'b' };
const NEXT_QEMU: PeerIdentity = { pid: 7, startTime: '900', bootId: 'b' };
const STICKY: StickyMode = { version: 'old', digest: OLD.digest, peer: QEMU };

const intent = (pin?: string, hostDefault?: string): Intent => ({
  interface: 'vhu0',
  deviceType: 'vhost-user-net',
  pin,
  hostDefault,
});

describe('which mode a front-end gets', () => {
  const cases = [
    {
      title: 'unpinned: the first version that the back-end can honour',
      intent: intent(),
      abilities: FULL,
      want: 'new',
    },
    { title: 'unpinned on a poorer back-end: the first that fits it', intent: intent(), abilities: POOR, want: 'old' },
    { title: 'the default of the host', intent: intent(undefined, 'old'), abilities: FULL, want: 'old' },
    { title: 'the pin before the default', intent: intent('new', 'old'), abilities: FULL, want: 'new' },
    {
      title: 'a pin that the back-end cannot honour',
      intent: intent('new'),
      abilities: POOR,
      want: 'VC-MODE-FEATURES',
    },
    {
      title: 'a default that the back-end cannot honour is no reason to take another',
      intent: intent(undefined, 'new'),
      abilities: POOR,
      want: 'VC-MODE-FEATURES',
    },
    {
      title: 'a default that only another device type has: the first that the back-end can honour',
      intent: intent(undefined, 'blk'),
      abilities: POOR,
      want: 'old',
    },
    {
      title: 'a default that no table knows',
      intent: intent(undefined, 'newer'),
      abilities: FULL,
      want: 'VC-VERSION-UNKNOWN',
    },
    { title: 'a pin that no table knows', intent: intent('newer'), abilities: FULL, want: 'VC-VERSION-UNKNOWN' },
    { title: 'a pin of another device type', intent: intent('blk'), abilities: FULL, want: 'VC-VERSION-DEVICE-TYPE' },
    { title: 'a back-end that can honour nothing', intent: intent(), abilities: able(0n), want: 'VC-MODE-NONE' },
  ];
  for (const { title, intent: wish, abilities, want } of cases) {
    it(title, () => {
      const decision = nextStart(wish, ENTRIES, abilities);
      assert.equal('mode' in decision ? decision.mode.version : decision.refused.code, want);
    });
  }

  it('finds the version of its own device type beside one of the same name', () => {
    const twins = [entry('site.v1', 0x100000000n, 'vhost-user-blk'), entry('site.v1', 0x100000001n)];
    const decision = nextStart(intent('site.v1'), twins, FULL);
    assert.deepEqual(decision, { mode: twins[1] });
  });

  it('says how to make a version when none is usable, and when the device type has none at all', () => {
    const texts = ['vhost-user-net', 'vhost-user-vsock'].map((deviceType) => {
      const decision = nextStart({ ...intent(), deviceType }, ENTRIES, able(0n));
      return 'refused' in decision ? decision.refused.message : '';
    });
    const remedy = '`vhost-compat capture site.NAME vhu0 --define` makes one of what the back-end offers';
    const none = ENTRIES.filter(({ deviceType }) => deviceType === 'vhost-user-net').length;
    assert.deepEqual(texts, [
      `Cannot serve vhu0: its back-end can honour none of the ${none} versions of device type vhost-user-net; ${remedy}`,
      `Cannot serve vhu0: no compat table of this host has a version of device type vhost-user-vsock; ${remedy}`,
    ]);
  });

  it('says that a back-end without queues can serve nobody, rather than to make a version of it', () => {
    const promising = [{ ...entry('new', 0x100000000n), limits: { queue_pairs: 1 } }];
    const none = { ...FULL, limits: { queue_pairs: 0 } };
    const decision = nextStart(intent(), promising, none);
    assert.ok('refused' in decision);
    assert.equal(
      decision.refused.message,
      'Cannot serve vhu0: its back-end gives queue_pairs 0 (GET_QUEUE_NUM), and a guest needs 1 at least: start the back-end with more',
    );
    // the queues of a vsock are always the same: the answer decides about nothing
    const vsock = nextStart({ ...intent(), deviceType: 'vhost-user-vsock' }, promising, none);
    assert.ok('refused' in vsock);
    assert.match(vsock.refused.message, /no compat table of this host has a version of device type vhost-user-vsock/);
  });

  it('names the interface, the version and the missing bits in a refusal', () => {
    const decision = nextStart(intent('new'), ENTRIES, POOR);
    assert.ok('refused' in decision);
    assert.match(decision.refused.message, /vhu0.*new.*VIRTIO_NET_F_CSUM/);
    assert.deepEqual(decision.refused.details.missing, ['VIRTIO_NET_F_CSUM']);
  });

  it('gives the process it had before the mode it had before, whatever is pinned now', () => {
    const decision = modeFor(intent('new'), ENTRIES, FULL, QEMU, STICKY);
    assert.ok('mode' in decision);
    assert.equal(decision.mode.version, 'old');
  });

  it('gives another process the pin, even when it has the same pid', () => {
    const decision = modeFor(intent('new'), ENTRIES, FULL, NEXT_QEMU, STICKY);
    assert.ok('mode' in decision);
    assert.equal(decision.mode.version, 'new');
  });

  it('refuses a running guest whose mode the back-end lost, rather than mask it anew', () => {
    const held: StickyMode = { version: 'new', digest: NEW.digest, peer: QEMU };
    const decision = modeFor(intent(), ENTRIES, POOR, QEMU, held);
    assert.ok('refused' in decision);
    assert.equal(decision.refused.code, 'VC-MODE-FEATURES');
  });

  it('refuses a running guest whose entry was changed under it', () => {
    const decision = sameAgain({ ...STICKY, digest: 'another' }, intent(), ENTRIES, FULL);
    assert.ok('refused' in decision);
    assert.equal(decision.refused.code, 'VC-TABLE-CHANGED');
  });

  it('names what comes next also while the back-end is unknown or unable', () => {
    assert.equal(nextStartName(intent('new'), ENTRIES, undefined), 'new');
    assert.equal(nextStartName(intent('new'), ENTRIES, POOR), 'new');
    assert.equal(nextStartName(intent(), ENTRIES, undefined), undefined);
    assert.equal(nextStartName(intent(), ENTRIES, POOR), 'old');
    assert.equal(nextStartName(intent(undefined, 'blk'), ENTRIES, POOR), 'old');
  });
});

describe('a withdrawn version', () => {
  const withdrawn = { ...NEW, withdrawn: { since: '2026-03-01', why: 'guests lose packets', use: 'old' } };
  const entries = [withdrawn, OLD];
  const version = (decision: ReturnType<typeof nextStart>) =>
    'mode' in decision ? decision.mode.version : `${decision.refused.code} ${decision.refused.message}`;

  it('is not chosen by itself; a pin, a default and a running front-end keep it', () => {
    assert.equal(version(nextStart(intent(), entries, FULL)), 'old');
    assert.equal(version(nextStart(intent('new'), entries, FULL)), 'new');
    assert.equal(version(nextStart(intent(undefined, 'new'), entries, FULL)), 'new');
    const sticky = { ...STICKY, version: 'new', digest: NEW.digest };
    assert.equal(version(modeFor(intent(), entries, FULL, QEMU, sticky)), 'new');
    assert.equal(version(modeFor(intent(), entries, FULL, NEXT_QEMU, sticky)), 'old');
  });

  it('is named when there is nothing else', () => {
    assert.match(
      version(nextStart(intent(), [withdrawn], FULL)),
      /^VC-MODE-NONE .* but withdrawn ones, which have to be pinned: new is withdrawn since 2026-03-01: guests lose packets/,
    );
  });
});
