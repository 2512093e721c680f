import assert from 'node:assert/strict';
import { formatMask, maskOf } from '../../../compat-tables/bits/mask.ts';
import { CONTROL_BITS } from '../../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import { askMove, type Side, typedHost } from './typed-hosts.ts';

const BLK: Side = { type: 'vhost-user-blk', queues: 4, protocol: maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD', 'CONFIG') };

describe('check-move: the queues of each device type', () => {
  const move = (type: string, rings: number, here: number, there: number) =>
    askMove(
      { ...BLK, type, queues: here, protocol: ~0n & 0xfffffn, rings: Array.from({ length: rings }, (_, at) => at) },
      { ...BLK, type, queues: there, protocol: 0xfffffn },
    );

  it('are as many as the rings of a disk: eight do not fit a back-end with four', () => {
    const { possible, obstacles } = move('vhost-user-blk', 8, 8, 4);
    assert.equal(possible, false);
    assert.deepEqual(
      obstacles.map(({ code, text }) => [code, text]),
      [
        [
          'VC-MODE-LIMIT',
          'the back-end of there gives queues 4, the interface has 8: QEMU refuses it there (The maximum number of queues supported by the backend is 4)',
        ],
      ],
    );
    assert.equal(move('vhost-user-blk', 4, 8, 4).possible, true);
    assert.equal(move('vhost-user-blk', 5, 8, 4).possible, false);
  });

  it('are read from the rings where an earlier agent halved their number', () => {
    const rings = [0, 1, 2, 3, 4, 5, 6, 7];
    const source = typedHost('here', { ...BLK, queues: 8, rings });
    const [one] = source.interfaces;
    assert.ok(one);
    const halved = { ...source, interfaces: [{ ...one, queue_pairs: 4 }] };
    assert.equal(askMove(halved, { ...BLK, queues: 4 }).possible, false);
    assert.equal(askMove(halved, { ...BLK, queues: 8 }).possible, true);
  });

  it('are two for each pair of a network card', () => {
    assert.equal(move('vhost-user-net', 8, 8, 4).possible, true);
    assert.equal(move('vhost-user-net', 10, 8, 4).possible, false);
  });

  it('of a SCSI adapter and a file system have fixed ones among them, which a back-end counts or not', () => {
    assert.equal(move('vhost-user-scsi', 8, 8, 8).possible, true);
    assert.equal(move('vhost-user-scsi', 8, 8, 7).possible, false);
    // a back-end that answers six and serves eight rings leaves the control and the event queue out
    assert.equal(move('vhost-user-scsi', 8, 6, 6).possible, true);
    assert.equal(move('vhost-user-scsi', 8, 6, 5).possible, false);
    assert.equal(move('vhost-user-fs', 2, 2, 1).possible, true);
    assert.equal(move('vhost-user-fs', 3, 4, 2).possible, false);
  });

  it('of a type that nobody has described are counted one by one, and that is said', () => {
    const { possible, warnings } = move('vhost-user-teapot', 4, 4, 4);
    assert.deepEqual([possible, move('vhost-user-teapot', 4, 4, 3).possible], [true, false]);
    assert.match(warnings.join(), /nothing is known here of how QEMU migrates a vhost-user-teapot/);
  });

  it('of a disk need the protocol feature MQ when there are several, and CONFIG always', () => {
    const ask = (rings: number[], protocol: bigint) =>
      askMove({ ...BLK, rings }, { ...BLK, protocol }).obstacles.map(({ code, text }) => `${code} ${text}`);
    assert.deepEqual(ask([0], maskOf(PROTOCOL, 'LOG_SHMFD', 'CONFIG')), []);
    assert.match(
      ask([0, 1], maskOf(PROTOCOL, 'LOG_SHMFD', 'CONFIG')).join(),
      /^VC-MODE-PROTOCOL .* VHOST_USER_PROTOCOL_F_MQ/,
    );
    assert.match(
      ask([0], maskOf(PROTOCOL, 'LOG_SHMFD', 'MQ')).join(),
      /^VC-MODE-PROTOCOL .* VHOST_USER_PROTOCOL_F_CONFIG/,
    );
  });

  it('of a disk are in the version that is pinned there, too', () => {
    const entries = [{ version: 'site.small', limits: { queue_pairs: 2 } }];
    const { possible, obstacles } = askMove({ ...BLK, rings: [0, 1, 2] }, { ...BLK, entries });
    assert.deepEqual(
      [possible, obstacles.map(({ text }) => text)],
      [
        false,
        [
          'the back-end of there would do, but site.small, the closest version there, gives queues 2, the interface has 3: QEMU refuses it there (The maximum number of queues supported by the backend is 2)',
        ],
      ],
    );
  });
});

describe('check-move: a virtual IOMMU', () => {
  it('is refused by QEMU without its protocol features, whatever the device is', () => {
    const iommu = 1n << 33n;
    const side = { ...BLK, features: CONTROL_BITS | iommu | (1n << 32n), rings: [0] };
    const protocol = maskOf(PROTOCOL, 'LOG_SHMFD', 'CONFIG', 'MQ', 'REPLY_ACK');
    const { obstacles } = askMove(
      { ...side, protocol: protocol | maskOf(PROTOCOL, 'BACKEND_REQ') },
      { ...side, protocol },
    );
    assert.match(obstacles.map(({ text }) => text).join(), /VHOST_USER_PROTOCOL_F_BACKEND_REQ/);
  });
});

describe('check-move: where the state of a device is', () => {
  const FS: Side = { type: 'vhost-user-fs', queues: 2, rings: [0, 1], protocol: maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD') };
  const withState = { ...FS, protocol: maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD', 'DEVICE_STATE') };
  const codes = (from: Side, to: Side) => askMove(from, to).obstacles.map(({ code }) => code);

  it('needs DEVICE_STATE on both sides when the back-end has it', () => {
    assert.deepEqual(codes(withState, withState), []);
    assert.deepEqual(codes(FS, withState), ['VC-MIGRATE-STATE']);
    assert.deepEqual(codes(withState, FS), ['VC-MODE-PROTOCOL']);
    assert.deepEqual(codes(FS, FS), ['VC-MIGRATE-STATE', 'VC-MODE-PROTOCOL']);
    assert.match(
      askMove(withState, FS).obstacles[0]?.text ?? '',
      /VHOST_USER_PROTOCOL_F_DEVICE_STATE, which .*\(does not support migration through qemu\)$/,
    );
  });

  it('counts what the front-end accepted: QEMU before 8.2 does not take the state over', () => {
    const old = { ...withState, interface: { acked_protocol_features: formatMask(FS.protocol ?? 0n) } };
    assert.deepEqual(codes(old, withState), ['VC-MIGRATE-STATE']);
    const [text] = askMove(old, withState).obstacles.map((one) => one.text);
    assert.match(text ?? '', /: its front-end was offered, and did not accept, VHOST_USER_PROTOCOL_F_DEVICE_STATE,/);
    assert.match(askMove(old, withState).obstacles[0]?.remedy ?? '', /a back-end and a QEMU that hand the state over/);
  });

  it('counts what the version there lets through', () => {
    const entries = [{ version: 'site.cut', protocolFeatures: FS.protocol ?? 0n }];
    assert.deepEqual(codes(withState, { ...withState, entries }), ['VC-MODE-PROTOCOL']);
  });

  it('is not asked of a disk, and of a network card only when its back-end has state', () => {
    for (const type of ['vhost-user-blk', 'vhost-user-scsi']) {
      const side = { ...withState, type };
      assert.deepEqual(codes(side, { ...FS, type }), [], type);
    }
    const net = (one: Side): Side => ({ ...one, type: 'vhost-user-net' });
    assert.deepEqual(codes(net(FS), net(FS)), []);
    assert.deepEqual(codes(net(FS), net(withState)), []);
    assert.deepEqual(codes(net(withState), net(FS)), ['VC-MODE-PROTOCOL']);
  });

  it('keeps devices that QEMU never moves where they are, connected or not', () => {
    for (const type of [
      'snd',
      'vga',
      'vsock',
      'gpu',
      'input',
      'i2c',
      'gpio',
      'sound',
      'rng',
      'crypto',
      'scmi',
      'spi',
    ]) {
      const side: Side = { ...withState, type: `vhost-user-${type}` };
      const { obstacles, possible } = askMove(side, side);
      assert.equal(possible, false, type);
      assert.match(obstacles[0]?.text ?? '', new RegExp(`QEMU moves no vhost-user-${type}`));
      // another back-end or another QEMU cannot help
      assert.equal(
        obstacles[0]?.remedy,
        'Unplug the device before the guest moves and plug it in again afterwards, or shut the guest down and start it on the other host.',
      );
      assert.deepEqual(codes({ ...side, entries: [{ version: 'site.v1' }] }, side)[0], 'VC-MIGRATE-STATE');
    }
  });
});
