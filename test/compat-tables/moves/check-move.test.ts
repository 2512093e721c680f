import assert from 'node:assert/strict';
import { maskOf } from '../../../compat-tables/bits/mask.ts';
import { CONTROL_BITS } from '../../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import { checkMove } from '../../../compat-tables/moves/check-move.ts';
import type { MoveSubject } from '../../../compat-tables/moves/move-host.ts';
import { ask, best, everything, hostLike, hostOf, linux, running, V } from '../hosts.ts';
import { entryLike } from '../shipped.ts';

describe('whether a running interface can move', () => {
  const cases: {
    title: string;
    from: string;
    version: string;
    took?: (offered: bigint) => bigint;
    subject?: Partial<MoveSubject>;
    to: string;
    pin?: string;
    missing?: string[];
    codes?: string[];
  }[] = [
    { title: 'between equals', from: 'ovs-3.1', version: V('v2.13'), to: 'ovs-3.1', pin: V('v2.13') },
    { title: 'forward, in the version it has', from: 'ovs-3.1', version: V('v2.13'), to: 'ovs-3.5', pin: V('v2.13') },
    {
      title: 'backward from stock to stock: CSUM breaks it',
      from: 'ovs-3.5',
      version: V('v3.2'),
      to: 'ovs-3.1',
      missing: ['VIRTIO_NET_F_CSUM'],
      codes: ['VC-MODE-FEATURES'],
    },
    { title: 'backward when pinned', from: 'ovs-3.5', version: V('v2.13'), to: 'ovs-3.1', pin: V('v2.13') },
    {
      title: 'by what it took, not by its version: without CSUM it may go back',
      from: 'ovs-3.5',
      version: V('v3.2'),
      took: (offered) => linux(offered) & ~1n,
      to: 'ovs-3.1',
      pin: V('v2.13'),
    },
    {
      title: 'to a switch with TSO: HOST_ECN breaks it',
      from: 'ovs-3.1',
      version: V('v2.13'),
      to: 'ovs-3.1+tso',
      missing: ['VIRTIO_NET_F_HOST_ECN'],
      codes: ['VC-MODE-FEATURES'],
    },
    {
      title: 'from a switch with TSO',
      from: 'ovs-3.1+tso',
      version: V('v2.13.1+tso'),
      to: 'ovs-3.1',
      missing: ['VIRTIO_NET_F_CSUM', 'VIRTIO_NET_F_HOST_TSO4', 'VIRTIO_NET_F_HOST_TSO6'],
    },
    {
      title: 'across the setting in a portable version',
      from: 'ovs-3.1+tso',
      version: V('v2.15+portable'),
      to: 'ovs-3.1',
      pin: V('v2.15+portable'),
    },
    {
      title: 'with a packed ring to a back-end that has none',
      from: 'ovs-3.1',
      version: V('v2.13'),
      took: (offered) => linux(offered) | maskOf(VIRTIO_NET, 'RING_PACKED'),
      to: 'ovs-2.10',
      missing: [
        'VIRTIO_NET_F_GUEST_ECN',
        'VIRTIO_NET_F_GUEST_UFO',
        'VIRTIO_NET_F_HOST_ECN',
        'VIRTIO_F_ANY_LAYOUT',
        'VIRTIO_RING_F_EVENT_IDX',
        'VIRTIO_F_RING_PACKED',
      ],
    },
    {
      title: 'with an MTU to a back-end that does not know it: QEMU decides about that alone',
      from: 'ovs-2.10',
      version: V('v2.8'),
      took: () => maskOf(VIRTIO_NET, 'MRG_RXBUF', 'VERSION_1', 'MTU') | CONTROL_BITS,
      to: 'ovs-2.7',
      pin: V('v2.6'),
    },
    {
      title: 'with more queue pairs than the destination gives',
      from: 'dpdk-22.11',
      version: 'upstream.dpdk-vhost.v19.11.13',
      subject: { queuePairs: 4 },
      to: 'dpdk-23.11',
      codes: ['VC-MODE-LIMIT'],
    },
    {
      title: 'with one queue pair there',
      from: 'dpdk-22.11',
      version: 'upstream.dpdk-vhost.v19.11.13',
      to: 'dpdk-23.11',
      pin: 'upstream.dpdk-vhost.v23.11',
    },
  ];
  for (const { title, from, version, took = linux, subject, to, pin, missing = [], codes } of cases) {
    it(`${pin === undefined ? 'no' : 'yes'}: ${title}`, () => {
      const [home, target] = [hostLike(from), hostLike(to, { name: 'there' })];
      const answer = ask(running(home, version, took, subject), home, target);
      assert.equal(answer.possible, pin !== undefined, JSON.stringify(answer.obstacles));
      assert.equal(answer.pin?.version, pin);
      assert.deepEqual(
        answer.obstacles.flatMap((one) => one.missing.map(({ name }) => name)),
        missing,
      );
      if (codes)
        assert.deepEqual(
          answer.obstacles.map(({ code }) => code),
          codes,
        );
    });
  }

  it('tells each missing bit with meaning, culprit and remedy', () => {
    const home = hostLike('ovs-3.5');
    const answer = ask(
      running(home, V('v3.2'), linux),
      home,
      hostLike('ovs-3.1', { name: 'node2', backend: 'like 3.1' }),
    );
    const [bit] = answer.obstacles[0]?.missing ?? [];
    assert.deepEqual([bit?.bit, bit?.name], [0, 'VIRTIO_NET_F_CSUM']);
    assert.match(bit?.meaning ?? '', /checksum/);
    assert.match(
      bit?.culprit ?? '',
      /^the back-end of node2 \(like 3\.1\) does not offer it; offered by .*Open vSwitch 3\.2 to 3\.7\.1 \(default/,
    );
    assert.equal(
      bit?.remedy,
      'Pin upstream.ovs-dpdk.v2.13 on ovs-3.5, then stop and start the guest: node2 has it too.',
    );
  });

  it('asks for the restart alone where the interface has the pin already', () => {
    const home = hostLike('ovs-3.5');
    const pinned = running(home, V('v3.2'), linux, { pin: V('v2.13') });
    const [bit] = ask(pinned, home, hostLike('ovs-3.1', { name: 'node2' })).obstacles[0]?.missing ?? [];
    assert.equal(
      bit?.remedy,
      'upstream.ovs-dpdk.v2.13 is pinned on ovs-3.5 already: stop and start the guest; node2 has the version too.',
    );
  });

  it('blames the tables when the back-end could', () => {
    const home = hostLike('ovs-3.1');
    const only = hostLike('ovs-3.1', {
      name: 'node2',
      entries: [entryLike({ version: 'site.small', virtioFeatures: maskOf(VIRTIO_NET, 'VERSION_1') })],
    });
    const [bit] = ask(running(home, V('v2.13'), linux), home, only).obstacles[0]?.missing ?? [];
    assert.match(bit?.culprit ?? '', /offers it, but no usable version/);
    assert.match(bit?.remedy ?? '', /baseline/);
  });

  it('says what is QEMU’s to decide', () => {
    const home = hostLike('ovs-3.1');
    const took = (offered: bigint) => linux(offered) | maskOf(VIRTIO_NET, 'MTU');
    const answer = checkMove(running(home, V('v2.13'), took), home, [hostLike('ovs-3.5')]);
    assert.deepEqual(answer.decidedByDevice, ['VIRTIO_NET_F_MTU']);
  });

  it('judges by one version there when asked to', () => {
    const home = hostLike('ovs-3.1');
    const subject = running(home, V('v2.13'), linux);
    const to = hostLike('ovs-3.5');
    assert.equal(ask(subject, home, to, V('v3.2')).pin?.version, V('v3.2'));
    assert.deepEqual(ask(subject, home, to, V('v2.8')).obstacles[0]?.code, 'VC-MODE-FEATURES');
    assert.equal(ask(subject, home, to, V('v2.11')).obstacles[0]?.code, 'VC-VERSION-UNUSABLE');
    assert.equal(ask(subject, home, to, 'site.none').obstacles[0]?.code, 'VC-VERSION-UNKNOWN');
  });

  it('tells what it would get there without a pin', () => {
    const home = hostLike('ovs-3.1');
    const subject = running(home, V('v2.13'), linux);
    const to = hostLike('ovs-3.5', { defaultVersion: V('v2.8') });
    const stands = ask(subject, home, to).asItStands;
    assert.deepEqual([stands?.version, stands?.fits], [V('v2.8'), false]);
    assert.ok(stands?.missing.includes('VIRTIO_RING_F_EVENT_IDX'));
    assert.deepEqual(ask(subject, home, hostLike('ovs-3.5')).asItStands, {
      version: V('v3.2'),
      fits: true,
      missing: [],
    });
    const prepared = hostLike('ovs-3.5', {
      interfaces: [{ ...subject, pin: V('v2.13'), inForce: undefined, acked: undefined, abilities: undefined }],
    });
    assert.equal(ask(subject, home, prepared).asItStands?.version, V('v2.13'));
  });

  it('tells a pin that stands there already from one that is to be made', () => {
    const home = hostLike('ovs-3.1');
    const subject = running(home, V('v2.13'), linux);
    const there = (pin: string | undefined) => hostLike('ovs-3.5', { interfaces: [{ ...subject, pin }] });
    assert.equal(ask(subject, home, there(V('v2.13'))).pinned, true);
    assert.equal(ask(subject, home, there(V('v2.8'))).pinned, undefined);
    assert.equal(ask(subject, home, hostLike('ovs-3.5')).pinned, undefined);
  });

  it('warns of a front-end that waits there in another version: a pin does not change it', () => {
    const home = hostLike('ovs-3.5');
    const subject = running(home, V('v3.2'), linux);
    const waiting = (inForce: string, more: Partial<MoveSubject> = {}) => {
      const row = { ...subject, inForce, pin: V('v3.2'), acked: undefined, ...more };
      return ask(subject, home, hostLike('ovs-3.5', { name: 'there', interfaces: [row] }));
    };
    const low = waiting(V('v2.13'));
    assert.deepEqual(
      [low.possible, low.pin?.version, low.asItStands],
      [true, V('v3.2'), { version: V('v2.13'), fits: false, missing: ['VIRTIO_NET_F_CSUM'] }],
    );
    assert.deepEqual(low.warnings, [
      `its front-end on there waits in ${V('v2.13')} already, and the migration would fail: a pin there takes effect when it is started anew`,
    ]);
    const small = running(home, V('v2.13'), linux);
    const there = hostLike('ovs-3.5', {
      name: 'there',
      interfaces: [{ ...small, inForce: V('v3.2'), acked: undefined }],
    });
    assert.match(ask(small, home, there).warnings.join(), /waits in .*v3\.2 already, which would do/);
    assert.deepEqual(waiting(V('v3.2')).warnings, []);
    // a guest that runs there has a front-end of its own, which is not the one to come
    const occupied = waiting(V('v2.13'), { acked: 0x130afa7can });
    assert.equal(occupied.asItStands?.version, V('v3.2'));
    assert.doesNotMatch(occupied.warnings.join(), /waits in/);
    assert.match(occupied.warnings.join(), /in use by another guest/);
  });

  it('judges by the back-end of the interface that waits there under the same name', () => {
    const home = hostLike('ovs-3.5');
    const subject = running(home, V('v3.2'), linux);
    const to = hostLike('ovs-3.5', { interfaces: [{ ...subject, abilities: hostLike('ovs-3.5+server').abilities }] });
    assert.deepEqual(
      ask(subject, home, to).obstacles.flatMap((one) => one.missing.map(({ name }) => name)),
      ['VIRTIO_NET_F_CSUM'],
    );
  });

  it('takes a bare back-end of a host without versions', () => {
    const home = hostLike('ovs-3.1');
    const subject = running(home, V('v2.13'), linux);
    const yes = ask(subject, home, hostLike('ovs-3.5', { entries: [] }));
    assert.deepEqual([yes.possible, yes.pin], [true, undefined]);
    assert.equal(ask(subject, home, hostLike('ovs-2.8', { entries: [] })).possible, false);
  });

  it('refuses what QEMU does not migrate at all, and warns of where it would be stuck', () => {
    const home = hostLike('ovs-2.5');
    const subject = running(home, V('v2.5'), linux, { offered: undefined, ackedProtocol: maskOf(PROTOCOL, 'MQ') });
    const answer = ask(subject, home, hostLike('ovs-3.1'));
    assert.deepEqual([answer.possible, answer.obstacles.map(({ code }) => code)], [false, ['VC-MIGRATE-LOG']]);
    const source = hostLike('ovs-2.6');
    const small = running(source, V('v2.6'), () => maskOf(VIRTIO_NET, 'VERSION_1', 'MRG_RXBUF') | CONTROL_BITS);
    const stuck = ask(small, source, hostLike('ovs-2.5'));
    assert.equal(stuck.possible, true);
    assert.match(stuck.warnings.join(), /could not leave.*VC-MIGRATE-LOG/);
    assert.deepEqual(stuck.after?.reachable, []);
  });

  it('never proposes one name with two contents, and raises the alarm', () => {
    const home = hostLike('ovs-3.1');
    const changed = home.versions.map(({ entry }) => ({ ...entry, digest: `other-${entry.digest}` }));
    const answer = ask(
      running(home, V('v2.13'), linux),
      home,
      hostLike('ovs-3.1', { name: 'there', entries: changed }),
    );
    assert.equal(answer.possible, false);
    assert.equal(answer.obstacles[0]?.code, 'VC-DIGEST-DIFFERS');
    assert.match(answer.warnings.join(), /VC-DIGEST-DIFFERS/);
  });

  it('knows nothing of a host whose back-end was never measured', () => {
    const home = hostLike('ovs-3.1');
    const answer = ask(running(home, V('v2.13'), linux), home, hostOf('new', undefined));
    assert.deepEqual(
      answer.obstacles.map(({ code }) => code),
      ['VC-BACKEND-UNKNOWN'],
    );
    const other = hostOf('blk', undefined, { entries: [] });
    assert.deepEqual(
      ask(running(home, V('v2.13'), linux), home, other).obstacles.map(({ code }) => code),
      ['VC-VERSION-DEVICE-TYPE'],
    );
  });

  it('wants the protocol feature MQ for several queue pairs', () => {
    const home = hostLike('ovs-3.1');
    const abilities = {
      ...(hostLike('ovs-3.5').abilities ?? assert.fail()),
      protocolFeatures: maskOf(PROTOCOL, 'LOG_SHMFD'),
    };
    const subject = running(home, V('v2.13'), linux, { queuePairs: 2 });
    const answer = ask(subject, home, hostOf('there', abilities));
    assert.deepEqual(
      answer.obstacles.map(({ code }) => code),
      ['VC-MODE-PROTOCOL'],
    );
    assert.equal(ask({ ...subject, queuePairs: 1 }, home, hostOf('there', abilities)).possible, true);
    // queues= of QEMU is known when it connects, whatever the driver has chosen; a promise alone is no queue
    const waiting = { ...subject, acked: undefined };
    assert.deepEqual(
      ask(waiting, home, hostOf('there', abilities)).obstacles.map(({ code }) => code),
      ['VC-MODE-PROTOCOL'],
    );
    for (const queuePairs of [1, undefined])
      assert.equal(ask({ ...waiting, queuePairs }, home, hostOf('there', abilities)).possible, true);
  });

  it('wants the protocol features of a virtual IOMMU where one is offered', () => {
    const home = hostLike('ovs-3.2+iommu');
    const subject = running(home, V('v3.2+iommu'), linux);
    const back = home.abilities ?? assert.fail();
    const bare = (protocolFeatures: bigint) => ({
      ...hostOf('there', { ...back, protocolFeatures }),
      versions: [],
    });
    const few = maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD');
    const [obstacle] = ask(subject, home, bare(few)).obstacles;
    assert.equal(obstacle?.code, 'VC-MODE-PROTOCOL');
    assert.match(obstacle?.text ?? '', /VHOST_USER_PROTOCOL_F_REPLY_ACK, which QEMU wants of .*ACCESS_PLATFORM/);
    assert.equal(ask(subject, home, bare(back.protocolFeatures)).possible, true);
    // a version that cuts them is none there, whatever its host says of it
    const cut = entryLike({ version: 'site.cut', virtioFeatures: back.virtioFeatures, protocolFeatures: few });
    const there = hostOf('there', back, { entries: [cut] });
    assert.deepEqual(
      ask(subject, home, there).obstacles.map(({ code }) => code),
      ['VC-MODE-NONE'],
    );
    for (const abilities of [back, undefined]) {
      const claimed = { ...there, abilities, versions: [{ entry: cut, usable: true, blockers: [] }] };
      assert.deepEqual(
        ask(subject, home, claimed).obstacles.map(({ code }) => code),
        ['VC-MODE-PROTOCOL', 'VC-MODE-PROTOCOL'],
      );
    }
  });

  it('wants protocol features at all: QEMU cannot enable rings without', () => {
    const home = hostLike('ovs-2.6');
    const subject = running(home, V('v2.6'), () => maskOf(VIRTIO_NET, 'MRG_RXBUF') | CONTROL_BITS);
    const [obstacle] = ask(subject, home, hostLike('ovs-2.4')).obstacles;
    assert.equal(obstacle?.code, 'VC-MODE-PROTOCOL');
    assert.match(obstacle?.text ?? '', /no VHOST_USER_F_PROTOCOL_FEATURES/);
  });

  it('wants rings no larger than the version there allows', () => {
    const home = hostLike('ovs-3.1');
    const { virtioFeatures } = home.abilities ?? assert.fail();
    const small = hostLike('ovs-3.1', {
      name: 'there',
      entries: [entryLike({ version: 'site.small', virtioFeatures, limits: { ring_size: 512 } })],
    });
    const subject = running(home, V('v2.13'), linux);
    assert.equal(ask(subject, home, small).possible, true);
    assert.equal(ask({ ...subject, ringSizes: [512, 1024] }, home, small).obstacles[0]?.code, 'VC-MODE-LIMIT');
  });
});

describe('an interface that does not run', () => {
  const home = hostLike('ovs-3.5');
  const idle = (version: string | undefined, more: Partial<MoveSubject> = {}): MoveSubject => ({
    ...running(home, best(home), everything),
    ...{ inForce: undefined, nextStart: version, pin: undefined, offered: undefined, acked: undefined },
    ...{ ackedProtocol: undefined, queuePairs: undefined, ringSizes: [], ...more },
  });

  it('is judged by the version of its next start', () => {
    assert.equal(ask(idle(V('v2.13')), home, hostLike('ovs-3.1')).pin?.version, V('v2.13'));
    assert.equal(ask(idle(V('v3.2')), home, hostLike('ovs-3.1')).possible, false);
    assert.equal(checkMove(idle(V('v2.13')), home, [home]).basis, 'next-start');
  });

  it('moves whatever it was offered while its driver has not chosen', () => {
    const connected = idle(V('v2.8'), { inForce: V('v3.2'), offered: home.abilities?.virtioFeatures });
    const answer = checkMove(connected, home, [hostLike('ovs-3.1')]);
    assert.deepEqual([answer.basis, answer.version, answer.possible], ['in-force', V('v3.2'), true]);
    assert.match(answer.targets[0]?.warnings.join() ?? '', /chosen no features yet/);
  });

  it('cannot be judged when nothing tells in which version it starts', () => {
    assert.equal(ask(idle(undefined), home, hostLike('ovs-3.1')).obstacles[0]?.code, 'VC-BACKEND-UNKNOWN');
    assert.equal(ask(idle('site.gone'), home, hostLike('ovs-3.1')).obstacles[0]?.code, 'VC-VERSION-UNKNOWN');
  });
});
