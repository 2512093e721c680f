/** Our server as a process of its own: FILE SCHEMA SOCKET. */
import { readFileSync } from 'node:fs';
import { Database } from '../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../rpc/ovsdb/server/ovsdb-server.ts';

const [file = '', schemaFile = '', socket = ''] = process.argv.slice(2);
const schema = DatabaseSchema.fromJson(JSON.parse(readFileSync(schemaFile, 'utf8')));
const database = Database.open({ file, schema });
const server = new OvsdbServer({ log: ({ level, text }) => void (level === 'info' || console.error(text)) });
server.add(database);
await server.listen(`punix:${socket}`);
process.once('SIGTERM', () => {
  void server.close().then(() => {
    database.close();
    process.exit(0);
  });
});
