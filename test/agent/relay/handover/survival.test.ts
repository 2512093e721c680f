import assert from 'node:assert/strict';
import { existsSync, fstatSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryFd } from '../../../../agent/fd/libc.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import { MockBackend } from '../../../../agent/mock/mock-backend.ts';
import { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import { RELAY_STEPS } from '../../../../agent/relay/handover/journal-format.ts';
import { encodeReply, NEED_REPLY } from '../../../../agent/vhost/header.ts';
import { writeMemoryTable, writeU64, writeVringAddress, writeVringState } from '../../../../agent/vhost/payloads.ts';
import { REQUESTS, type RequestName } from '../../../../compat-tables/protocol/requests.ts';
import { type Peer, Peers } from '../../../peers/process.ts';
import { ROOT } from '../../../root.ts';
import { OVS_2_13, OVS_3_2 } from '../../support.ts';

/** All messages of the dialogue with VHOST_COMPAT_EVERY=1, else a few of them. */
const EVERY = process.env['VHOST_COMPAT_EVERY'] === '1' ? 1 : 7;
const PROTOCOL_FEATURES = OVS_3_2.protocolFeatures;
const REGION = { guestAddress: 0n, size: 0x1000n, userAddress: 0x7f00_0000_0000n, mmapOffset: 0n };

interface Line {
  readonly request: RequestName;
  readonly payload: Uint8Array | undefined;
  readonly carries: boolean;
  readonly answered: boolean;
  readonly flags: number;
}

function line(request: RequestName, payload?: Uint8Array, more: { carries?: true; check?: true } = {}): Line {
  const { carries = false, check = false } = more;
  const answered = check || REQUESTS[request].reply === 'always';
  return { request, payload, carries, answered, flags: check ? NEED_REPLY : 0 };
}

function ring(index: number): Line[] {
  const address = { index, flags: 0, descriptors: 1n, used: 2n, available: 3n, log: 0n };
  return [
    line('SET_VRING_NUM', writeVringState({ index, num: 256 })),
    line('SET_VRING_BASE', writeVringState({ index, num: 0 })),
    line('SET_VRING_ADDR', writeVringAddress(address)),
    line('SET_VRING_KICK', writeU64(BigInt(index)), { carries: true }),
    line('SET_VRING_CALL', writeU64(BigInt(index)), { carries: true }),
    line('SET_VRING_ENABLE', writeVringState({ index, num: 1 }), { check: true }),
  ];
}

/** What QEMU says when a guest's driver is bound, when a migration begins and when the driver is unbound. */
const DIALOGUE: readonly Line[] = [
  line('GET_FEATURES'),
  line('GET_PROTOCOL_FEATURES'),
  line('SET_PROTOCOL_FEATURES', writeU64(PROTOCOL_FEATURES)),
  line('GET_QUEUE_NUM'),
  line('SET_OWNER'),
  line('SET_FEATURES', writeU64(OVS_2_13.virtioFeatures), { check: true }),
  line('SET_MEM_TABLE', writeMemoryTable([REGION]), { carries: true, check: true }),
  ...ring(0),
  ...ring(1),
  line('SET_LOG_BASE', new Uint8Array(16), { carries: true }),
  line('GET_INFLIGHT_FD', new Uint8Array(20)),
  line('SEND_RARP', writeU64(1n)),
  line('GET_VRING_BASE', writeVringState({ index: 0, num: 0 })),
  line('GET_VRING_BASE', writeVringState({ index: 1, num: 0 })),
];

interface Seen {
  readonly request: number;
  readonly payload: string;
  readonly inodes: readonly string[];
}

describe('a relay that is killed', () => {
  const peers = new Peers();
  let keeper: Peer;
  let backend: MockBackend;
  let frontend: MockFrontend;
  let folder = '';
  const seen: Seen[] = [];
  const replied: Seen[] = [];

  before(async () => {
    folder = peers.folder();
    backend = new MockBackend({ role: 'listen', path: join(folder, 'b') }, OVS_3_2, {
      intercept: ({ request, payload, fds }, connection) => {
        const inodes = fds.map(({ raw }) => String(fstatSync(raw).ino));
        seen.push({ request, payload: Buffer.from(payload).toString('hex'), inodes });
        if (request !== REQUESTS.GET_INFLIGHT_FD.id) return false;
        connection.write(encodeReply(request, new Uint8Array(20)), [new OwnedFd(createMemoryFd('inflight'))]);
        return true;
      },
    });
    await backend.open();
    const program = join(ROOT, 'dist', 'test', 'agent', 'relay', 'handover', 'relay-process.js');
    keeper = peers.start(process.execPath, [program, 'keeper', folder], { name: 'keeper' });
    frontend = await MockFrontend.open(
      { role: 'connect', path: join(folder, 'f') },
      {
        timeoutMs: 15_000,
        look: ({ request, payload, fds }) => {
          const inodes = fds.map(({ raw }) => String(fstatSync(raw).ino));
          replied.push({ request, payload: Buffer.from(payload).toString('hex'), inodes });
        },
      },
    );
  });
  after(async () => {
    frontend?.close();
    backend?.close();
    await peers.end();
  });

  /** Says the whole dialogue; what is not answered goes out together with what comes after it. */
  async function converse(): Promise<{ told: Seen[]; answers: number[] }> {
    const told: Seen[] = [];
    const answers: number[] = [];
    for (const { request, payload, carries, answered, flags } of DIALOGUE) {
      const fds = carries ? [new OwnedFd(createMemoryFd('test'))] : [];
      const inodes = fds.map(({ raw }) => String(fstatSync(raw).ino));
      told.push({ request: REQUESTS[request].id, payload: Buffer.from(payload ?? []).toString('hex'), inodes });
      if (answered) {
        const reply = await frontend.ask(request, payload, fds, flags);
        answers.push(reply.request);
      } else frontend.tell(request, payload, fds, flags);
    }
    return { told, answers };
  }

  for (const step of RELAY_STEPS) {
    it(`at ${EVERY === 1 ? 'each' : `every ${EVERY}th`} message after it was ${step} is not noticed by the peers`, async function () {
      this.timeout(600_000);
      let deaths = 0;
      for (let n = 1 + (RELAY_STEPS.indexOf(step) % EVERY); ; n += EVERY) {
        seen.length = 0;
        replied.length = 0;
        const die = join(folder, 'die');
        rmSync(die, { force: true });
        writeFileSync(die, `${step}:${n}`);
        const where = `death ${deaths + 1}, ${step}:${n}`;
        const { told, answers } = await converse().catch((error: unknown) => {
          throw new Error(`${where}: ${(error as Error).message}\n${keeper.tail(40)}`);
        });
        const wanted = DIALOGUE.filter(({ answered }) => answered).map(({ request }) => REQUESTS[request].id);
        assert.deepEqual(answers, wanted, where);
        assert.equal(replied.length, wanted.length, `${where}: each question has one answer`);
        assert.deepEqual(seen, told, `${where}\n${keeper.tail(40)}`);
        assert.equal(backend.connections, 1, where);
        const died = !existsSync(die);
        if (!died) {
          rmSync(die, { force: true });
          break;
        }
        deaths += 1;
      }
      // Each message of the dialogue is dealt with once in each direction at least; and one reply carries something.
      const messages = step === 'begun' ? DIALOGUE.filter(({ carries }) => carries).length + 1 : DIALOGUE.length;
      assert.ok(deaths >= Math.floor(messages / EVERY), `it died only ${deaths} times`);
    });
  }
});
