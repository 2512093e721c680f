import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/**
 * The text of a file of at most so many bytes. Opening a pipe would wait for a writer, and reading a device may never end: only
 * files are read. Throws an Error, with the `code` of the system where it has one.
 */
export function readRegularFile(path: string, maxBytes: number): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('it is no regular file');
    // files of /proc say 0 and hold more
    const bytes = Buffer.alloc((stat.size > 0 && stat.size < maxBytes ? stat.size : maxBytes) + 1);
    let length = 0;
    for (let more = -1; more !== 0 && length < bytes.length; length += more)
      more = readSync(fd, bytes, length, bytes.length - length, null);
    if (length > maxBytes)
      throw new Error(`it is ${Math.max(stat.size, length)} bytes long, at most ${maxBytes} are read`);
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(fd);
  }
}
