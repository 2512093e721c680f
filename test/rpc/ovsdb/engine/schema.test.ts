import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { OvsdbError } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { needs } from '../../../peers/needs.ts';
import { Peers, run } from '../../../peers/process.ts';
import { SHOP } from './fixtures.ts';
import { GOLDEN } from './partners.ts';

function withColumn(type: Json, more: JsonObject = {}): JsonObject {
  return { name: 'D', tables: { T: { columns: { c: { type, ...more } } } } };
}

interface Case {
  readonly title: string;
  readonly schema: Json;
  readonly details: string;
}

const mistakes: readonly Case[] = [
  { title: 'no object', schema: 5, details: 'Parsing database schema failed: Object expected.' },
  {
    title: 'no name',
    schema: { tables: {} },
    details: "Parsing database schema failed: Required 'name' member is missing.",
  },
  {
    title: 'a name that is no id',
    schema: { name: 'a-b', tables: {} },
    details: "Parsing database schema failed: Type mismatch for member 'name'.",
  },
  {
    title: 'a member too many',
    schema: { name: 'D', tables: {}, x: 1 },
    details: "Parsing database schema failed: Member 'x' is present but not allowed here.",
  },
  {
    title: 'a bad version',
    schema: { name: 'D', version: '1.2', tables: {} },
    details: 'schema version "1.2" not in format x.y.z',
  },
  {
    title: 'a reserved table',
    schema: { name: 'D', tables: { _T: {} } },
    details: 'names beginning with "_" are reserved',
  },
  { title: 'a table that is no id', schema: { name: 'D', tables: { 'a b': {} } }, details: 'name must be a valid id' },
  {
    title: 'a table without columns',
    schema: { name: 'D', tables: { T: { columns: {} } } },
    details: 'table must have at least one column',
  },
  {
    title: 'maxRows of 0',
    schema: { name: 'D', tables: { T: { maxRows: 0, columns: { c: { type: 'integer' } } } } },
    details: 'maxRows must be at least 1',
  },
  {
    title: 'a reserved column',
    schema: { name: 'D', tables: { T: { columns: { _c: {} } } } },
    details: 'names beginning with "_" are reserved',
  },
  {
    title: 'a column without type',
    schema: { name: 'D', tables: { T: { columns: { c: {} } } } },
    details: "Parsing schema for column c failed: Required 'type' member is missing.",
  },
  { title: 'an unknown type', schema: withColumn('complex'), details: '"complex" is not an atomic-type' },
  {
    title: 'min above 1',
    schema: withColumn({ key: 'integer', min: 2, max: 3 }),
    details: 'ovsdb type fails constraint checks',
  },
  {
    title: 'min above max',
    schema: withColumn({ key: 'integer', min: 1, max: 0 }),
    details: 'ovsdb type fails constraint checks',
  },
  { title: 'a negative min', schema: withColumn({ key: 'integer', min: -1 }), details: 'bad min or max value' },
  { title: 'a max in words', schema: withColumn({ key: 'integer', max: 'many' }), details: 'bad min or max value' },
  {
    title: 'an empty range',
    schema: withColumn({ key: { type: 'integer', minInteger: 5, maxInteger: 4 } }),
    details: 'minInteger exceeds maxInteger',
  },
  {
    title: 'an empty range of reals',
    schema: withColumn({ key: { type: 'real', minReal: 5, maxReal: 4.5 } }),
    details: 'minReal exceeds maxReal',
  },
  {
    title: 'an empty range of lengths',
    schema: withColumn({ key: { type: 'string', minLength: 5, maxLength: 4 } }),
    details: 'minLength exceeds maxLength',
  },
  {
    title: 'a negative length',
    schema: withColumn({ key: { type: 'string', minLength: -1 } }),
    details: 'minLength out of valid range 0 to 4294967295',
  },
  {
    title: 'a range on a string',
    schema: withColumn({ key: { type: 'string', minInteger: 1 } }),
    details: "Parsing ovsdb type failed: Member 'minInteger' is present but not allowed here.",
  },
  {
    title: 'a reference to no table',
    schema: withColumn({ key: { type: 'uuid', refTable: 'X' } }),
    details: 'column c key refers to undefined table X',
  },
  {
    title: 'a value that refers to no table',
    schema: withColumn({ key: 'string', value: { type: 'uuid', refTable: 'X' } }),
    details: 'column c value refers to undefined table X',
  },
  {
    title: 'an unknown kind of reference',
    schema: withColumn({ key: { type: 'uuid', refTable: 'T', refType: 'soft' } }),
    details: 'refType must be "strong" or "weak" (not "soft")',
  },
  {
    title: 'an enum of another type',
    schema: withColumn({ key: { type: 'integer', enum: ['set', ['a']] } }),
    details: 'expected integer',
  },
  {
    title: 'an index of nothing',
    schema: { name: 'D', tables: { T: { indexes: [[]], columns: { c: { type: 'integer' } } } } },
    details: 'index must have at least one column',
  },
  {
    title: 'an index on no column',
    schema: { name: 'D', tables: { T: { indexes: [['x']], columns: { c: { type: 'integer' } } } } },
    details: 'x is not a valid column name',
  },
  {
    title: 'an index on an ephemeral column',
    schema: { name: 'D', tables: { T: { indexes: [['c']], columns: { c: { type: 'integer', ephemeral: true } } } } },
    details: 'ephemeral columns (such as c) may not be indexed',
  },
];

