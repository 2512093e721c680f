import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maskOf } from '../../../compat-tables/bits/mask.ts';
import { CONTROL_BITS } from '../../../compat-tables/bits/named-masks.ts';
import { decidedByBackend } from '../../../compat-tables/bits/qemu-from-backend.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import { checkMove } from '../../../compat-tables/moves/check-move.ts';
import { RELEASES } from '../../../compat-tables/releases/releases.ts';
import { ask, best, everything, hostLike, hostOf, linux, NET, running, V } from '../hosts.ts';
import { entryLike } from '../shipped.ts';

describe('a version that moves forward only', () => {
  const mask = maskOf(VIRTIO_NET, 'VERSION_1', 'MRG_RXBUF');
  const entries = [
    entryLike({ version: 'site.v2', virtioFeatures: mask | 1n, digest: '2' }),
    entryLike({ version: 'site.v1', virtioFeatures: mask, digest: '1', tier: 'forward-only' }),
    entryLike({ version: 'site.v0', virtioFeatures: mask, digest: '0' }),
  ];
  const abilities = (virtioFeatures: bigint) => ({
    virtioFeatures: virtioFeatures | CONTROL_BITS,
    protocolFeatures: maskOf(PROTOCOL, 'LOG_SHMFD'),
    limits: {},
  });
  const older = hostOf('older', abilities(mask), { entries });
  const newer = hostOf('newer', abilities(mask | 1n), { entries });

  it('moves forward, and to equals', () => {
    assert.equal(ask(running(older, 'site.v1', everything), older, newer).pin?.version, 'site.v1');
    assert.equal(ask(running(older, 'site.v1', everything), older, { ...older, name: 'same' }).pin?.version, 'site.v1');
  });

  it('refuses the way back by name, and the way to an older version', () => {
    const back = ask(running(newer, 'site.v1', everything), newer, older);
    assert.deepEqual(
      back.obstacles.map(({ code }) => code),
      ['VC-MOVE-DIRECTION'],
    );
    assert.match(back.obstacles[0]?.text ?? '', /site\.v1 moves to newer hosts only.*older.*not newer than newer/);
    assert.equal(
      ask(running(older, 'site.v1', everything), older, newer, 'site.v0').obstacles[0]?.code,
      'VC-MOVE-DIRECTION',
    );
  });

  it('is no obstacle to a guest that was never pinned: its bits decide', () => {
    const free = running(newer, 'site.v1', everything, { pin: undefined });
    assert.equal(ask(free, newer, older).possible, true);
    assert.equal(ask(free, { ...newer, defaultVersion: 'site.v1' }, older).possible, false);
  });

  it('is no remedy for the way back: the guest would be refused again', () => {
    const bare = running(newer, 'site.v2', everything);
    const [both] = ask(bare, newer, older).obstacles;
    assert.match(both?.remedy ?? '', /^Pin site\.v0 on newer, then stop and start the guest/);
    const forward = entries.slice(0, 2);
    const [from, to] = [
      hostOf('newer', newer.abilities, { entries: forward }),
      hostOf('older', older.abilities, { entries: forward }),
    ];
    const [none] = ask(bare, from, to).obstacles;
    assert.match(
      none?.remedy ?? '',
      /^No version is common to newer and older: make one \(`vhost-compat baseline --define`\)/,
    );
  });

  it('counts in the outlook from then on', () => {
    const after = ask(running(older, 'site.v1', everything), older, newer).after;
    assert.deepEqual([after?.reachable, after?.lost.map(({ host }) => host)], [[], ['older']]);
  });
});

describe('after the move', () => {
  it('tells where it can go on to, and what a new start of the driver costs', () => {
    const [home, there] = [hostLike('ovs-3.1'), hostLike('ovs-3.5')];
    const subject = running(home, V('v2.13'), linux);
    const same = checkMove(subject, home, [there, hostLike('ovs-2.8')]).targets[0]?.after;
    assert.deepEqual(same?.reachable, ['ovs-3.1']);
    assert.deepEqual(same?.rebind, { gains: [], lost: [] });
    const wider = checkMove(subject, home, [there], { only: V('v3.2') }).targets[0]?.after;
    assert.deepEqual(wider?.rebind, {
      gains: ['VIRTIO_NET_F_CSUM'],
      lost: [{ host: 'ovs-3.1', missing: ['VIRTIO_NET_F_CSUM'] }],
    });
  });
});

