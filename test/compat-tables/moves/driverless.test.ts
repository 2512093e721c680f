import assert from 'node:assert/strict';
import { checkMove } from '../../../compat-tables/moves/check-move.ts';
import type { MoveHost, MoveSubject } from '../../../compat-tables/moves/move-host.ts';
import { ask, everything, hostLike, hostOf, running, V } from '../hosts.ts';
import { entryLike } from '../shipped.ts';

/** A front-end is connected, and the driver of its guest has chosen nothing. */
function driverless(home: MoveHost, version: string, more: Partial<MoveSubject> = {}): MoveSubject {
  return { ...running(home, version, everything), acked: undefined, ringSizes: [], ...more };
}

describe('check-move: a guest without a driver', () => {
  const [new32, old31] = [hostLike('ovs-3.5'), hostLike('ovs-3.1')];

  it('moves whatever it was offered, and is told what changes when its driver binds', () => {
    const { possible, pin, obstacles, warnings } = ask(driverless(new32, V('v3.2')), new32, old31);
    assert.deepEqual([possible, pin?.version, obstacles], [true, V('v2.13'), []]);
    assert.match(
      warnings.join('\n'),
      /chosen no features yet: QEMU migrates it as it is; when it binds on ovs-3\.1 it is not shown VIRTIO_NET_F_CSUM, which it is offered here; should it bind before the move ends and take one of them, the migration fails/,
    );
  });

  it('is told what it is shown there and not here', () => {
    const warnings = ask(
      driverless(old31, V('v2.8')),
      old31,
      hostOf('there', new32.abilities, {
        entries: new32.versions.map(({ entry }) => entry).filter(({ version }) => version === V('v3.2')),
      }),
    ).warnings.join();
    assert.match(warnings, /when it binds on there it is shown VIRTIO_NET_F_CSUM, .*, which it is not offered here/);
    assert.doesNotMatch(warnings, /the migration fails/);
  });

  it('gets a version that covers what it may take, if there is one, before those that do not', () => {
    const { pin, warnings } = ask(driverless(old31, V('v2.8')), old31, hostLike('ovs-3.5', { name: 'there' }));
    assert.equal(pin?.version, V('v2.8'));
    assert.match(warnings.join(), /chosen no features yet: QEMU migrates it as it is$/);
    const entries = ['small', 'large'].map((name) =>
      entryLike({
        ...{ version: `site.${name}`, digest: name, limits: {} },
        virtioFeatures: name === 'small' ? 1n << 32n : (new32.abilities?.virtioFeatures ?? 0n),
      }),
    );
    assert.equal(
      ask(driverless(new32, V('v3.2')), new32, hostOf('there', new32.abilities, { entries })).pin?.version,
      'site.large',
    );
  });

  it('is not told of features that it has or lacks already, and surplus is what it is not offered here', () => {
    const { pin } = ask(driverless(new32, V('v2.13')), new32, old31);
    assert.deepEqual([pin?.version, pin?.surplus], [V('v2.13'), []]);
  });

  it('is held by what does not depend on a driver: queues, logging, memory', () => {
    const two = {
      ...old31,
      abilities: {
        virtioFeatures: old31.abilities?.virtioFeatures ?? 0n,
        protocolFeatures: 0x10cbfn,
        limits: { queue_pairs: 2 },
      },
    };
    const narrow = hostOf('narrow', two.abilities, { entries: [] });
    assert.deepEqual(
      ask(driverless(new32, V('v3.2'), { queuePairs: 4 }), new32, narrow).obstacles.map(({ code }) => code),
      ['VC-MODE-LIMIT'],
    );
    assert.equal(ask(driverless(new32, V('v3.2'), { queuePairs: 2 }), new32, narrow).possible, true);
    assert.equal(ask(driverless(new32, V('v3.2'), { ackedProtocol: 1n }), new32, old31).possible, false);
    assert.equal(ask(driverless(new32, V('v3.2'), { memoryRegions: 9 }), new32, old31).possible, false);
  });

  it('is warned that its rings may be too large there', () => {
    const entries = [
      entryLike({
        version: 'site.rings',
        virtioFeatures: new32.abilities?.virtioFeatures ?? 0n,
        limits: { ring_size: 256 },
      }),
    ];
    const home = hostOf('home', new32.abilities, {
      entries: [
        entryLike({
          version: 'site.home',
          virtioFeatures: new32.abilities?.virtioFeatures ?? 0n,
          limits: { ring_size: 1024 },
        }),
      ],
    });
    const { possible, warnings } = ask(
      driverless(home, 'site.home'),
      home,
      hostOf('there', new32.abilities, { entries }),
    );
    assert.equal(possible, true);
    assert.match(warnings.join(), /site\.rings gives ring_size 256, and it may have 1024 here/);
  });

  it('moves although nothing tells what it was offered', () => {
    const lost = driverless(new32, V('v3.2'), { inForce: 'site.gone', offered: undefined });
    const answer = checkMove(lost, new32, [old31]);
    assert.deepEqual([answer.basis, answer.possible], ['in-force', true]);
  });

  it('can go on wherever the features that its driver takes there lead', () => {
    const third = hostLike('ovs-2.8', { name: 'third' });
    const { after } = checkMove(driverless(new32, V('v3.2')), new32, [old31, third]).targets[0] ?? {};
    assert.deepEqual(after?.reachable, ['ovs-3.5', 'third']);
    assert.deepEqual(
      after?.rebind.lost.map(({ host }) => host),
      ['third'],
    );
  });
});
