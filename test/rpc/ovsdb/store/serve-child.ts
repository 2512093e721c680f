/** Serves the database in FILE on the socket PATH until it is killed. */
import { OvsdbServer } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import { openShop } from '../engine/fixtures.ts';

const [, , file, path] = process.argv;
const server = new OvsdbServer();
server.add(openShop(file));
await server.listen(`punix:${path}`);
process.stdout.write('serving\n');
