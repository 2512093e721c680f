import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { send } from '../../../../agent/fd/libc-message.ts';
import { HEAD_BYTES } from '../../../../agent/relay/handover/journal-format.ts';
import { storedId } from '../../../../agent/relay/handover/stored-pair.ts';
import { ResumedPorts } from '../../../../agent/relay/service/resumed-ports.ts';
import { hex, openDescriptors, temporaryFolder } from '../../support.ts';
import { HEAD, isHungUp, type LeftPair, leavePair, TestHandover } from './keepers.ts';

const PREFIX = 16;

/** Changes the JSON of a journal's head, or of its last record, and gives it the right checksum. */
function rewrite(bytes: Buffer, at: number, change: (value: unknown) => unknown): Buffer {
  const before = bytes.subarray(at + PREFIX, at + PREFIX + bytes.readUInt32LE(at + 8)).toString();
  const text = Buffer.from(JSON.stringify(change(JSON.parse(before))) ?? 'null');
  bytes.writeUInt32LE(text.length, at + 8);
  text.copy(bytes, at + PREFIX);
  const seed = at === 0 ? 0 : crc32(bytes.subarray(at, at + 8));
  bytes.writeUInt32LE(crc32(text, seed), at + 12);
  return bytes;
}

type Spot = { readonly parent: Record<string | number, unknown>; readonly key: string | number };

/** Every member and item of a value, at any depth. */
function spotsOf(value: unknown): Spot[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [{ parent: value as Spot['parent'], key }, ...spotsOf(one)]);
}

interface Mutation {
  readonly where: number;
  readonly becomes: unknown;
  readonly isGone: boolean;
}

const ODD: fc.Arbitrary<unknown> = fc.oneof(
  ...[fc.jsonValue(), fc.constantFrom(-1, 2 ** 53, 1e300, 0.5, '', 'x', '\0', null, [], {}, true, '9'.repeat(5000))],
  ...[
    fc.constantFrom(
      { bits: 'zz' },
      { bits: 'f'.repeat(64) },
      { bits: null },
      'listen:',
      'connect:/x\0y',
      'f'.repeat(33),
    ),
  ],
);
const MUTATIONS: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({ where: fc.nat({ max: 1000 }), becomes: ODD, isGone: fc.boolean() }),
  { minLength: 1, maxLength: 3 },
);

function mutated(value: unknown, mutations: readonly Mutation[]): unknown {
  for (const { where, becomes, isGone } of mutations) {
    const spots = spotsOf(value);
    const spot = spots[where % (spots.length + 1)];
    if (!spot) return becomes;
    if (isGone && !Array.isArray(spot.parent)) delete spot.parent[spot.key];
    else spot.parent[spot.key] = structuredClone(becomes);
  }
  return value;
}

