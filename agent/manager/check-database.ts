import { accessSync, closeSync, constants, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SystemUser } from '../../base/system-ids.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { Database } from '../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../rpc/ovsdb/notation/schema.ts';
import { loadSchemaText } from '../../rpc/state/schema-file.ts';
import type { Config } from '../settings/config.ts';

/** What the file may grow by at a start. */
const ROOM_BYTES = 256 << 10;

/** Checks that the manager process of this release could write its database file; it stays as it is. Throws VC-DB-UNWRITABLE. */
export function checkDatabase({ db, database: file, user }: Config): void {
  if (db !== undefined) return;
  try {
    Database.check({ file, schema: DatabaseSchema.fromJson(JSON.parse(loadSchemaText()) as Json) });
    const folder = dirname(file);
    const manager = process.getuid?.() === 0 ? user : undefined;
    for (const path of [file, folder]) checkRight(path, manager);
    if (statSync(folder, { throwIfNoEntry: false })) checkRoom(folder);
  } catch (cause) {
    const text = `Cannot write to database ${file}: ${(cause as Error).message}`;
    throw new CompatError('VC-DB-UNWRITABLE', text, { file }, { cause });
  }
}

/** `user`: undefined is our own. */
function checkRight(path: string, user: SystemUser | undefined): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return; // it is made at the start
  accessSync(path, constants.W_OK);
  if (user === undefined || user.uid === 0) return;
  const right = found.uid === user.uid ? 0o200 : found.gid === user.gid ? 0o020 : 0o002;
  if ((found.mode & right) === 0) throw new Error(`permission denied: user ${user.uid} may not write to ${path}`);
}

function checkRoom(folder: string): void {
  const path = join(folder, `.vhost-compat-check-${process.pid}`);
  try {
    const fd = openSync(path, 'wx', 0o600);
    try {
      let room = ROOM_BYTES;
      while (room > 0) room -= writeSync(fd, Buffer.alloc(room, 1));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } finally {
    rmSync(path, { force: true });
  }
}
