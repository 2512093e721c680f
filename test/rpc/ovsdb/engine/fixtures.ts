import type { Json } from '../../../../rpc/json/json-value.ts';
import { parseJson64 } from '../../../../rpc/json/parse64.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { canonicalText } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import type { Store } from '../../../../rpc/ovsdb/store/store.ts';

/** A small schema with a reference of each kind, an index, and an ephemeral column. */
export const SHOP = {
  name: 'Shop',
  version: '1.0.0',
  tables: {
    Box: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        name: { type: 'string' },
        size: { type: 'integer' },
        weight: { type: 'real' },
        full: { type: 'boolean' },
        label: { type: { key: 'string', min: 0, max: 1 } },
        tags: { type: { key: 'string', min: 0, max: 'unlimited' } },
        numbers: { type: { key: 'integer', min: 0, max: 'unlimited' } },
        options: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
        counts: { type: { key: 'integer', value: 'real', min: 0, max: 'unlimited' } },
        items: { type: { key: { type: 'uuid', refTable: 'Item' }, min: 0, max: 'unlimited' } },
        likes: { type: { key: { type: 'uuid', refTable: 'Box', refType: 'weak' }, min: 0, max: 'unlimited' } },
        seen: { type: 'integer', ephemeral: true },
      },
    },
    Item: { columns: { name: { type: 'string' } } },
  },
} satisfies Json;

export function shopSchema(change: (json: typeof SHOP) => Json = (json) => json): DatabaseSchema {
  return DatabaseSchema.fromJson(change(structuredClone(SHOP)));
}

export function openShop(file = ':memory:', store?: Store): Database {
  return Database.open({ file, schema: shopSchema(), ...(store === undefined ? {} : { store }) });
}

/** Operations written as the text of a JSON array. */
export function operations(text: string): Json[] {
  return parseJson64(text) as Json[];
}

/** All rows with all columns that survive a restart, as texts in a stable order. */
export async function contents(database: Database): Promise<string[]> {
  const texts: string[] = [];
  for (const table of database.schema.tables.values()) {
    const columns = table.columnList.filter((column) => !column.ephemeral).map((column) => column.name);
    const [answer] = await database.transact([{ op: 'select', table: table.name, where: [], columns }]).result;
    const { rows } = answer as { rows: Json[] };
    texts.push(...rows.map((row) => `${table.name} ${canonicalText(row)}`).sort());
  }
  return texts;
}
