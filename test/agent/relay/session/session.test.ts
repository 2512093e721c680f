import assert from 'node:assert/strict';
import fc from 'fast-check';
import { owedReplies } from '../../../../agent/relay/session/pending-replies.ts';
import { beginSession } from '../../../../agent/relay/session/session.ts';
import { encodeReply, type MessageView, NEED_REPLY, REPLY, VERSION } from '../../../../agent/vhost/header.ts';
import { writeU64, writeVringState } from '../../../../agent/vhost/payloads.ts';
import { CONTROL_BITS, LOG_ALL } from '../../../../compat-tables/bits/named-masks.ts';
import { REQUESTS, type RequestName } from '../../../../compat-tables/protocol/requests.ts';
import { entryOf, OVS_2_13, OVS_3_2 } from '../../support.ts';
import { Driven, does, onReply, onRequest, refusal, reply, request, told } from './driven.ts';

describe('relay session: the offer', () => {
  it('masks every reply to GET_FEATURES, not only the first', () => {
    const session = new Driven();
    for (let round = 0; round < 3; round += 1) {
      assert.deepEqual(does(session.ask(request('GET_FEATURES'))), ['forward']);
      assert.equal(told(session.answer(reply('GET_FEATURES', writeU64(OVS_3_2.virtioFeatures)))), 0xd7c66a7can);
    }
  });

  it('holds for every mode and back-end: guest bits of the mode exactly, control bits of the back-end exactly', () => {
    const words = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    fc.assert(
      fc.property(words, words, (mask, extra) => {
        const backend = (mask & ~CONTROL_BITS) | extra;
        const session = new Driven(entryOf({ virtioFeatures: mask }), { ...OVS_3_2, virtioFeatures: backend });
        const actions = session.answer(reply('GET_FEATURES', writeU64(backend)));
        const offered = told(actions) ?? backend;
        assert.equal(offered & ~CONTROL_BITS, mask & ~CONTROL_BITS);
        assert.equal(offered & CONTROL_BITS, backend & CONTROL_BITS);
        assert.equal(session.state.offered, offered);
      }),
    );
  });

  it('never accepts a feature outside the offer, whatever is asked', () => {
    const words = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    fc.assert(
      fc.property(words, (asked) => {
        const session = new Driven();
        const actions = session.ask(request('SET_FEATURES', writeU64(asked)));
        const outside = (asked & ~session.state.offered) !== 0n;
        assert.equal(refusal(actions) !== undefined, outside);
        assert.equal(session.state.acked, outside ? undefined : asked);
      }),
    );
  });

  it('is refused when the back-end no longer honours the mode', () => {
    const session = new Driven();
    session.ask(request('GET_FEATURES'));
    const actions = session.answer(reply('GET_FEATURES', writeU64(OVS_3_2.virtioFeatures & ~(1n << 28n))));
    const refused = refusal(actions);
    assert.equal(refused?.error.code, 'VC-MODE-FEATURES');
    assert.match(refused.error.message, /no longer offers \w*INDIRECT_DESC$/);
    assert.equal(refused.close, true);
  });

  it('limits protocol features only where the entry says so', () => {
    const open = new Driven();
    assert.deepEqual(does(open.answer(reply('GET_PROTOCOL_FEATURES', writeU64(0xfffffn)))).slice(-1), ['forward']);
    const closed = new Driven(entryOf({ protocolFeatures: 0xcb7n }));
    assert.equal(told(closed.answer(reply('GET_PROTOCOL_FEATURES', writeU64(0x10cbfn)))), 0xcb7n);
    assert.equal(
      refusal(closed.ask(request('SET_PROTOCOL_FEATURES', writeU64(0x10000n))))?.error.code,
      'VC-ACK-OUTSIDE-OFFER',
    );
    assert.deepEqual(does(closed.ask(request('SET_PROTOCOL_FEATURES', writeU64(5n)))), ['forward']);
    assert.equal(closed.state.ackedProtocol, 5n);
  });

  for (const { limit, backend, want } of [
    { limit: 16, backend: 128n, want: 16n },
    { limit: 16, backend: 16n, want: 16n },
    { limit: undefined, backend: 128n, want: 128n },
  ]) {
    it(`answers GET_QUEUE_NUM with ${want} for a limit of ${limit} and a back-end's ${backend}`, () => {
      const session = new Driven(entryOf({ limits: limit === undefined ? {} : { queue_pairs: limit } }));
      const actions = session.answer(reply('GET_QUEUE_NUM', writeU64(backend)));
      assert.equal(told(actions) ?? backend, want);
    });
  }

  it('is refused when the back-end has fewer queues than the mode promises', () => {
    const session = new Driven(entryOf({ limits: { queue_pairs: 8 } }));
    session.ask(request('GET_QUEUE_NUM'));
    const refused = refusal(session.answer(reply('GET_QUEUE_NUM', writeU64(2n))));
    assert.equal(refused?.error.code, 'VC-MODE-LIMIT');
    assert.match(refused.error.message, /the back-end has 2 queue pairs, the version promises 8$/);
    assert.deepEqual([refused.close, refused.learned], [true, { limits: { queue_pairs: 2 } }]);
  });

  it('keeps the flags of the reply that it changes', () => {
    const session = new Driven();
    const actions = session.answer(request('GET_FEATURES', writeU64(OVS_3_2.virtioFeatures), REPLY | NEED_REPLY));
    const changed = actions.find((action) => action.do === 'forwardChanged');
    assert.equal(changed?.bytes[4], VERSION | REPLY | NEED_REPLY);
  });
});

