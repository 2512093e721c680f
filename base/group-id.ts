import { readFileSync } from 'node:fs';
import { suggestion } from './text.ts';

/** The highest number of a group: all bits set says "no change" to chown. */
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

function groupsOfSystem(): Map<string, number> {
  const groups = new Map<string, number>();
  for (const line of readGroupFile().split('\n')) {
    const [name, , id] = line.split(':');
    if (name !== undefined && id !== undefined && /^[0-9]+$/.test(id)) groups.set(name, Number(id));
  }
  return groups;
}

/** A container may have no such file. */
function readGroupFile(): string {
  try {
    return readFileSync('/etc/group', 'utf8');
  } catch {
    return '';
  }
}
