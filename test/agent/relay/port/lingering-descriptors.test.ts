import assert from 'node:assert/strict';
import { connectUnix, socketPair } from '../../../../agent/fd/libc.ts';
import { send } from '../../../../agent/fd/libc-message.ts';
import { Listener } from '../../../../agent/fd/listener.ts';
import { ClosingTally, OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import type { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import { encodeReply, encodeRequest } from '../../../../agent/vhost/header.ts';
import { writeU64 } from '../../../../agent/vhost/payloads.ts';
import { REQUESTS } from '../../../../compat-tables/protocol/requests.ts';
import { closersAtWork, LingeringSocket, receiveUrgently, sendUrgently } from '../../../peers/lingering.ts';
import { benchForEach, Hooks, until, untilState } from '../../support.ts';

const KICK = encodeRequest(REQUESTS.SET_VRING_KICK.id, writeU64(0n));

/** The same harm as a file that never closes, by any user: a TCP socket that lingers, in whatever way it comes. */
describe('descriptors that linger', () => {
  let lingering: LingeringSocket;
  const bench = benchForEach(() => lingering.end());
  let neighbour: MockFrontend;
  let before = 0;
  beforeEach(async () => {
    before = closersAtWork();
    lingering = await LingeringSocket.open();
    await bench.backend({ name: 'bnext' });
    bench.port(new Hooks(), { name: 'next' });
    neighbour = await bench.frontend('fnext');
    await neighbour.negotiate();
  });
  afterEach(async () => {
    await until('every closing ends', () => closersAtWork() === before);
  });

  /** The neighbour is answered while the socket is being closed. */
  async function closingHarmsNobody(): Promise<void> {
    await until('a closing', () => closersAtWork() > before);
    await neighbour.sync();
    assert.ok(closersAtWork() > before, 'the closing goes on');
  }

  it('in a message: its port refuses its sender until they are closed', async () => {
    await bench.backend();
    const port = bench.port(new Hooks());
    const frontend = await bench.frontend();
    frontend.raw(KICK, [lingering.descriptor()]);
    lingering.letGo();
    await frontend.ended;
    await until('the refusal', () => port.status.error?.code === 'VC-VHOST-FILE');
    await closingHarmsNobody();
    assert.equal(port.status.state, 'refused');
    lingering.end();
    await untilState(port, 'waiting-frontend');
    await (await bench.frontend()).negotiate();
  });

  it('again and again: who leaves too many behind is not let in until they are closed', async () => {
    await bench.backend();
    const port = bench.port(new Hooks());
    await (await bench.frontend()).negotiate();
    const more = await Promise.all(Array.from({ length: 6 }, async () => LingeringSocket.open()));
    for (const one of more) {
      const second = bench.also(new OwnedFd(connectUnix(bench.path('f'))));
      const carried = one.descriptor();
      send(second.raw, KICK, [carried.raw]);
      carried.close();
      one.letGo();
    }
    await until('some are sent away', () => port.status.statistics.frontend_busy >= 4);
    await neighbour.sync();
    await neighbour.sync();
    assert.equal(port.status.statistics.frontend_busy, 4, 'the others wait at the door');
    assert.equal(port.status.state, 'negotiated');
    for (const one of more) one.end();
    await until('all were sent away', () => port.status.statistics.frontend_busy === more.length);
  });

  it('inside a socket that is sent itself', async () => {
    await bench.backend();
    const port = bench.port(new Hooks());
    const frontend = await bench.frontend();
    await frontend.negotiate();
    const [near, far] = socketPair().map((fd) => new OwnedFd(fd)) as [OwnedFd, OwnedFd];
    const inner = lingering.descriptor();
    send(far.raw, Buffer.from([0]), [inner.raw]);
    inner.close();
    lingering.letGo();
    frontend.tell('SET_BACKEND_REQ_FD', undefined, [near]);
    await frontend.sync();
    far.close();
    await closingHarmsNobody();
    assert.equal(port.status.state, 'negotiated');
  });

  it('inside a socket that is sent itself, with an urgent byte that was read', async () => {
    await bench.backend();
    const port = bench.port(new Hooks());
    const frontend = await bench.frontend();
    await frontend.negotiate();
    const [near, far] = socketPair().map((fd) => new OwnedFd(fd)) as [OwnedFd, OwnedFd];
    const inner = lingering.descriptor();
    sendUrgently(far.raw, inner.raw);
    receiveUrgently(near.raw);
    inner.close();
    lingering.letGo();
    far.close();
    frontend.tell('SET_BACKEND_REQ_FD', undefined, [near]);
    await frontend.sync();
    await closingHarmsNobody();
    assert.equal(port.status.state, 'negotiated');
  });

  it('in what a second front-end sent before it was sent away', async () => {
    await bench.backend();
    const port = bench.port(new Hooks());
    await (await bench.frontend()).negotiate();
    const second = await bench.frontend();
    second.raw(KICK, [lingering.descriptor()]);
    lingering.letGo();
    await second.ended;
    await closingHarmsNobody();
    assert.equal(port.status.state, 'negotiated');
  });

  it('in what a front-end sent before it was accepted', async () => {
    const backend = await bench.backend();
    const port = bench.port(new Hooks());
    await untilState(port, 'waiting-frontend');
    const early = await bench.frontend();
    early.raw(KICK, [lingering.descriptor()]);
    lingering.letGo();
    backend.close();
    await port.stop();
    await closingHarmsNobody();
  });

  it('in what some sent that were never accepted: as much as one that was', async () => {
    let again = 0;
    const tally = new ClosingTally(() => {
      again += 1;
    }, 1);
    const listener = new Listener(bench.path('l'), {}, () => assert.fail('it accepts nobody'), tally);
    listener.hold();
    const more = await Promise.all(Array.from({ length: 3 }, async () => LingeringSocket.open()));
    for (const one of more) {
      const [client, carried] = [bench.also(new OwnedFd(connectUnix(bench.path('l')))), one.descriptor()];
      send(client.raw, KICK, [carried.raw]);
      carried.close();
      one.letGo();
    }
    listener.close();
    await closingHarmsNobody();
    assert.equal(closersAtWork(), before + 1);
    assert.ok(tally.isFull, 'nobody is let in meanwhile');
    for (const one of more) one.end();
    await until('there is room again', () => again === 1 && !tally.isFull);
  });

  it('sent as urgent bytes, which the kernel skips', async () => {
    await bench.backend();
    const port = bench.port(new Hooks());
    await untilState(port, 'waiting-frontend');
    const [frontend, inner] = [new OwnedFd(connectUnix(bench.path('f'))), lingering.descriptor()];
    sendUrgently(frontend.raw, inner.raw);
    inner.close();
    lingering.letGo();
    send(frontend.raw, encodeRequest(REQUESTS.GET_FEATURES.id), []);
    await until('the refusal', () => port.status.error?.code === 'VC-VHOST-FILE');
    await closingHarmsNobody();
    frontend.close();
  });

  it('from a back-end: none is looked for until they are closed', async () => {
    let harmless = false;
    const backend = await bench.backend(
      {},
      {
        intercept: ({ request }, connection) => {
          if (harmless || request !== REQUESTS.GET_FEATURES.id) return false;
          connection.write(encodeReply(request, writeU64(0n)), [lingering.descriptor()]);
          lingering.letGo();
          return true;
        },
      },
    );
    const port = bench.port(new Hooks());
    await until('the refusal', () => port.status.error?.code === 'VC-VHOST-FILE');
    await closingHarmsNobody();
    assert.match(port.status.waitingFor ?? '', /until the descriptors are closed/);
    assert.equal(backend.connections, 1);
    harmless = true;
    lingering.end();
    await untilState(port, 'waiting-frontend');
  });
});
