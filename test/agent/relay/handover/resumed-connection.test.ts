import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { injectFaults } from '../../../../agent/fd/faults.ts';
import { createEventFd, duplicate, SystemCallError, socketPair } from '../../../../agent/fd/libc.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import { Watch } from '../../../../agent/fd/watch.ts';
import { HEAD_BYTES } from '../../../../agent/relay/handover/journal-format.ts';
import { readInherited } from '../../../../agent/relay/handover/resumed-connection.ts';
import { openDescriptors } from '../../support.ts';
import { HEAD, isHungUp, type JournalFile, type LeftPair, leavePair, recordOf, TestHandover } from './keepers.ts';

const ENOMEM = 12;
const zero = (bytes: Buffer, at: number, length: number): void => void bytes.fill(0, at, at + length);

describe('what an earlier process left', () => {
  let handover: TestHandover;
  let left: LeftPair;
  let inherited: Map<string, OwnedFd[]>;
  let before = 0;
  const others: OwnedFd[] = [];
  beforeEach(() => {
    before = openDescriptors();
    handover = new TestHandover();
    left = leavePair(handover);
    inherited = handover.inherited();
  });
  afterEach(() => {
    for (const fd of [...left.peers, ...others.splice(0)]) fd.close();
    handover.close();
    assert.equal(openDescriptors(), before, 'every descriptor is closed');
  });
  const own = (): OwnedFd[] => inherited.get(left.name) ?? [];
  const another = (fd: number): OwnedFd => {
    const one = new OwnedFd(fd);
    others.push(one);
    return one;
  };

  it('goes on when descriptors and journal belong together, in whatever order they came', () => {
    inherited.set(left.name, own().toReversed());
    const { connections, problems } = readInherited(handover, inherited);
    assert.deepEqual(problems, []);
    const [one] = connections;
    assert.ok(one);
    const { inodes, ...head } = one.head;
    assert.equal(inodes.length, 2);
    assert.deepEqual(head, HEAD);
    assert.deepEqual(one.record, recordOf(2));
    assert.deepEqual(left.peers.map(isHungUp), [false, false]);
    assert.equal(one.frontend.send(Uint8Array.of(1), []), 1);
    one.journal.leave();
    one.frontend.leave();
    one.backend.leave();
    assert.deepEqual(handover.removed, []);
  });

  for (const more of [0, 1]) {
    it(`uses the record before a last one that is torn (in ${more === 0 ? 'one place' : 'the other'})`, () => {
      const journal = handover.journal(left.name);
      // Once more, so that the last one stands in the other place.
      if (more === 1) {
        const earlier = readInherited(handover, handover.inherited()).connections[0];
        earlier?.journal.write(recordOf(3));
        earlier?.journal.leave();
        earlier?.frontend.leave();
        earlier?.backend.leave();
      }
      const [last = 0] = journal.places;
      journal.edit((bytes) => {
        bytes.writeUInt8(bytes.readUInt8(last + 20) ^ 0xff, last + 20);
        return bytes;
      });
      const { connections } = readInherited(handover, inherited);
      const [one] = connections;
      assert.deepEqual(one?.record, recordOf(1 + more));
      one.journal.write(recordOf(9));
      assert.equal(journal.places[0], last, 'the next record takes the place of the torn one');
      one.journal.leave();
      one.frontend.leave();
      one.backend.leave();
    });
  }

  const cases: { title: string; says: RegExp; change(journal: JournalFile): void }[] = [
    {
      title: 'is not a journal',
      says: /it is not a journal/,
      change: (journal) => journal.edit((bytes) => void zero(bytes, 0, 4)),
    },
    {
      title: 'has a damaged head',
      says: /its head is damaged/,
      change: (journal) => journal.edit((bytes) => void bytes.write('x', 30)),
    },
    {
      title: 'ends inside its head',
      says: /its head is damaged/,
      change: (journal) => journal.edit((bytes) => bytes.subarray(0, 40)),
    },
    { title: 'is empty', says: /it is not a journal/, change: (journal) => writeFileSync(journal.path, '') },
    {
      title: 'has the format of another release',
      says: /it has format 77; this release reads format \d/,
      change: (journal) => journal.edit((bytes) => void bytes.writeUInt32LE(77, 4)),
    },
    {
      title: 'has no record',
      says: /it holds no whole record/,
      change: (journal) => journal.edit((bytes) => bytes.subarray(0, HEAD_BYTES)),
    },
    {
      title: 'has two torn records',
      says: /it holds no whole record/,
      change: (journal) =>
        journal.edit((bytes) => {
          for (const at of journal.places) zero(bytes, at, 8);
          return bytes;
        }),
    },
    { title: 'is not there', says: /ENOENT/, change: (journal) => rmSync(journal.path) },
  ];
  for (const { title, says, change } of cases) {
    it(`ends the connections when their journal ${title}`, () => {
      change(handover.journal(left.name));
      refused(says);
    });
  }

  it('ends the connections when a descriptor is missing', () => {
    another(own().pop()?.take() ?? -1);
    // nobody but its holder can end the other one
    refused(/1 descriptors came, of which 1 of 2 fit its journal/, [true, false]);
  });

  it('ends the connections when a descriptor is another one', () => {
    const [first, ...rest] = own();
    another(first?.take() ?? -1);
    const [stranger, far] = socketPair();
    another(far);
    inherited.set(left.name, [new OwnedFd(stranger), ...rest]);
    const [frontend] = left.peers;
    const fds = own();
    assert.match(problemsOf(), /2 descriptors came, of which 1 of 2 fit its journal/);
    assert.ok(fds.every((fd) => isClosed(fd)));
    assert.deepEqual(handover.removed, [left.name]);
    assert.equal(isHungUp(frontend), false, 'nobody but its holder can end that one');
  });

  it('ends the connections when there is a descriptor too many', () => {
    own().push(new OwnedFd(createEventFd()));
    refused(/3 descriptors came, of which 2 of 2 fit its journal/);
  });

  it('lets go of all it has opened when a connection cannot be gone on with', () => {
    let watched = 0;
    injectFaults((call) => {
      if (call === 'watch') watched += 1;
      if (call === 'watch' && watched === 2) throw new SystemCallError('watch', ENOMEM);
    });
    const number = inherited.get(left.name)?.map((fd) => fd.raw) ?? [];
    refused(/Cannot watch: ENOMEM/);
    injectFaults(undefined);
    assert.deepEqual(openFilesOf(handover.folder), []);
    // The numbers are free for other sockets, and nobody watches what they were.
    const pair = socketPair().map((fd) => new OwnedFd(fd));
    assert.ok(pair.some((fd) => number.includes(fd.raw)));
    for (const fd of pair) {
      new Watch(fd.raw, () => {}).close();
      fd.close();
    }
  });

  function openFilesOf(folder: string): string[] {
    const links = readdirSync('/proc/self/fd').map((name) => {
      try {
        return readlinkSync(`/proc/self/fd/${name}`);
      } catch {
        return '';
      }
    });
    return links.filter((link) => link.startsWith(folder));
  }

  function isClosed(fd: OwnedFd): boolean {
    try {
      return fd.raw < 0;
    } catch {
      return true;
    }
  }

  function problemsOf(): string {
    const { connections, problems } = readInherited(handover, inherited);
    assert.deepEqual(connections, []);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['VC-RESUME'],
    );
    return problems[0]?.message ?? '';
  }

  /** The peers are hung up on, whatever is left of them is closed, and the keeper lets go of its copies. */
  function refused(says: RegExp, hungUp = [true, true]): void {
    const fds = own();
    const { path } = handover.journal(left.name);
    assert.match(problemsOf(), says);
    assert.ok(fds.every(isClosed));
    assert.deepEqual(handover.removed, [left.name]);
    assert.equal(existsSync(path), false);
    assert.deepEqual(left.peers.map(isHungUp), hungUp);
  }

  it('does not let one pair that cannot go on disturb another', () => {
    const second = leavePair(handover);
    others.push(...second.peers);
    const both = handover.inherited();
    for (const fds of inherited.values()) for (const fd of fds) fd.close();
    handover.journal(left.name).edit((bytes) => void zero(bytes, 0, 4));
    const { connections, problems } = readInherited(handover, both);
    assert.equal(problems.length, 1);
    assert.deepEqual(
      connections.map(({ id }) => `vc-${id}`),
      [second.name],
    );
    for (const { journal, frontend, backend } of connections) {
      journal.leave();
      frontend.leave();
      backend.leave();
    }
    assert.deepEqual(second.peers.map(isHungUp), [false, false]);
  });

  it('removes a journal whose descriptors nobody kept', () => {
    for (const fd of own()) fd.close();
    const { path } = handover.journal(left.name);
    const { connections, problems, forgetStale } = readInherited(handover, new Map());
    assert.deepEqual([connections, problems, existsSync(path)], [[], [], true], 'another process may be using it');
    forgetStale();
    assert.equal(existsSync(path), false);
  });

  it('leaves descriptors and files alone that are not its own', () => {
    for (const fd of own()) fd.close();
    mkdirSync(handover.folder, { recursive: true });
    const note = join(handover.folder, 'note.txt');
    writeFileSync(note, 'of somebody else');
    const listener = another(duplicate(left.peers[0].raw));
    assert.deepEqual(nothing(readInherited(handover, new Map([['api', [listener]]]))), [[], []]);
    assert.ok(!isClosed(listener));
    assert.ok(existsSync(note));
  });

  it('is nothing at all when no process was here before', () => {
    for (const fd of own()) fd.close();
    rmSync(handover.folder, { recursive: true });
    assert.deepEqual(nothing(readInherited(handover, new Map())), [[], []]);
  });
});

function nothing({ connections, problems, forgetStale }: ReturnType<typeof readInherited>): unknown[] {
  forgetStale();
  return [connections, problems];
}
