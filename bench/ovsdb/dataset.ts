/** The content of both servers: one table of ten thousand rows that look like a configuration's. */

export const ROWS = 10_000;

export const SCHEMA = {
  name: 'Bench',
  version: '1.0.0',
  tables: {
    Port: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        name: { type: 'string' },
        number: { type: 'integer' },
        load: { type: 'real' },
        up: { type: 'boolean' },
        note: { type: { key: 'string', min: 0, max: 1 } },
        tags: { type: { key: 'string', min: 0, max: 'unlimited' } },
        options: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
      },
    },
    Scratch: { isRoot: true, columns: { name: { type: 'string' }, number: { type: 'integer' } } },
  },
};

/** The UUID of row i, the same in both servers. */
export function uuidOf(i: number): string {
  return `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`;
}

export function nameOf(i: number): string {
  return `vhost-user-${i}`;
}

export function insertOf(i: number): unknown {
  const row = {
    name: nameOf(i),
    number: i,
    load: i / 8,
    up: i % 2 === 0,
    note: i % 3 === 0 ? ['set', []] : `port ${i} of a host`,
    tags: ['set', [`rack-${i % 40}`, `zone-${i % 4}`, 'vhost']],
    options: [
      'map',
      [
        ['mac', `52:54:00:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`],
        ['queues', '8'],
        ['socket', `/run/vhost/${i}.sock`],
      ],
    ],
  };
  return { op: 'insert', table: 'Port', uuid: uuidOf(i), row };
}

/** Row numbers in an order that repeats in every run and jumps about. */
export function* shuffled(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    yield (state >>> 8) % ROWS;
  }
}
