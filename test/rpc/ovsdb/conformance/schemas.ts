import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { isJsonObject, type Json } from '../../../../rpc/json/json-value.ts';
import { parseJson64 } from '../../../../rpc/json/parse64.ts';
import { canonicalText, OvsdbError } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import type { Peers } from '../../../peers/process.ts';
import { ROOT } from '../../../root.ts';
import { open, RawClient, until } from '../net/subjects.ts';

/** What a reader of schemas makes of one: its canonical form, or the error, as a line of text. */
export type SchemaReader = (text: string) => Promise<string>;

export const SCHEMAS_FILE = join(ROOT, 'test/golden/ovsdb/schemas/schemas.txt');

export const readOurs: SchemaReader = async (text) => {
  try {
    return canonicalText(DatabaseSchema.fromJson(parseJson64(text)).toJson());
  } catch (error) {
    if (!(error instanceof OvsdbError)) throw error;
    return canonicalText({ ...error.toJSON() });
  }
};

/** A real ovsdb-server is asked to convert an empty database to the schema, and then what its schema is. */
export async function realReader(peers: Peers): Promise<SchemaReader> {
  const folder = peers.folder();
  const [file, path] = [join(folder, 'edge.db'), join(folder, 'db.sock')];
  execFileSync('ovsdb-tool', ['create', file, join(ROOT, 'test/golden/ovsdb/rfc-5/edge.ovsschema')]);
  const server = peers.start('ovsdb-server', [file, `--remote=punix:${path}`, `--unixctl=${join(folder, 'ctl')}`]);
  while (server.running) {
    try {
      (await open(path)).destroy();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  const client = await RawClient.open(path);
  peers.defer(() => void client.socket.destroy());
  // Otherwise the server hangs up after a conversion.
  await client.ask('set_db_change_aware', true);
  return async (text) => {
    const count = client.messages.length;
    client.send(`{"id":"ask","method":"convert","params":["Edge",${text}]}`);
    await until(() => client.messages.length > count || client.closed);
    const error = member(client.messages[count] ?? 'closed', 'error');
    if (error !== null) return canonicalText(error);
    return canonicalText(member(await client.ask('get_schema', 'Edge'), 'result'));
  };
}

function member(reply: Json, name: string): Json {
  return isJsonObject(reply) ? (reply[name] ?? null) : reply;
}
