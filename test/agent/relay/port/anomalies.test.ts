import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { createEventFd } from '../../../../agent/fd/libc.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import type { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import type { Port } from '../../../../agent/relay/port/port.ts';
import { encodeReply, encodeRequest, NEED_REPLY, REPLY } from '../../../../agent/vhost/header.ts';
import { writeU64, writeVringState } from '../../../../agent/vhost/payloads.ts';
import { REQUESTS } from '../../../../compat-tables/protocol/requests.ts';
import { aWhile, benchForEach, Hooks, hex, OVS_2_13, until, untilState } from '../../support.ts';

const eventFds = (count: number) => Array.from({ length: count }, () => new OwnedFd(createEventFd()));

/**
 * Sends large requests until the front-end cannot send and the port takes nothing any more; how many, at most 5000. The
 * kernel's buffers on both ways take some hundreds of them, the port one.
 */
async function sendUntilStalled(frontend: MockFrontend, port: Port): Promise<number> {
  const big = encodeRequest(999, new Uint8Array(4096));
  let sent = 0;
  for (; sent < 5000 && !frontend.stalled; sent += 1) {
    frontend.raw(big);
    for (let taken = -1; frontend.stalled && taken !== port.status.statistics.messages_to_backend; ) {
      taken = port.status.statistics.messages_to_backend;
      await aWhile(20);
    }
  }
  return sent;
}

