import { insertOf, nameOf, ROWS, shuffled, uuidOf } from './dataset.ts';
import type { Subject } from './subjects.ts';
import { request, transact, type Wire } from './wire.ts';

/** One kind of work. `run` does it and gives how many operations it was, or measures by itself. */
export interface Workload {
  readonly name: string;
  /** The unit that is counted. */
  readonly unit: string;
  /** Returns operations per second. */
  run(subject: Subject, wire: Wire): Promise<number>;
}

const seeds = new Map<string, number>();

/** Another stretch of the row numbers at each call, and the same ones for both servers. */
function rowNumbers(count: number, subject: Subject, workload: string): number[] {
  const key = `${subject.name} ${workload}`;
  const seed = (seeds.get(key) ?? 0) + 1;
  seeds.set(key, seed);
  const numbers = shuffled(seed);
  return Array.from({ length: count }, () => numbers.next().value);
}

interface Plan {
  readonly count: number;
  /** Requests on their way at a time. 1: each waits for the answer of the one before. */
  readonly depth: number;
  readonly clients?: number;
  readonly unit?: string;
  /** Operations that one request counts for. */
  readonly weight?: number;
  request(i: number): Buffer;
}

function plan(
  name: string,
  { count, depth, clients = 1, unit = 'transactions', weight = 1, request: make }: Plan,
): Workload {
  return {
    name,
    unit,
    run: async (subject, wire) => {
      const requests = rowNumbers(count, subject, name).map(make);
      const wires = [wire];
      while (wires.length < clients) wires.push(await subject.connect());
      const share = Math.ceil(requests.length / clients);
      const started = performance.now();
      await Promise.all(wires.map((one, i) => one.run(requests.slice(i * share, (i + 1) * share), depth)));
      const seconds = (performance.now() - started) / 1000;
      for (const one of wires.slice(1)) one.close();
      return (count * weight) / seconds;
    },
  };
}

const byUuid = (i: number): unknown => [['_uuid', '==', ['uuid', uuidOf(i)]]];
const select = (where: unknown): unknown => ({ op: 'select', table: 'Port', where });
let written = ROWS;
const update = (i: number): unknown => ({ op: 'update', table: 'Port', where: byUuid(i), row: { number: ++written } });
const durable = { op: 'commit', durable: true };
const scratch = (i: number): unknown => ({ op: 'insert', table: 'Scratch', row: { name: nameOf(i), number: i } });

const MONITORS = 100;
const FAN_OUT_UPDATES = 150;

const fanOut: Workload = {
  name: `update of one row, told to ${MONITORS} monitors`,
  unit: 'updates delivered',
  run: async (subject, wire) => {
    const monitor = (id: number): Buffer =>
      request('monitor', ['Bench', id, { Port: { columns: ['name', 'number', 'tags'], select: { initial: false } } }]);
    const watchers = await Promise.all(Array.from({ length: MONITORS }, () => subject.connect()));
    await Promise.all(watchers.map((one, i) => one.run([monitor(i)], 1)));
    const requests = rowNumbers(FAN_OUT_UPDATES, subject, 'fan-out').map((i) => transact(update(i)));
    const started = performance.now();
    await Promise.all([wire.run(requests, 1), ...watchers.map((one) => one.updates(FAN_OUT_UPDATES))]);
    const seconds = (performance.now() - started) / 1000;
    for (const one of watchers) one.close();
    return (FAN_OUT_UPDATES * MONITORS) / seconds;
  },
};

/** Until the first answer that needs the rows. ovsdb-server's file is compacted: it need not replay what is over. */
const startUp: Workload = {
  name: `start with ${ROWS} rows until the first answer`,
  unit: 'starts',
  run: async (subject) => {
    subject.compact();
    await subject.stop();
    const started = performance.now();
    const wire = await subject.start();
    await wire.run([transact(select(byUuid(1)))], 1);
    const seconds = (performance.now() - started) / 1000;
    wire.close();
    return 1 / seconds;
  },
};

const BULK = 1000;

const deletion: Workload = {
  name: `delete of ${BULK} rows`,
  unit: 'rows',
  run: async (_subject, wire) => {
    const empty = transact({ op: 'delete', table: 'Scratch', where: [] });
    await wire.run([empty, transact(...Array.from({ length: BULK }, (_, i) => scratch(i)))], 1);
    const started = performance.now();
    await wire.run([transact({ op: 'delete', table: 'Scratch', where: [] })], 1);
    return BULK / ((performance.now() - started) / 1000);
  },
};

/** DESIGN's workloads, in an order in which none spoils the next one. */
export const WORKLOADS: readonly Workload[] = [
  plan('select by _uuid, one at a time', { count: 2000, depth: 1, request: (i) => transact(select(byUuid(i))) }),
  plan('select by _uuid, 64 on their way', { count: 5000, depth: 64, request: (i) => transact(select(byUuid(i))) }),
  plan('select by an indexed column', {
    count: 200,
    depth: 16,
    request: (i) => transact(select([['name', '==', nameOf(i)]])),
  }),
  plan('select of the whole table', {
    count: 4,
    depth: 1,
    weight: ROWS,
    unit: 'rows',
    request: () => transact(select([])),
  }),
  plan('select with a condition on no index', {
    count: 100,
    depth: 16,
    request: (i) => transact(select([['number', '==', i]])),
  }),
  plan('update of one row, one at a time', { count: 2000, depth: 1, request: (i) => transact(update(i)) }),
  plan('update of one row, 64 on their way', { count: 4000, depth: 64, request: (i) => transact(update(i)) }),
  plan('update of one row by 16 clients', { count: 4000, depth: 1, clients: 16, request: (i) => transact(update(i)) }),
  plan('durable update, one at a time', { count: 400, depth: 1, request: (i) => transact(update(i), durable) }),
  plan('durable update, 64 on their way', { count: 2000, depth: 64, request: (i) => transact(update(i), durable) }),
  plan('durable update by 16 clients', {
    count: 2000,
    depth: 1,
    clients: 16,
    request: (i) => transact(update(i), durable),
  }),
  plan(`bulk insert, ${BULK} rows in a transaction`, {
    count: 5,
    depth: 1,
    weight: BULK,
    unit: 'rows',
    request: (i) => transact(...Array.from({ length: BULK }, (_, j) => scratch(i + j))),
  }),
  plan('insert of one row, 64 on their way', { count: 3000, depth: 64, request: (i) => transact(scratch(i)) }),
  deletion,
  fanOut,
  startUp,
];

/** Fills an empty database. */
export async function fill(wire: Wire): Promise<void> {
  const step = 500;
  for (let first = 0; first < ROWS; first += step) {
    const inserts = Array.from({ length: step }, (_, i) => insertOf(first + i));
    await wire.run([transact(...inserts)], 1);
  }
}