describe('a journal with a right checksum and odd content', () => {
  let handover: TestHandover;
  let home: ReturnType<typeof temporaryFolder>;
  let before = 0;
  let lefts: LeftPair[];
  beforeEach(() => {
    before = openDescriptors();
    lefts = [];
    handover = new TestHandover();
    home = temporaryFolder();
  });
  afterEach(() => {
    for (const { peers } of lefts) for (const fd of peers) fd.close();
    handover.close();
    home.remove();
    assert.equal(openDescriptors(), before, 'every descriptor is closed');
  });

  function leave(name: string): LeftPair {
    const ends = {
      frontend: `listen:${join(home.path, `f${name}`)}`,
      backend: `connect:${join(home.path, `b${name}`)}`,
    };
    const left = leavePair(handover, { ...HEAD, name, ...ends });
    lefts.push(left);
    return left;
  }

  /** The next process: its ports, after a message of each front-end and two turns of its loop. */
  async function next(): Promise<ResumedPorts> {
    const ports = new ResumedPorts(handover, handover.inherited(), { handover });
    for (const { peers } of lefts) {
      try {
        send(peers[0].raw, hex('01000000 01000000 00000000'), []);
      } catch {
        // that connection was closed
      }
    }
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return ports;
  }

  const resumed = (ports: ResumedPorts, name: string) =>
    ports.has(name, `listen:${join(home.path, `f${name}`)}`, `connect:${join(home.path, `b${name}`)}`);

  for (const part of ['head', 'record'] as const) {
    it(`in its ${part} costs its own port at most`, async function () {
      this.timeout(60_000);
      await fc.assert(
        fc.asyncProperty(MUTATIONS, async (mutations) => {
          const [odd] = [leave('odd'), leave('good')];
          const journal = handover.journal(odd.name);
          const at = part === 'head' ? 0 : (journal.places[0] ?? HEAD_BYTES);
          journal.edit((bytes) => rewrite(bytes, at, (value) => mutated(value, mutations)));
          const ports = await next();
          assert.ok(resumed(ports, 'good'));
          assert.equal(ports.size + ports.problems.length, 2);
          for (const { code, message } of ports.problems) {
            assert.equal(code, 'VC-RESUME');
            if (message.includes('odd:')) assert.ok(message.includes(journal.path), message);
          }
          await ports.endOthers();
          for (const { peers } of lefts.splice(0)) for (const fd of peers) fd.close();
          assert.equal(handover.stored.size, 0, 'the keeper has nothing any more');
        }),
        { numRuns: 100 },
      );
    });
  }

  const odd: { readonly title: string; readonly change: (head: Record<string, unknown>) => unknown }[] = [
    { title: 'an endpoint that is none', change: (head) => ({ ...head, frontend: 'nowhere' }) },
    { title: 'a mode without masks', change: (head) => ({ ...head, mode: { version: 'v' } }) },
    { title: 'abilities that are no object', change: (head) => ({ ...head, abilities: 'all' }) },
    {
      title: 'a mask of 500 bits',
      change: (head) => ({ ...head, mode: { ...(head['mode'] as object), virtioFeatures: { bits: 'f'.repeat(125) } } }),
    },
    {
      title: 'one inode four times',
      change: (head) => ({ ...head, inodes: Array(4).fill((head['inodes'] as string[])[0]) }),
    },
    { title: 'a peer without a process', change: ({ peer: _, ...head }) => head },
    { title: 'nothing', change: () => null },
  ];
  for (const { title, change } of odd) {
    it(`such as ${title} is told with its file, and its peers are hung up`, async () => {
      const [left] = [leave('odd'), leave('good')];
      const journal = handover.journal(left.name);
      journal.edit((bytes) => rewrite(bytes, 0, (head) => change(head as Record<string, unknown>)));
      const ports = await next();
      assert.deepEqual([ports.size, ports.problems.length], [1, 1]);
      assert.ok(
        /: (its head is odd: |it names one descriptor twice)/.test(ports.problems[0]?.message ?? ''),
        ports.problems[0]?.message,
      );
      assert.deepEqual(left.peers.map(isHungUp), [true, true]);
      await ports.endOthers();
    });
  }

  it('that claims the connections of another one leaves these to it', async () => {
    const good = leave('good');
    const name = 'vc-zzzz';
    copyFileSync(handover.journal(good.name).path, handover.journal(name).path);
    handover.stored.set(name, handover.inherited().get(good.name) ?? []);
    const ports = await next();
    assert.equal(ports.size, 1);
    assert.match(ports.problems[0]?.message ?? '', /zzzz\.journal: another journal claims the same connections/);
    assert.deepEqual(good.peers.map(isHungUp).includes(true), false);
    assert.deepEqual([...handover.stored.keys()], [good.name]);
    await ports.endOthers();
  });

  it('that has the interface of another one is ended, and that one goes on', async () => {
    const [first, second] = [leave('same'), leave('same')];
    const ports = await next();
    assert.equal(ports.size, 1);
    assert.match(ports.problems[0]?.message ?? '', /Cannot go on with same: another journal has this interface, too/);
    assert.deepEqual(first.peers.map(isHungUp).includes(true), false);
    assert.deepEqual(second.peers.map(isHungUp), [true, true]);
    assert.ok(storedId(first.name));
    await ports.endOthers();
  });
});
