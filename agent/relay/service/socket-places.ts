import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, normalize } from 'node:path';
import { parseEndpoint } from '../../../compat-tables/protocol/endpoint.ts';
import type { InterfaceOrder } from '../../orders/orders.ts';

/** Where the sockets of an interface are, as names that are equal for equal places, however their paths are written. */
export interface SocketPlaces {
  readonly frontend: readonly string[];
  readonly backend: readonly string[];
}

/** An endpoint that cannot be read has no place. */
export function socketPlacesOf({ frontend, backend }: Pick<InterfaceOrder, 'frontend' | 'backend'>): SocketPlaces {
  return { frontend: namesOf(frontend), backend: namesOf(backend) };
}

/** Of both sides. */
export function placesIn({ frontend, backend }: SocketPlaces): readonly string[] {
  return [...frontend, ...backend];
}

export function haveCommon(some: readonly string[], others: readonly string[]): boolean {
  return some.some((one) => others.includes(one));
}

/** The path, and what it leads to now: the directory by its inode number, as one directory can have several paths. */
function namesOf(endpoint: string): string[] {
  const path = pathOf(endpoint);
  if (path === undefined) return [];
  const text = normalize(path);
  const file = realPath(text);
  try {
    const { dev, ino } = statSync(dirname(file), { bigint: true });
    return [text, `${dev}:${ino}/${basename(file)}`];
  } catch {
    return [text]; // its directory is not there yet
  }
}

function pathOf(endpoint: string): string | undefined {
  try {
    return parseEndpoint(endpoint).path;
  } catch {
    return undefined; // told at the interface
  }
}

/** Follows a link with the name of the socket; the path itself where there is nothing yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
