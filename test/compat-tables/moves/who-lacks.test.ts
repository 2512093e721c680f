import assert from 'node:assert/strict';
import { maskOf } from '../../../compat-tables/bits/mask.ts';
import { CONTROL_BITS, LOG_ALL, PROTOCOL_FEATURES } from '../../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import type { MoveSubject } from '../../../compat-tables/moves/move-host.ts';
import { ask, hostLike, hostOf, linux, running, V } from '../hosts.ts';
import { entryLike } from '../shipped.ts';

/** MQ and REPLY_ACK of an offer of 0x10cbf, as DPDK's own front-end accepts them. */
const FEW = 0x9n;
const home = hostLike('ovs-3.2', { name: 'node1' });
const there = hostLike('ovs-3.2', { name: 'node2' });
const source = (more: Partial<MoveSubject>, from = home) => running(from, V('v3.2'), linux, more);
const first = (subject: MoveSubject, from = home) => ask(subject, from, there).obstacles[0];

describe('who is behind a guest that QEMU does not migrate', () => {
  it('the front-end, when it did not accept what it was offered', () => {
    const obstacle = first(source({ ackedProtocol: FEW }));
    assert.equal(obstacle?.code, 'VC-MIGRATE-LOG');
    assert.match(
      obstacle.text,
      /^QEMU does not migrate vhu0 from node1: its front-end did not accept VHOST_USER_PROTOCOL_F_LOG_SHMFD, which it was offered/,
    );
    assert.match(obstacle.remedy, /front-end/);
    assert.doesNotMatch(obstacle.text + obstacle.remedy, /back-end (does not|that can log)/);
  });

  it('the front-end, when it took features and negotiated no protocol features at all', () => {
    const plain = { acked: linux(home.abilities?.virtioFeatures ?? 0n) & ~PROTOCOL_FEATURES };
    assert.match(
      first(source({ ...plain, ackedProtocol: undefined }))?.text ?? '',
      /its front-end did not accept .*SHMFD/,
    );
    // bit 30 says that it did, and somebody forgot what
    const answer = ask(source({ ackedProtocol: undefined }), home, there);
    assert.deepEqual([answer.possible, answer.obstacles], [true, []]);
  });

  it('the back-end, when it does not offer it, whatever the front-end accepted', () => {
    const mute = { ...(home.abilities ?? assert.fail()), protocolFeatures: FEW };
    for (const ackedProtocol of [FEW, undefined]) {
      const obstacle = first(source({ abilities: mute, ackedProtocol }));
      assert.match(obstacle?.text ?? '', /: the back-end does not offer VHOST_USER_PROTOCOL_F_LOG_SHMFD/);
      assert.match(obstacle?.remedy ?? '', /back-end that can log/);
    }
  });

  it('the version, when it cuts it', () => {
    const { abilities = assert.fail() } = home;
    const cut = entryLike({ version: 'site.cut', virtioFeatures: abilities.virtioFeatures, protocolFeatures: FEW });
    const from = hostOf('node1', abilities, { entries: [cut] });
    for (const ackedProtocol of [FEW, undefined]) {
      const obstacle = first(running(from, 'site.cut', linux, { ackedProtocol }), from);
      assert.match(obstacle?.text ?? '', /: site\.cut does not offer VHOST_USER_PROTOCOL_F_LOG_SHMFD/);
      assert.match(obstacle?.remedy ?? '', /Pin a version .*that does not cut it.*stop and start the guest/);
    }
  });

  it('nobody: protocol features that a migration does not need', () => {
    const answer = ask(source({ ackedProtocol: maskOf(PROTOCOL, 'LOG_SHMFD') }), home, there);
    assert.deepEqual([answer.possible, answer.obstacles], [true, []]);
  });

  it('each for what it lacks, when two of them do', () => {
    const offered = (home.abilities?.virtioFeatures ?? 0n) & ~LOG_ALL;
    const { obstacles } = ask(source({ offered, ackedProtocol: FEW }), home, there);
    assert.deepEqual(
      obstacles.map(({ text }) => /(the back-end|its front-end) .*?(VH\w+)/.exec(text)?.slice(1)),
      [
        ['the back-end', 'VHOST_F_LOG_ALL'],
        ['its front-end', 'VHOST_USER_PROTOCOL_F_LOG_SHMFD'],
      ],
    );
    assert.notEqual(offered & CONTROL_BITS, CONTROL_BITS);
  });
});
