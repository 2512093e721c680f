import { existsSync, readFileSync } from 'node:fs';
import { suggestion } from './text.ts';

/** The highest number of a group: to chown, all bits set means "no change". */
const MAX_GROUP = 2 ** 32 - 2;

/** A user of the system, with the number of its own group. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The number of a group, given by name or number. Names are those of /etc/group; groups that only a directory service
 * knows are given by number. Throws an Error: `saw "kvn"; wanted …`.
 */
export function groupId(group: unknown): number {
  const number = typeof group === 'string' && /^[0-9]{1,10}$/.test(group) ? Number(group) : group;
  if (Number.isInteger(number) && (number as number) >= 0 && (number as number) <= MAX_GROUP) return number as number;
  if (typeof number === 'number') throw new Error(`saw ${number}; wanted a whole number from 0 to ${MAX_GROUP}`);
  if (typeof number !== 'string' || number === '')
    throw new Error(`saw ${JSON.stringify(number)}; wanted the name or the number of a group`);
  const groups = fieldsByName('/etc/group');
  const id = groups.get(number)?.[1];
  if (id !== undefined) return Number(id);
  throw new Error(`saw "${number}", which is no group in /etc/group${suggestion(number, [...groups.keys()])}`);
}

/** The user of a name or number, as /etc/passwd has it. Throws an Error: `saw "kvn"; wanted …`. */
export function userId(user: unknown): SystemUser {
  if (typeof user !== 'string' || user === '')
    throw new Error(`saw ${JSON.stringify(user)}; wanted the name or the number of a user`);
  const users = fieldsByName('/etc/passwd');
  const [, uid, gid] = users.get(user) ?? [...users.values()].find(([, number]) => number === user) ?? [];
  if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  throw new Error(`saw "${user}", which is no user in /etc/passwd${suggestion(user, [...users.keys()])}`);
}

/** The lines `name:password:number:…`, each as its fields after the name. None where the file is missing, as in some containers. */
function fieldsByName(file: string): Map<string, readonly string[]> {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = text.split('\n').map((line) => line.split(':'));
  return new Map(
    lines.flatMap(([name = '', ...fields]) => (/^[0-9]+$/.test(fields[1] ?? '') ? [[name, fields] as const] : [])),
  );
}
