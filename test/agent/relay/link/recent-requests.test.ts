import assert from 'node:assert/strict';
import { RecentRequests } from '../../../../agent/relay/link/recent-requests.ts';
import type { MessageView } from '../../../../agent/vhost/header.ts';
import { writeMemoryTable, writeU64, writeVringState } from '../../../../agent/vhost/payloads.ts';
import { REQUESTS, type RequestName } from '../../../../compat-tables/protocol/requests.ts';

const message = (name: RequestName | number, payload: Uint8Array = new Uint8Array(0)): MessageView => {
  return { request: typeof name === 'number' ? name : REQUESTS[name].id, flags: 1, payload, fds: { length: 0 } };
};
const size = (index: number, num = 256) => message('SET_VRING_NUM', writeVringState({ index, num }));

describe('the requests that went to a back-end last', () => {
  const texts: readonly [string, MessageView][] = [
    ['SET_VRING_NUM (ring 0, 1024)', size(0, 1024)],
    ['GET_VRING_BASE (ring 3)', message('GET_VRING_BASE', writeVringState({ index: 3, num: 7 }))],
    ['SET_FEATURES (0x8000000170608182)', message('SET_FEATURES', writeU64(0x8000_0001_7060_8182n))],
    ['SET_PROTOCOL_FEATURES (0x9)', message('SET_PROTOCOL_FEATURES', writeU64(9n))],
    ['SET_VRING_KICK (ring 5)', message('SET_VRING_KICK', writeU64(5n))],
    ['SET_VRING_CALL (ring 1, polled)', message('SET_VRING_CALL', writeU64(0x101n))],
    ['SET_MEM_TABLE (0 regions)', message('SET_MEM_TABLE', writeMemoryTable([]))],
    ['NET_SET_MTU (9000)', message('NET_SET_MTU', writeU64(9000n))],
    // the guest's MAC
    ['SEND_RARP', message('SEND_RARP', writeU64(0x1234_5678_9abcn))],
    ['SET_OWNER', message('SET_OWNER')],
    ['SET_VRING_NUM (ring 0, 4294967295)', size(0, 0xffff_ffff)],
    ['request 99', message(99, Uint8Array.of(1))],
  ];
  for (const [text, one] of texts) {
    it(`are told as ${text}`, () => {
      const recent = new RecentRequests();
      recent.sent(one);
      assert.deepEqual([recent.last, recent.unconfirmed], [text, text]);
      assert.deepEqual(recent.unanswered([{ request: one.request }]), [text]);
    });
  }

  it('are none at first, and a reply without a request changes nothing', () => {
    const recent = new RecentRequests();
    recent.answered(1);
    assert.deepEqual([recent.last, recent.unconfirmed, recent.unanswered([])], [undefined, undefined, []]);
    assert.deepEqual(recent.unanswered([{ request: 1 }]), ['GET_FEATURES']);
  });

  it('are those that the last reply did not confirm, else the last one', () => {
    const recent = new RecentRequests();
    for (const one of [size(0), message('GET_FEATURES'), size(1)]) recent.sent(one);
    recent.answered(REQUESTS.GET_FEATURES.id);
    assert.equal(recent.unconfirmed, 'SET_VRING_NUM (ring 1, 256)');
    recent.sent(size(2));
    assert.equal(recent.unconfirmed, 'SET_VRING_NUM (ring 1, 256), SET_VRING_NUM (ring 2, 256)');
    recent.sent(message('GET_FEATURES'));
    recent.answered(REQUESTS.GET_FEATURES.id);
    assert.equal(recent.unconfirmed, 'GET_FEATURES');
  });

  it('are counted where there are many, also more than are remembered', () => {
    const recent = new RecentRequests();
    for (let index = 0; index < 12; index += 1) recent.sent(size(index));
    assert.equal(
      recent.unconfirmed,
      'SET_VRING_NUM (ring 0, 256), SET_VRING_NUM (ring 1, 256), SET_VRING_NUM (ring 2, 256), 8 more and SET_VRING_NUM (ring 11, 256)',
    );
    for (let index = 12; index < 100; index += 1) recent.sent(size(index));
    assert.equal(recent.unconfirmed, '99 requests and SET_VRING_NUM (ring 99, 256)');
  });

  it('are the first few of a flood that got no reply', () => {
    const recent = new RecentRequests();
    const flood = Array.from({ length: 256 }, () => ({ request: 1 }));
    assert.deepEqual(recent.unanswered(flood), [...Array<string>(4).fill('GET_FEATURES'), '252 more']);
  });

  it('leave out what we answer ourselves, and what nobody waits for any more', () => {
    const recent = new RecentRequests();
    recent.sent(message('GET_FEATURES'));
    const pending = [{ request: 1, dropped: true }, { request: 2, answer: new Uint8Array(1) }, { request: 1 }] as const;
    assert.deepEqual(recent.unanswered(pending), ['GET_FEATURES']);
  });
});
