import assert from 'node:assert/strict';
import type { Json } from '../../../rpc/json/json-value.ts';
import { cellOf, encodeColumns, readColumns, type TableModel } from '../../../rpc/state/model/column.ts';
import { HOST } from '../../../rpc/state/model/host.ts';
import { INTERFACE } from '../../../rpc/state/model/interface.ts';
import { isStatusColumn, TABLE_MODELS } from '../../../rpc/state/model/tables.ts';
import { loadSchemaText } from '../../../rpc/state/schema-file.ts';

interface SchemaColumn {
  readonly type: Json;
  readonly ephemeral?: boolean;
}
interface Schema {
  readonly tables: Readonly<Record<string, { readonly columns: Readonly<Record<string, SchemaColumn>> }>>;
}

const { tables: TABLES } = JSON.parse(loadSchemaText()) as Schema;

describe('the model of the database', () => {
  it('has the tables of the schema', () => {
    assert.deepEqual(Object.keys(TABLE_MODELS).toSorted(), Object.keys(TABLES).toSorted());
  });

  for (const [table, model] of Object.entries<TableModel>(TABLE_MODELS)) {
    const columns = TABLES[table]?.columns ?? {};

    it(`has the columns of ${table} with their types`, () => {
      const declared = Object.entries(model).map(([name, { codec }]) => [name, codec.type]);
      const stated = Object.entries(columns).map(([name, { type }]) => [name, type]);
      assert.deepEqual(Object.fromEntries(declared), Object.fromEntries(stated));
      // each is written to disk: a model of others would have to say which
      assert.ok(Object.values(columns).every(({ ephemeral }) => ephemeral !== true));
    });

    it(`gives each column of ${table} a property, a heading and a place in documents of its own`, () => {
      for (const names of [
        Object.values(model).map(({ of, property }) => `${of} ${property}`),
        Object.values(model).flatMap(({ heading }) => heading ?? []),
        Object.values(model).flatMap(({ document, within }) => (document === undefined ? [] : `${within} ${document}`)),
      ])
        assert.equal(new Set(names).size, names.length, names.join(', '));
    });

    it(`reads the columns of ${table} from a row that has none of them, and writes them back as empty`, () => {
      const row = readColumns(model, { _uuid: 'u' });
      const written = encodeColumns(model, row);
      for (const [name, { of }] of Object.entries(model)) assert.equal(Object.hasOwn(written, name), of === undefined);
    });
  }

  it('tells the columns that the agent keeps writing', () => {
    assert.ok(isStatusColumn('Interface', 'queue_pairs') && isStatusColumn('Host', 'cur_cfg'));
    for (const column of ['version', 'frontend', 'external_ids', 'nosuch', 'constructor'])
      assert.ok(!isStatusColumn('Interface', column), column);
    for (const column of ['system_id', 'versions', 'interfaces', 'next_cfg'])
      assert.ok(!isStatusColumn('Host', column), column);
  });

  it('shows values in cells: masks as text, maps in order, times as dates', () => {
    const row = {
      ackedFeatures: 0x130008000n,
      ringSizes: new Map([
        [10, 128],
        [2, 256],
      ]),
      peer: new Map([
        ['start_time', '9'],
        ['pid', '41'],
      ]),
      since: 0,
      abilities: undefined,
    };
    assert.equal(cellOf(INTERFACE.acked_features, row), '0x130008000');
    assert.equal(cellOf(INTERFACE.ring_sizes, row), '2=256 10=128');
    assert.equal(cellOf(INTERFACE.peer, row), 'pid=41 start_time=9');
    assert.equal(cellOf(INTERFACE.since, row), '1970-01-01T00:00:00.000Z');
    assert.equal(cellOf(INTERFACE.since, { since: 1e300 }), undefined);
    assert.equal(cellOf(INTERFACE.backend_limits, row), undefined);
    assert.equal(cellOf(HOST.cur_cfg, { curCfg: 3 }), 3);
  });
});