const canonical: readonly { title: string; given: Json; want: Json }[] = [
  {
    title: 'a scalar with all defaults written out',
    given: { type: { key: { type: 'integer' }, min: 1, max: 1 }, mutable: true, ephemeral: false },
    want: { type: 'integer' },
  },
  {
    title: 'a length of at least 0',
    given: { type: { key: { type: 'string', minLength: 0 } } },
    want: { type: 'string' },
  },
  {
    title: 'a scalar with a range',
    given: { type: { key: { type: 'integer', minInteger: 0 } } },
    want: { type: { key: { type: 'integer', minInteger: 0 } } },
  },
  {
    title: 'a set',
    given: { type: { key: { type: 'string' }, min: 0, max: 'unlimited' } },
    want: { type: { key: 'string', min: 0, max: 'unlimited' } },
  },
  {
    title: 'an enum out of order',
    given: { type: { key: { type: 'string', enum: ['set', ['b', 'a']] } } },
    want: { type: { key: { type: 'string', enum: ['set', ['a', 'b']] } } },
  },
  {
    title: 'an enum of one',
    given: { type: { key: { type: 'string', enum: ['set', ['b']] } } },
    want: { type: { key: { type: 'string', enum: 'b' } } },
  },
  {
    title: 'a strong reference',
    given: { type: { key: { type: 'uuid', refTable: 'T', refType: 'strong' } } },
    want: { type: { key: { type: 'uuid', refTable: 'T' } } },
  },
  {
    title: 'a weak reference is never immutable',
    given: { type: { key: { type: 'uuid', refTable: 'T', refType: 'weak' }, min: 0 }, mutable: false },
    want: { type: { key: { type: 'uuid', refTable: 'T', refType: 'weak' }, min: 0 } },
  },
  {
    title: 'an immutable ephemeral map',
    given: { type: { key: 'string', value: 'real', min: 0, max: 3 }, mutable: false, ephemeral: true },
    want: { type: { key: 'string', value: 'real', min: 0, max: 3 }, mutable: false, ephemeral: true },
  },
];

function columnOf(schema: DatabaseSchema): Json {
  const { T } = schema.toJson()['tables'] as { T: { columns: { c: Json } } };
  return T.columns.c;
}

describe('a schema', () => {
  for (const { title, schema, details } of mistakes) {
    it(`with ${title} is refused`, () => {
      assert.throws(
        () => DatabaseSchema.fromJson(schema),
        (error) => error instanceof OvsdbError && error.kind === 'syntax' && error.details === details,
      );
    });
  }

  for (const { title, given, want } of canonical) {
    it(`is canonical: ${title}`, () => {
      assert.deepEqual(
        columnOf(DatabaseSchema.fromJson({ name: 'D', tables: { T: { columns: { c: given } } } })),
        want,
      );
    });
  }

  it('whose every table is a root does not say so', () => {
    const roots = DatabaseSchema.fromJson({
      name: 'D',
      tables: { T: { isRoot: true, columns: { c: { type: 'integer' } } } },
    });
    assert.deepEqual(roots.toJson()['tables'], { T: { columns: { c: { type: 'integer' } } } });
    assert.equal(roots.tables.get('T')?.isRoot, true);
  });

  it('keeps a strong reference to a row outside the root set over a restart', () => {
    const json = structuredClone(SHOP) as { tables: { Box: { columns: { items: { ephemeral?: boolean } } } } };
    json.tables.Box.columns.items.ephemeral = true;
    assert.equal(DatabaseSchema.fromJson(json).tables.get('Box')?.columns.get('items')?.ephemeral, false);
  });
});

describe('a schema in the eyes of ovsdb-tool', () => {
  const peers = new Peers();
  before(function () {
    needs(this, 'ovsdb-tool', 'openvswitch-common');
  });
  after(() => peers.end());

  for (const name of ['types.ovsschema', 'refs.ovsschema', 'keys.ovsschema']) {
    it(`is the same canonical text: ${name}`, async () => {
      const folder = peers.folder();
      const file = join(folder, 'x.db');
      await run('ovsdb-tool', ['create', file, join(GOLDEN, name)]);
      // The second line of the log is the canonical schema.
      const theirs = JSON.parse(readFileSync(file, 'utf8').split('\n')[1] ?? '') as Json;
      const ours = DatabaseSchema.fromJson(JSON.parse(readFileSync(join(GOLDEN, name), 'utf8'))).toJson();
      assert.deepEqual(ours, theirs);
    });
  }

  for (const { title, schema, details } of mistakes.filter(({ schema }) => typeof schema === 'object')) {
    it(`is refused with the same words: ${title}`, async () => {
      const folder = peers.folder();
      const file = join(folder, 'bad.ovsschema');
      writeFileSync(file, JSON.stringify(schema));
      await assert.rejects(run('ovsdb-tool', ['create', join(folder, 'x.db'), file]), (error: Error) =>
        error.message.includes(details),
      );
    });
  }
});
