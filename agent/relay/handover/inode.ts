import { fstatSync } from 'node:fs';

/** What a descriptor stands for, the same in each process that has a copy of it. */
export function inodeOf(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}
