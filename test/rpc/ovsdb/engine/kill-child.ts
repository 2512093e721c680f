/** Writes boxes into the file it is given, for ever, and prints the number of each once it is acknowledged. */
import { writeSync } from 'node:fs';
import { openShop } from './fixtures.ts';

const database = openShop(process.argv[2]);
for (let size = 0; ; size++) {
  const item = { op: 'insert', table: 'Item', 'uuid-name': 'i', row: { name: `item ${size}` } };
  const box = { op: 'insert', table: 'Box', row: { name: `box ${size}`, size, items: ['named-uuid', 'i'] } };
  const results = await database.transact([item, box]).result;
  if (results.length !== 2) throw new Error(JSON.stringify(results));
  writeSync(1, `${size}\n`);
}
