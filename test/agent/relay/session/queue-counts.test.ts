import assert from 'node:assert/strict';
import { writeU64, writeVringState } from '../../../../agent/vhost/payloads.ts';
import { maskOf } from '../../../../compat-tables/bits/mask.ts';
import { VIRTIO_NET } from '../../../../compat-tables/bits/virtio-net.ts';
import { entryOf } from '../../support.ts';
import { Driven, does, refusal, reply, request } from './driven.ts';

function device(type: string, limit?: number): Driven {
  const limits = limit === undefined ? {} : { queue_pairs: limit };
  return new Driven(entryOf({ deviceType: `vhost-user-${type}`, limits }));
}

const call = (ring: number) => request('SET_VRING_CALL', writeU64(BigInt(ring)), 0, 1);
const kick = (ring: number) => request('SET_VRING_KICK', writeU64(BigInt(ring)), 0, 1);
const enable = (ring: number) => request('SET_VRING_ENABLE', writeVringState({ index: ring, num: 1 }));

describe('relay session: how a device type counts its queues', () => {
  it('counts single rings of a disk, and two for each queue pair of a network card', () => {
    for (const [type, want] of [
      ['blk', 8],
      ['scsi', 8],
      ['fs', 8],
      ['net', 4],
      ['unheard-of', 8],
    ] as const) {
      const session = device(type);
      for (let ring = 0; ring < 8; ring += 1) session.ask(call(ring));
      assert.equal(session.state.queuePairs, want, type);
    }
  });

  it('lets a disk have as many rings as the mode has queues, and not twice as many', () => {
    for (const ask of [kick, enable]) {
      const session = device('blk', 4);
      assert.deepEqual(does(session.ask(ask(3))), ['forward']);
      const refused = refusal(session.ask(ask(4)));
      assert.equal(refused?.error.code, 'VC-QUEUE-PAIRS');
      assert.match(refused.error.message, /ring 4 of vhu1: version test\.v1 allows 4 queues, rings 0 to 3$/);
    }
  });

  it('leaves the rings beside the requests to the back-end, which may or may not count them', () => {
    const scsi = device('scsi', 4);
    for (let ring = 0; ring < 6; ring += 1) assert.deepEqual(does(scsi.ask(kick(ring))), ['forward']);
    assert.equal(refusal(scsi.ask(kick(6)))?.error.code, 'VC-QUEUE-PAIRS');
    // without the protocol feature MQ the answer is 1, and a file system has two rings at least
    const fs = device('fs', 1);
    for (const ring of [0, 1]) assert.deepEqual(does(fs.ask(kick(ring))), ['forward']);
    assert.equal(refusal(fs.ask(kick(2)))?.error.code, 'VC-QUEUE-PAIRS');
  });

  it('asks nothing of the rings of a type that always has the same', () => {
    for (const [type, rings] of [
      ['vsock', 2],
      ['gpu', 2],
      ['input', 2],
      ['gpio', 2],
      ['sound', 4],
    ] as const) {
      const session = device(type, 2);
      session.ask(request('GET_QUEUE_NUM'));
      assert.deepEqual(does(session.answer(reply('GET_QUEUE_NUM', writeU64(1n)))), ['forward'], type);
      for (let ring = 0; ring < rings; ring += 1) assert.deepEqual(does(session.ask(kick(ring))), ['forward'], type);
    }
  });

  it('takes the ring after the last pair for the control queue when the guest has one', () => {
    const session = device('net', 2);
    for (let ring = 0; ring < 5; ring += 1) session.ask(call(ring));
    session.ask(request('SET_FEATURES', writeU64(maskOf(VIRTIO_NET, 'CTRL_VQ'))));
    for (let ring = 0; ring < 5; ring += 1) assert.deepEqual(does(session.ask(kick(ring))), ['forward']);
    assert.equal(session.state.queuePairs, 2);
    assert.equal(refusal(session.ask(kick(5)))?.error.code, 'VC-QUEUE-PAIRS');
    const without = device('net', 2);
    without.ask(request('SET_FEATURES', writeU64(0n)));
    assert.equal(refusal(without.ask(kick(4)))?.error.code, 'VC-QUEUE-PAIRS');
  });

  it('says queues of a back-end that has too few of them', () => {
    const session = device('blk', 8);
    session.ask(request('GET_QUEUE_NUM'));
    const refused = refusal(session.answer(reply('GET_QUEUE_NUM', writeU64(4n))));
    assert.match(refused?.error.message ?? '', /the back-end has 4 queues, the version promises 8$/);
  });
});
