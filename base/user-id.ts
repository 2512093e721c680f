import { existsSync, readFileSync } from 'node:fs';
import { suggestion } from './text.ts';

/** A user of the system, with the number of its own group. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** The user of a name or number, as /etc/passwd has it. Throws an Error: `saw "kvn"; wanted …`. */
export function userId(user: unknown): SystemUser {
  if (typeof user !== 'string' || user === '')
    throw new Error(`saw ${JSON.stringify(user)}; wanted the name or the number of a user`);
  const users = usersOfSystem();
  const found = users.get(user) ?? [...users.values()].find(({ uid }) => String(uid) === user);
  if (found !== undefined) return found;
  throw new Error(`saw "${user}", which is no user in /etc/passwd${suggestion(user, [...users.keys()])}`);
}

/** By name; empty where /etc/passwd is missing, as in some containers. */
function usersOfSystem(): Map<string, SystemUser> {
  const text = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8') : '';
  const rows = text.matchAll(/^([^:\n]*):[^:\n]*:([0-9]+):([0-9]+)(?=:|$)/gm);
  return new Map([...rows].map(([, name = '', uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]));
}