describe('relay session: features of a running device', () => {
  const acked = 0x17020a782n;
  const toggles = [
    { title: 'LOG_ALL on', from: acked, to: acked | LOG_ALL, passes: true },
    { title: 'LOG_ALL off', from: acked | LOG_ALL, to: acked, passes: true },
    { title: 'the same again', from: acked, to: acked, passes: true },
    { title: 'a bit less', from: acked, to: acked & ~2n, passes: false },
    { title: 'a bit more, and LOG_ALL', from: acked & ~2n, to: acked | LOG_ALL, passes: false },
  ];
  for (const { title, from, to, passes } of toggles) {
    it(`${passes ? 'passes' : 'refuses'}: ${title}`, () => {
      const session = new Driven().run(from);
      const actions = session.ask(request('SET_FEATURES', writeU64(to)));
      assert.equal(refusal(actions)?.error.code, passes ? undefined : 'VC-FEATURES-RUNNING');
      assert.equal(session.state.acked, passes ? to : from);
    });
  }

  const stops: { title: string; message: MessageView }[] = [
    { title: 'its rings were stopped', message: request('GET_VRING_BASE', writeVringState({ index: 0, num: 0 })) },
    {
      title: 'its rings were stopped without a drain',
      message: request('GET_VRING_BASE_SKIP_DRAIN', writeVringState({ index: 0, num: 0 })),
    },
    { title: 'the status became 0', message: request('SET_STATUS', writeU64(0n)) },
    { title: 'the device was reset', message: request('RESET_DEVICE') },
  ];
  for (const { title, message } of stops) {
    it(`may change after ${title}: a guest rebooted or re-bound its driver`, () => {
      const session = new Driven().run(acked);
      session.ask(message);
      assert.deepEqual(does(session.ask(request('SET_FEATURES', writeU64(acked & ~2n)))), ['forward']);
      assert.equal(session.state.acked, acked & ~2n);
    });
  }

  it('may not change while one ring of several runs', () => {
    const session = new Driven().run(acked);
    session.ask(request('SET_VRING_KICK', writeU64(1n), 0, 1));
    session.ask(request('GET_VRING_BASE', writeVringState({ index: 0, num: 0 })));
    assert.notEqual(refusal(session.ask(request('SET_FEATURES', writeU64(0n)))), undefined);
  });

  it('follows a migration as QEMU does it', () => {
    const session = new Driven().replyAck().run(acked);
    session.ask(request('SET_LOG_BASE', new Uint8Array(16), 0, 1));
    assert.equal(owedReplies(session.state).length, 1);
    assert.deepEqual(does(session.answer(reply('SET_LOG_BASE', new Uint8Array(0)))), ['forward']);
    assert.deepEqual(does(session.ask(request('SET_FEATURES', writeU64(acked | LOG_ALL), NEED_REPLY))), ['forward']);
    assert.equal(session.state.acked, acked, 'not before the back-end has said that it did it');
    session.answer(reply('SET_FEATURES', writeU64(0n)));
    assert.equal(session.state.acked, acked | LOG_ALL);
    assert.equal(owedReplies(session.state).length, 0);
  });

  it('may not change after those that the back-end has not answered about yet', () => {
    const session = new Driven().replyAck();
    session.ask(request('SET_FEATURES', writeU64(acked), NEED_REPLY));
    session.ask(request('SET_VRING_KICK', writeU64(0n), 0, 1));
    const refused = refusal(session.ask(request('SET_FEATURES', writeU64(acked & ~2n))));
    assert.equal(refused?.error.code, 'VC-FEATURES-RUNNING');
  });

  it('are those from before when the back-end says that it did not take the new ones', () => {
    const session = new Driven().replyAck().run(acked);
    session.ask(request('SET_FEATURES', writeU64(acked | LOG_ALL), NEED_REPLY));
    assert.deepEqual(does(session.answer(reply('SET_FEATURES', writeU64(1n)))), ['forward']);
    assert.equal(session.state.acked, acked);
    const fresh = new Driven().replyAck();
    fresh.ask(request('SET_FEATURES', writeU64(acked), NEED_REPLY));
    fresh.answer(reply('SET_FEATURES', writeU64(1n)));
    assert.equal(fresh.state.acked, undefined);
  });
});

