import assert from 'node:assert/strict';
import { dirname, relative, resolve } from 'node:path';
import { ROOT } from './root.ts';
import { importsOf, sourcesUnder } from './sources.ts';

/** The rooms of the source tree and the floor each stands on (docs/architecture.md). Imports go down, never up. */
const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  'compat-tables': 0.1,
  'agent/vhost': 1,
  'agent/fd': 1,
  'rpc/json': 1,
  'rpc/ovsdb/notation': 2,
  'rpc/ovsdb/wire': 2,
  'rpc/ovsdb/engine': 2.1,
  'rpc/ovsdb/client': 2.1,
  'rpc/ovsdb/monitor': 2.2,
  'rpc/ovsdb/store': 2.3,
  'rpc/ovsdb': 2.4, // database.ts: engine, monitors and store as one
  'rpc/ovsdb/server': 2.5,
  'agent/keeper': 2,
  'agent/orders': 2,
  'agent/relay': 3,
  'agent/mock': 3,
  'rpc/state': 3,
  'rpc/fleet': 3,
  'rpc/api': 3,
  cli: 4,
  'agent/settings': 4,
  'agent/manager': 5,
  'agent/daemon': 6,
  quickstart: 6,
};

/** Rooms of the same floor that may look at one named neighbour; all others know only what lies below. */
const NEIGHBOURS: readonly string[] = ['rpc/fleet -> rpc/state', 'rpc/api -> rpc/state', 'rpc/api -> rpc/fleet'];

/**
 * What a web page may import: bits, comparisons and explanations. Reading, defining and linting entries is not among it,
 * because digests are computed by node.
 */
const IN_A_BROWSER = ['bits', 'releases', 'compare', 'moves', 'render', 'explain', 'errors'].map(
  (room) => `compat-tables/${room}`,
);

const root = ROOT;

function roomOf(file: string): string {
  const path = relative(root, file);
  const rooms = Object.keys(FLOORS).filter((one) => path.startsWith(`${one}/`));
  const room = rooms.toSorted((a, b) => b.length - a.length)[0];
  if (room === undefined) throw new Error(`${path} stands in no room that the floor table knows`);
  return room;
}

function ownImports(file: string): string[] {
  return importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => resolve(dirname(file), name));
}

/** Every file from which a way of imports leads back to it, with that way. */
function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, way: readonly string[]): void => {
    const seenAt = way.indexOf(file);
    if (seenAt >= 0) circles.push([...way.slice(seenAt), file].map((one) => relative(root, one)).join(' -> '));
    if (seenAt >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return circles;
}

/** A file and all that it imports, however indirectly. */
function everythingBehind(file: string, seen = new Set<string>()): Set<string> {
  if (!seen.has(file)) {
    seen.add(file);
    for (const next of ownImports(file)) everythingBehind(next, seen);
  }
  return seen;
}

describe('floors of the source tree', () => {
  const files = [...new Set(Object.keys(FLOORS).flatMap(sourcesUnder))];

  it('has source in every room', () => {
    const rooms = new Set(files.map(roomOf));
    assert.deepEqual([...rooms].sort(), Object.keys(FLOORS).sort());
  });

  it('lets imports go down only', () => {
    const up: string[] = [];
    for (const file of files) {
      for (const target of importsOf(file).filter((name) => name.startsWith('.'))) {
        const from = roomOf(file);
        const to = roomOf(resolve(dirname(file), target));
        const allowed =
          from === to || (FLOORS[to] ?? 0) < (FLOORS[from] ?? 0) || NEIGHBOURS.includes(`${from} -> ${to}`);
        if (!allowed) up.push(`${relative(root, file)} -> ${to}`);
      }
    }
    assert.deepEqual(up, []);
  });

  it('has no circles, not even between files of one room', () => {
    const graph = new Map(files.map((file) => [file, ownImports(file)]));
    assert.deepEqual(circlesIn(graph), []);
  });

  it('keeps the command line free of the agent', () => {
    const seen = sourcesUnder('cli').flatMap((file) => importsOf(file).filter((name) => name.includes('/agent/')));
    assert.deepEqual(seen, []);
  });

  it('keeps the knowledge free of node, so that a browser can run it', () => {
    const outside = IN_A_BROWSER.flatMap(sourcesUnder).flatMap((file) =>
      [...everythingBehind(file)]
        .filter((one) => importsOf(one).some((name) => !name.startsWith('.')))
        .map((one) => `${relative(root, file)} -> ${relative(root, one)}`),
    );
    assert.deepEqual(outside, []);
  });

  it('lets one file alone talk to the C library', () => {
    const seen = files.filter((file) => importsOf(file).includes('koffi')).map((file) => relative(root, file));
    assert.deepEqual(seen, ['agent/fd/libc.ts']);
  });
});