describe('a port and peers that behave badly', () => {
  const bench = benchForEach();

  const attacks: { title: string; code: string; relayed?: true; send(frontend: MockFrontend): void }[] = [
    { title: 'a wrong version', code: 'VC-VHOST-HEADER', send: (f) => f.raw(hex('01000000 02000000 00000000')) },
    {
      title: 'a reply instead of a request',
      code: 'VC-VHOST-HEADER',
      send: (f) => f.raw(hex('01000000 05000000 00000000')),
    },
    {
      title: 'a payload of 4 GiB',
      code: 'VC-VHOST-SIZE',
      send: (f) => f.raw(hex('02000000 01000000 ffffffff'), eventFds(2)),
    },
    {
      title: 'SET_FEATURES of one byte',
      code: 'VC-VHOST-SIZE',
      send: (f) => f.raw(hex('02000000 01000000 01000000 00')),
    },
    {
      title: 'a ring index of 2^31',
      code: 'VC-VHOST-SIZE',
      send: (f) => f.raw(hex('08000000 01000000 08000000 00000080 00010000')),
    },
    { title: 'descriptors where none belong', code: 'VC-VHOST-FDS', send: (f) => f.raw(encodeRequest(1), eventFds(3)) },
    {
      title: 'two descriptors for one kick',
      code: 'VC-VHOST-FDS',
      send: (f) => f.tell('SET_VRING_KICK', writeU64(0n), eventFds(2)),
    },
    { title: 'a kick without a descriptor', code: 'VC-VHOST-FDS', send: (f) => f.tell('SET_VRING_KICK', writeU64(0n)) },
    {
      title: 'nine descriptors with an unknown request',
      code: 'VC-VHOST-FDS',
      send: (f) => f.tell(999, hex('00'), eventFds(9)),
    },
    { title: '64 descriptors', code: 'VC-VHOST-FDS', send: (f) => f.tell(999, hex('00'), eventFds(64)) },
    {
      // The kernel shows the descriptors with the message, and only consuming it tells where they stood.
      title: 'descriptors with the payload instead of the header',
      code: 'VC-VHOST-FDS',
      relayed: true,
      send: (f) => {
        f.raw(hex('0c000000 01000000 08000000'));
        f.raw(hex('0000000000000000'), eventFds(1));
      },
    },
    {
      title: 'features that were not offered',
      code: 'VC-ACK-OUTSIDE-OFFER',
      send: (f) => f.tell('SET_FEATURES', writeU64(1n)),
    },
  ];
  for (const { title, code, relayed = false, send } of attacks) {
    it(`loses a front-end that sends ${title}, ${relayed ? 'resets' : 'keeps'} the back-end, and serves the next`, async () => {
      const backend = await bench.backend();
      const hooks = new Hooks();
      const port = bench.port(hooks);
      const attacker = await bench.frontend();
      await attacker.sync();
      send(attacker);
      await attacker.ended;
      await until('the event', () => hooks.codes().includes(code));
      assert.deepEqual(hooks.codes(), [code]);
      assert.equal(port.status.error?.code, code);
      await (await bench.frontend()).negotiate();
      assert.equal(port.status.error, undefined);
      assert.equal(backend.connections, relayed ? 2 : 1);
    });
  }

  const replies: { title: string; code: string; bytes: Uint8Array; fds: number }[] = [
    { title: 'a request', code: 'VC-VHOST-HEADER', bytes: encodeRequest(1, writeU64(0n)), fds: 0 },
    { title: 'a reply of four bytes', code: 'VC-VHOST-SIZE', bytes: encodeReply(1, hex('00000000')), fds: 0 },
    { title: 'a reply with a descriptor', code: 'VC-VHOST-FDS', bytes: encodeReply(1, writeU64(0n)), fds: 1 },
    { title: 'a wrong version', code: 'VC-VHOST-HEADER', bytes: hex('01000000 07000000 00000000'), fds: 1 },
  ];
  for (const { title, code, bytes, fds } of replies) {
    for (const connected of [true, false]) {
      it(`starts over when a back-end sends ${title}${connected ? ' to a front-end' : ' to the first question'}`, async () => {
        let bad = !connected;
        await bench.backend(
          {},
          {
            reconnectMs: 10,
            intercept: ({ request }, connection) => {
              if (request !== 1 || !bad) return false;
              bad = false;
              connection.write(bytes, eventFds(fds));
              return true;
            },
          },
        );
        const hooks = new Hooks();
        bench.port(hooks);
        if (connected) {
          const frontend = await bench.frontend();
          bad = true;
          frontend.tell('GET_FEATURES');
          await frontend.ended;
        }
        await (await bench.frontend()).negotiate();
        assert.deepEqual(hooks.codes(), [code]);
      });
    }
  }

  it('starts over when a back-end speaks without being asked', async () => {
    const backend = await bench.backend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    await untilState(port, 'waiting-frontend');
    backend.live[0]?.write(encodeReply(1, writeU64(0n)));
    await until('the event', () => hooks.codes().includes('VC-VHOST-HEADER'));
    await untilState(port, 'waiting-frontend');
    assert.equal(backend.connections, 2);
  });

  it('passes requests on that it does not know, with their descriptors', async () => {
    const seen: string[] = [];
    const backend = await bench.backend(
      {},
      {
        intercept: ({ request, fds, bytes }) => {
          if (request !== 999) return false;
          assert.deepEqual([...bytes], [...hex('e7030000 09000000 03000000 aabbcc')]);
          for (const fd of fds) seen.push(String(fstatSync(fd.raw).ino > 0));
          return false;
        },
      },
    );
    const port = bench.port(new Hooks());
    const frontend = await bench.frontend();
    await frontend.negotiate();
    const answer = await frontend.ask(999, hex('aabbcc'), eventFds(3), NEED_REPLY);
    assert.equal(answer.request, 999);
    assert.deepEqual(seen, ['true', 'true', 'true']);
    assert.equal(backend.received.at(-1)?.fds, 3);
    assert.equal(port.status.statistics.unknown_requests, 1);
  });

  it('passes the descriptor of a reply back', async () => {
    await bench.backend(
      {},
      {
        intercept: ({ request }, connection) => {
          if (request !== REQUESTS.POSTCOPY_ADVISE.id) return false;
          connection.write(encodeReply(request), eventFds(1));
          return true;
        },
      },
    );
    const port = bench.port(new Hooks());
    const frontend = await bench.frontend();
    const answer = await frontend.ask('POSTCOPY_ADVISE');
    assert.equal(answer.flags & REPLY, REPLY);
    assert.equal(answer.fds.length, 1);
    assert.equal(port.status.statistics.descriptors_to_frontend, 1);
  });

  it('takes a message in pieces, and two messages in one piece', async () => {
    const backend = await bench.backend();
    bench.port(new Hooks());
    const frontend = await bench.frontend();
    const start = backend.received.length;
    const kick = encodeRequest(REQUESTS.SET_VRING_KICK.id, writeU64(0n));
    for (const cut of [1, 12, 17]) {
      frontend.raw(kick.subarray(0, cut), eventFds(1));
      await aWhile(5);
      frontend.raw(kick.subarray(cut));
    }
    frontend.raw(
      Buffer.concat([
        encodeRequest(3),
        encodeRequest(REQUESTS.SET_VRING_ENABLE.id, writeVringState({ index: 0, num: 1 })),
      ]),
    );
    await frontend.sync();
    assert.deepEqual(
      backend.received.slice(start).map(({ name, fds }) => `${name} ${fds}`),
      [
        'SET_VRING_KICK 1',
        'SET_VRING_KICK 1',
        'SET_VRING_KICK 1',
        'SET_OWNER 0',
        'SET_VRING_ENABLE 0',
        'GET_FEATURES 0',
      ],
    );
  });

  it('keeps the descriptors of messages apart that arrive together', async () => {
    const backend = await bench.backend();
    bench.port(new Hooks());
    const frontend = await bench.frontend();
    const start = backend.received.length;
    // All of them lie in the kernel's buffer before the port reads the first.
    frontend.tell('SET_VRING_KICK', writeU64(0n), eventFds(1));
    frontend.tell('SET_VRING_NUM', writeVringState({ index: 0, num: 256 }));
    frontend.tell('SET_VRING_CALL', writeU64(0n), eventFds(1));
    frontend.tell('SET_VRING_CALL', writeU64(0x101n));
    frontend.tell(999, hex('00'), eventFds(5));
    await frontend.sync();
    assert.deepEqual(
      backend.received.slice(start, -1).map(({ fds }) => fds),
      [1, 0, 1, 0, 5],
    );
  });

  it('is not disturbed by peers that vanish at any message', async () => {
    const backend = await bench.backend({}, { reconnectMs: 10, maxRecorded: 0 });
    const hooks = new Hooks();
    const port = bench.port(hooks);
    const steps: ((frontend: MockFrontend) => void)[] = [
      () => {},
      (f) => f.tell('GET_FEATURES'),
      (f) => f.tell('GET_PROTOCOL_FEATURES'),
      (f) => f.tell('SET_PROTOCOL_FEATURES', writeU64(0n)),
      (f) => f.tell('SET_OWNER'),
      (f) => f.tell('SET_FEATURES', writeU64(OVS_2_13.virtioFeatures)),
      (f) => f.startRing(0),
      (f) => f.raw(hex('0c0000')),
      (f) => f.raw(hex('00 01000000 08000000 00'), []),
    ];
    for (let last = 0; last < steps.length; last += 1) {
      const frontend = await bench.frontend();
      for (const step of steps.slice(0, last + 1)) step(frontend);
      frontend.close();
      await until(
        'the front-end left',
        () => hooks.kinds().filter((kind) => kind === 'frontend-left').length === last + 1,
      );
    }
    for (const vanishAt of ['GET_FEATURES', 'GET_PROTOCOL_FEATURES', 'GET_QUEUE_NUM'] as const) {
      backend.hangUp();
      const frontend = await bench.frontend();
      frontend.tell(vanishAt);
      backend.hangUp();
      await frontend.ended;
    }
    await (await bench.frontend()).negotiate();
    await untilState(port, 'negotiated');
    // A hang-up may also meet the measurement of the next connection; that the back-end was gone then is told.
    const gone = 'VC-VHOST-GONE';
    assert.deepEqual(
      hooks.codes().filter((code) => code !== gone),
      [],
    );
  });

  it('stops taking from a front-end when the back-end does not read, and goes on when it does', async () => {
    const backend = await bench.backend();
    const port = bench.port(new Hooks());
    const frontend = await bench.frontend();
    await frontend.sync();
    for (const connection of backend.live) connection.pause();
    const start = backend.received.length;
    const sent = await sendUntilStalled(frontend, port);
    assert.ok(sent < 5000, 'the front-end could not send on');
    assert.ok(port.status.statistics.messages_to_backend < sent);
    for (const connection of backend.live) connection.resume();
    await until('all of it arrives', () => backend.received.length - start === sent);
    assert.equal(frontend.stalled, false);
  });

  it('notices that a front-end is gone although the back-end does not read', async () => {
    const backend = await bench.backend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    const frontend = await bench.frontend();
    await frontend.sync();
    for (const connection of backend.live) connection.pause();
    await sendUntilStalled(frontend, port);
    assert.deepEqual(hooks.kinds().includes('frontend-left'), false);
    frontend.close();
    await until('it is seen', () => hooks.kinds().includes('frontend-left'));
    await until('a new beginning', () => backend.connections === 2);
  });

  it('sends a front-end away that asks and never reads, and bounds what it keeps', async () => {
    await bench.backend({}, { maxRecorded: 0 });
    const hooks = new Hooks();
    const port = bench.port(hooks);
    const frontend = await bench.frontend();
    await frontend.sync();
    frontend.pause();
    const questions = Buffer.concat(Array.from({ length: 200 }, () => encodeRequest(1)));
    for (let i = 0; i < 400 && frontend.isOpen; i += 1) {
      frontend.raw(questions);
      if (i % 20 === 19) await aWhile(5);
    }
    await aWhile(30);
    const { statistics } = port.status;
    assert.ok(statistics.messages_to_backend - statistics.messages_to_frontend <= 300);
    frontend.close();
    await until(
      'it is gone',
      () => hooks.kinds().includes('frontend-left') || hooks.codes().includes('VC-VHOST-FLOOD'),
    );
  });

  it("does not let one port's bad bytes disturb its neighbour", async () => {
    await bench.backend();
    await bench.backend({ name: 'bq' });
    const hooks = new Hooks();
    const neighbour = bench.port(hooks, { name: 'q' });
    bench.port(new Hooks());
    const good = await bench.frontend('fq');
    await good.negotiate();
    for (let i = 0; i < 20; i += 1) {
      const attacker = await bench.frontend();
      attacker.raw(hex('ffffffff ffffffff ffffffff'), eventFds(4));
      await attacker.ended;
      await good.sync();
    }
    assert.equal(neighbour.status.state, 'negotiated');
    assert.deepEqual(hooks.codes(), []);
  });
});