describe('relay session: refusals', () => {
  it('are answered behind a reply that an earlier front-end asked for', () => {
    const context = { interface: 'vhu1', mode: entryOf(), abilities: OVS_3_2 };
    const owed = [{ request: REQUESTS.GET_FEATURES.id, dropped: true }] as const;
    const protocol = request('SET_PROTOCOL_FEATURES', writeU64(OVS_3_2.protocolFeatures));
    const begun = onRequest(context, beginSession(context, OVS_3_2, owed), protocol);
    const asked = onRequest(context, begun.state, request('SET_FEATURES', writeU64(1n << 63n), NEED_REPLY));
    assert.deepEqual(does(asked.actions), ['refuse']);
    const step = onReply(context, asked.state, reply('GET_FEATURES', writeU64(OVS_3_2.virtioFeatures)));
    assert.deepEqual(does(step.actions), ['answer']);
    assert.deepEqual(step.state.pending, []);
  });

  it('tells a front-end that wants to know, and lets it stay', () => {
    const session = new Driven().replyAck();
    const actions = session.ask(request('SET_FEATURES', writeU64(1n << 40n), NEED_REPLY));
    assert.deepEqual(does(actions), ['refuse', 'answer']);
    assert.equal(refusal(actions)?.close, false);
    const answer = actions.find((action) => action.do === 'answer');
    assert.deepEqual(answer?.bytes, encodeReply(REQUESTS.SET_FEATURES.id, writeU64(1n)));
  });

  for (const { title, flags, negotiated } of [
    { title: 'does not ask', flags: 0, negotiated: true },
    { title: 'asks but has not negotiated REPLY_ACK', flags: NEED_REPLY, negotiated: false },
  ]) {
    it(`sends away one that ${title}`, () => {
      const session = new Driven();
      if (negotiated) session.replyAck();
      const actions = session.ask(request('SET_FEATURES', writeU64(1n << 40n), flags));
      assert.deepEqual(does(actions), ['refuse']);
      assert.equal(refusal(actions)?.close, true);
    });
  }

  it('never overtakes a reply that the back-end owes', () => {
    const session = new Driven().replyAck();
    session.ask(request('GET_FEATURES'));
    assert.deepEqual(does(session.ask(request('SET_FEATURES', writeU64(1n << 40n), NEED_REPLY))), ['refuse']);
    session.ask(request('GET_STATUS'));
    assert.deepEqual(does(session.answer(reply('GET_FEATURES', writeU64(OVS_3_2.virtioFeatures)))), [
      'forwardChanged',
      'answer',
    ]);
    assert.deepEqual(does(session.answer(reply('GET_STATUS', writeU64(0n)))), ['forward']);
    assert.equal(session.state.pending.length, 0);
  });

  it('names the ring that is larger than the mode allows', () => {
    const session = new Driven(entryOf({ limits: { ring_size: 1024 } }));
    assert.deepEqual(does(session.ask(request('SET_VRING_NUM', writeVringState({ index: 0, num: 1024 })))), [
      'forward',
    ]);
    const refused = refusal(session.ask(request('SET_VRING_NUM', writeVringState({ index: 1, num: 2048 }))));
    assert.equal(refused?.error.code, 'VC-RING-SIZE');
    assert.match(refused.error.message, /ring 1 of vhu1: it has 2048/);
    assert.deepEqual([...session.state.ringSizes], [[0, 1024]]);
  });

  it('names the ring that is beyond the queue pairs of the mode', () => {
    const start = (index: number) => [
      request('SET_VRING_KICK', writeU64(BigInt(index)), 0, 1),
      request('SET_VRING_ENABLE', writeVringState({ index, num: 1 })),
    ];
    const session = new Driven(entryOf({ limits: { queue_pairs: 2 } }));
    for (const message of start(3)) assert.deepEqual(does(session.ask(message)), ['forward']);
    for (const message of start(4)) {
      const refused = refusal(session.ask(message));
      assert.equal(refused?.error.code, 'VC-QUEUE-PAIRS');
      assert.match(refused.error.message, /ring 4 of vhu1: version test.v1 allows 2 queue pairs, rings 0 to 3/);
    }
    assert.equal(session.state.queuePairs, 2);
  });

  it('says which features were not offered, by name', () => {
    const session = new Driven();
    const refused = refusal(session.ask(request('SET_FEATURES', writeU64(OVS_2_13.virtioFeatures | 1n))));
    assert.equal(refused?.error.code, 'VC-ACK-OUTSIDE-OFFER');
    assert.deepEqual(refused.error.details.missing, ['VIRTIO_NET_F_CSUM']);
  });

  it('says of features that no version can have here that the front-end is at fault', () => {
    const refused = (name: RequestName, value: bigint, mode = entryOf()) => {
      const session = new Driven(mode);
      session.answer(reply('GET_PROTOCOL_FEATURES', writeU64(OVS_3_2.protocolFeatures)));
      const { error } = refusal(session.ask(request(name, writeU64(value)))) ?? assert.fail();
      assert.equal(error.code, 'VC-ACK-OUTSIDE-OFFER');
      return error.message;
    };
    const MAC = 1n << 5n;
    const { virtioFeatures } = OVS_2_13;
    assert.match(
      refused('SET_FEATURES', virtioFeatures | MAC),
      /VIRTIO_NET_F_MAC is not in the offer 0x\w+ of version test\.v1, and no version has it here: the back-end does not offer it$/,
    );
    assert.match(
      refused('SET_FEATURES', virtioFeatures | MAC | 1n),
      /: VIRTIO_NET_F_CSUM, VIRTIO_NET_F_MAC is not in .* and no version has VIRTIO_NET_F_MAC here/,
    );
    // the version masks it, and another one may not
    assert.match(
      refused('SET_FEATURES', virtioFeatures | 1n),
      /VIRTIO_NET_F_CSUM is not in the offer \w+ of version test\.v1$/,
    );
    assert.match(
      refused('SET_PROTOCOL_FEATURES', 1n << 40n),
      /no version has it here: the back-end does not offer it$/,
    );
    assert.match(
      refused('SET_PROTOCOL_FEATURES', OVS_3_2.protocolFeatures, entryOf({ protocolFeatures: 0xcb7n })),
      /of version test\.v1$/,
    );
  });

  it('sends away a front-end that is refused without end while the back-end owes a reply', () => {
    const session = new Driven().replyAck();
    session.ask(request('GET_FEATURES'));
    const foreign = request('SET_FEATURES', writeU64(1n << 40n), NEED_REPLY);
    let asked = 0;
    while (refusal(session.ask(foreign))?.close !== true) {
      asked += 1;
      assert.ok(asked < 1000, `${session.state.pending.length} answers wait`);
    }
    assert.equal(refusal(session.actions)?.error.code, 'VC-VHOST-FLOOD');
  });

  it('sends away a front-end that asks without end', () => {
    const session = new Driven();
    for (let i = 0; i < 256; i += 1) assert.deepEqual(does(session.ask(request('GET_FEATURES'))), ['forward']);
    assert.equal(refusal(session.ask(request('GET_FEATURES')))?.error.code, 'VC-VHOST-FLOOD');
  });
});