describe('the way home', () => {
  it('is judged by the back-end that the interface had there, not by what all back-ends of the host have', () => {
    const own = hostLike('ovs-3.5');
    // another port of the host is older, so that the host as a whole can do less
    const home = hostLike('ovs-2.8', { name: 'home' });
    const subject = running(own, V('v3.2'), linux);
    const after = ask(subject, { ...home, interfaces: [subject] }, hostLike('ovs-3.5', { name: 'there' })).after;
    assert.deepEqual([after?.reachable, after?.lost], [['home'], []]);
  });
});

describe('a mode that cuts what logging needs', () => {
  const cut = entryLike({
    ...{ version: 'site.cut', digest: 'c', virtioFeatures: maskOf(VIRTIO_NET, 'VERSION_1', 'MRG_RXBUF') },
    protocolFeatures: maskOf(PROTOCOL, 'MQ'),
  });
  const home = hostLike('ovs-3.1');
  const there = hostLike('ovs-3.5', { entries: [cut] });
  const small = () => cut.virtioFeatures | CONTROL_BITS;

  it('is told as one that the guest could not leave again, whatever the back-end can do', () => {
    const { possible, pin, warnings, after } = ask(running(home, V('v2.13'), small), home, there);
    assert.deepEqual([possible, pin?.version], [true, 'site.cut']);
    assert.match(
      warnings.join(),
      /could not leave ovs-3\.5 again: site\.cut does not offer VHOST_USER_PROTOCOL_F_LOG_SHMFD.*\[VC-MIGRATE-LOG\]/,
    );
    assert.deepEqual([after?.reachable, after?.lost.map(({ host }) => host)], [[], ['ovs-3.1']]);
  });
});

describe('properties of check-move', () => {
  const releases = RELEASES.filter(({ release }) => !['2.4', '2.5'].includes(release));
  const release = fc.constantFrom(...releases.map(({ name }) => name));
  const backend = decidedByBackend(NET);
  const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
  const pair = (from: string, to: string) => [hostLike(from), hostLike(to, { name: 'there' })] as const;

  it('says yes exactly when some usable version there covers what the guest took and back-ends decide', () => {
    fc.assert(
      fc.property(release, release, word, (from, to, some) => {
        const [home, there] = pair(from, to);
        const subject = running(home, best(home), (offered) => offered & some, { ringSizes: [] });
        const covered = there.versions.some(
          ({ usable, entry }) => usable && ((subject.acked ?? 0n) & backend & ~entry.virtioFeatures) === 0n,
        );
        assert.equal(ask(subject, home, there).possible, covered);
      }),
      { numRuns: 300 },
    );
  });

  it('is monotone: a guest that took less can move wherever one that took more can', () => {
    fc.assert(
      fc.property(release, release, word, word, (from, to, some, less) => {
        const [home, there] = pair(from, to);
        const more = running(home, best(home), (offered) => offered & some);
        const fewer = running(home, best(home), (offered) => offered & some & less);
        if (ask(more, home, there).possible) assert.equal(ask(fewer, home, there).possible, true);
      }),
      { numRuns: 200 },
    );
  });

  it('is monotone: a host whose back-end offers more takes in at least as much', () => {
    fc.assert(
      fc.property(release, release, word, word, (from, to, some, extra) => {
        const [home, there] = pair(from, to);
        const abilities = there.abilities ?? assert.fail();
        const larger = hostOf('there', { ...abilities, virtioFeatures: abilities.virtioFeatures | extra });
        const subject = running(home, best(home), (offered) => offered & some);
        if (ask(subject, home, there).possible) assert.equal(ask(subject, home, larger).possible, true);
      }),
      { numRuns: 200 },
    );
  });

  it('pins only what covers the guest, and names what is missing otherwise', () => {
    fc.assert(
      fc.property(release, release, (from, to) => {
        const [home, there] = pair(from, to);
        const subject = running(home, best(home), linux);
        const { possible, pin, obstacles } = ask(subject, home, there);
        const entry = there.versions.find((one) => one.entry.version === pin?.version)?.entry;
        if (possible) assert.equal((subject.acked ?? 0n) & backend & ~(entry?.virtioFeatures ?? 0n), 0n);
        else assert.ok(obstacles.every(({ code, missing }) => code !== 'VC-MODE-FEATURES' || missing.length > 0));
      }),
      { numRuns: 200 },
    );
  });
});
