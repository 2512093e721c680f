import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { createMemoryFd } from '../../../../agent/fd/libc.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import type { MockBackend } from '../../../../agent/mock/mock-backend.ts';
import { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import type { Port } from '../../../../agent/relay/port/port.ts';
import { encodeReply, NEED_REPLY } from '../../../../agent/vhost/header.ts';
import { readU64, readVringState, writeU64, writeVringState } from '../../../../agent/vhost/payloads.ts';
import { REQUESTS } from '../../../../compat-tables/protocol/requests.ts';
import { type Bench, Hooks, OVS_2_13, OVS_3_2 } from '../../support.ts';

/** A request that no release knows. Its payload says which descriptors come with it. */
const WITH_DESCRIPTORS = 999;
/** A descriptor in a reply. */
const ADVISE = REQUESTS.POSTCOPY_ADVISE.id;

/** A port whose peers behave: whatever happens to the others, it never notices. */
export class Neighbour {
  readonly #hooks: Hooks;
  readonly #port: Port;
  readonly #backend: MockBackend;
  readonly #frontend: MockFrontend;
  readonly #count: (messages: number) => void;
  #asked = 0;
  #strayed = 0;

  private constructor(
    parts: { hooks: Hooks; port: Port; backend: MockBackend; frontend: MockFrontend },
    count: (messages: number) => void,
  ) {
    this.#hooks = parts.hooks;
    this.#port = parts.port;
    this.#backend = parts.backend;
    this.#frontend = parts.frontend;
    this.#count = count;
  }

  static async open(bench: Bench, count: (messages: number) => void): Promise<Neighbour> {
    let neighbour: Neighbour | undefined;
    const backend = await bench.backend(
      { name: 'bneighbour' },
      {
        maxRecorded: 0,
        intercept: ({ request, payload, fds }, connection) => {
          if (request === WITH_DESCRIPTORS && neighbour) neighbour.#compare(payload, fds);
          if (request !== ADVISE) return false;
          connection.write(encodeReply(request), [new OwnedFd(createMemoryFd('userfault'))]);
          return true;
        },
      },
    );
    const hooks = new Hooks();
    const port = bench.port(hooks, { name: 'neighbour' });
    const frontend = bench.also(await MockFrontend.open(bench.endpoint('connect', 'fneighbour')));
    const { features } = await frontend.negotiate({ queuePairs: 2 });
    assert.equal(features, OVS_2_13.virtioFeatures);
    neighbour = new Neighbour({ hooks, port, backend, frontend }, count);
    return neighbour;
  }

  #compare(payload: Uint8Array, fds: readonly OwnedFd[]): void {
    const wanted = Array.from({ length: payload.length / 8 }, (_, i) => readU64(payload.subarray(i * 8)));
    const found = fds.map(({ raw }) => fstatSync(raw, { bigint: true }).ino);
    if (String(wanted) !== String(found)) this.#strayed += 1;
  }

  /** Asks and asks until it is over. @throws at the first answer that is wrong, late or missing */
  async talk(over: () => boolean): Promise<void> {
    do {
      await this.#exchange();
      this.#count(12); // six requests, six replies
      assert.equal(this.#strayed, 0, 'descriptors of others came to the neighbour');
    } while (!over());
    assert.equal(this.#port.status.state, 'negotiated');
    assert.deepEqual(this.#hooks.codes(), []);
    assert.equal(this.#backend.connections, 1);
    assert.equal(this.#backend.live.length, 1);
  }

  async #exchange(): Promise<void> {
    this.#asked += 1;
    const frontend = this.#frontend;
    const index = this.#asked % 4;
    assert.equal(await frontend.askU64('GET_FEATURES'), OVS_2_13.virtioFeatures);
    assert.equal(await frontend.askU64('GET_PROTOCOL_FEATURES'), OVS_3_2.protocolFeatures);
    assert.equal(await frontend.askU64('GET_QUEUE_NUM'), 128n);
    const base = await frontend.ask('GET_VRING_BASE', writeVringState({ index, num: 0 }));
    assert.deepEqual(readVringState(base.payload), { index, num: 0 });
    const { request, fds } = await frontend.ask('POSTCOPY_ADVISE');
    assert.deepEqual([request, fds.length], [ADVISE, 1]);

    const memories = Array.from({ length: index + 1 }, () => new OwnedFd(createMemoryFd('neighbour')));
    const inodes = memories.map(({ raw }) => writeU64(fstatSync(raw, { bigint: true }).ino));
    const answer = await frontend.ask(WITH_DESCRIPTORS, Buffer.concat(inodes), memories, NEED_REPLY);
    assert.equal(answer.request, WITH_DESCRIPTORS);
  }
}