describe('relay session: everything else', () => {
  it('forwards what it does not know, and counts it', () => {
    const session = new Driven();
    const actions = session.ask(request(999, new Uint8Array(3), 0, 2));
    assert.deepEqual(actions, [{ do: 'count', what: 'unknown_requests' }, { do: 'forward' }]);
    assert.equal(session.state.relayed, true);
  });

  it('knows questions from orders', () => {
    const session = new Driven();
    for (const name of ['GET_FEATURES', 'GET_PROTOCOL_FEATURES', 'GET_QUEUE_NUM', 'GET_STATUS'] as const)
      session.ask(request(name));
    assert.equal(session.state.relayed, false);
    assert.equal(owedReplies(session.state).length, 4);
    session.ask(request('SET_OWNER'));
    assert.equal(session.state.relayed, true);
  });

  it('forwards a reply that nobody seems to have asked for, and counts it', () => {
    // During postcopy SET_MEM_TABLE is replied to without need_reply.
    const actions = new Driven().answer(reply('SET_MEM_TABLE', new Uint8Array(40)));
    assert.deepEqual(does(actions), ['count', 'forward']);
  });

  it('records queue pairs from rings that are enabled or started, not from those that are disabled', () => {
    const session = new Driven();
    session.ask(request('SET_VRING_ENABLE', writeVringState({ index: 9, num: 0 })));
    assert.equal(session.state.queuePairs, undefined);
    session.ask(request('SET_VRING_ENABLE', writeVringState({ index: 3, num: 1 })));
    assert.equal(session.state.queuePairs, 2);
    session.ask(request('SET_VRING_KICK', writeU64(4n), 0, 1));
    assert.equal(session.state.queuePairs, 3);
  });

  it('counts the queue pairs of the device by the rings that are set up, also when the guest starts one only', () => {
    const session = new Driven().run(2n);
    assert.equal(session.state.queuePairs, 1);
    for (const index of [0, 7])
      assert.deepEqual(does(session.ask(request('SET_VRING_CALL', writeU64(BigInt(index)), 0, 1))), ['forward']);
    assert.equal(session.state.queuePairs, 4);
    assert.deepEqual(session.state.started, [0]);
  });

  it('changes nothing in place', () => {
    const session = new Driven();
    const before = session.state;
    const copy = structuredClone(before);
    session.replyAck().run(2n);
    session.ask(request('SET_VRING_NUM', writeVringState({ index: 0, num: 256 })));
    assert.deepEqual(before, copy);
  });
});
