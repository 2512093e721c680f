import { existsSync, readFileSync } from 'node:fs';
import { suggestion } from './text.ts';

/** The highest number of a group: to chown, all bits set means "no change". */
const MAX_GROUP = 2 ** 32 - 2;

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
  const groups = groupsOfSystem();
  const found = groups.get(number);
  if (found !== undefined) return found;
  throw new Error(`saw "${number}", which is no group in /etc/group${suggestion(number, [...groups.keys()])}`);
}

/** Numbers by name; empty where /etc/group is missing, as in some containers. */
function groupsOfSystem(): Map<string, number> {
  const text = existsSync('/etc/group') ? readFileSync('/etc/group', 'utf8') : '';
  const rows = text.matchAll(/^([^:\n]*):[^:\n]*:([0-9]+)(?=:|$)/gm);
  return new Map([...rows].map(([, name = '', id]) => [name, Number(id)]));
}
