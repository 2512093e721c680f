/** Values of a line as the texts show them: request numbers by name, error numbers in words, sizes in units. */
import { numberedRequest } from '../protocol/requests.ts';

type Groups = Readonly<Record<string, string | undefined>>;

/** Error numbers of Linux as `strerror` words them: those that a socket, a mapping or a back-end brings. */
const ERRNO: Readonly<Record<number, string>> = {
  1: 'Operation not permitted',
  2: 'No such file or directory',
  4: 'Interrupted system call',
  5: 'Input/output error',
  6: 'No such device or address',
  7: 'Argument list too long',
  9: 'Bad file descriptor',
  11: 'Resource temporarily unavailable',
  12: 'Cannot allocate memory',
  13: 'Permission denied',
  14: 'Bad address',
  16: 'Device or resource busy',
  17: 'File exists',
  19: 'No such device',
  22: 'Invalid argument',
  23: 'Too many open files in system',
  24: 'Too many open files',
  25: 'Inappropriate ioctl for device',
  27: 'File too large',
  28: 'No space left on device',
  32: 'Broken pipe',
  34: 'Numerical result out of range',
  38: 'Function not implemented',
  61: 'No data available',
  71: 'Protocol error',
  75: 'Value too large for defined data type',
  90: 'Message too long',
  91: 'Protocol wrong type for socket',
  95: 'Operation not supported',
  97: 'Address family not supported by protocol',
  98: 'Address already in use',
  103: 'Software caused connection abort',
  104: 'Connection reset by peer',
  105: 'No buffer space available',
  107: 'Transport endpoint is not connected',
  108: 'Cannot send after transport endpoint shutdown',
  110: 'Connection timed out',
  111: 'Connection refused',
};

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `-24` becomes `24, Too many open files`. */
function errnoText(text: string): string {
  const number = Math.abs(Number(text));
  const words = ERRNO[number];
  return words === undefined ? text : `${number}, ${words}`;
}

/** `2097152` and `0x200000` become `2 MiB`. A size that no larger unit divides stays in the smaller one. */
function sizeText(bytes: bigint): string {
  let size = bytes;
  let unit = 0;
  while (size !== 0n && size % 1024n === 0n && unit < UNITS.length - 1) {
    size /= 1024n;
    unit += 1;
  }
  return `${size} ${UNITS[unit]}`;
}

/** Page sizes that are kept as one mask, in hexadecimal without `0x`: `201000` becomes `4 KiB and 2 MiB`. */
function pageSizesText(mask: string): string {
  const bits = BigInt(`0x${mask}`);
  const sizes: string[] = [];
  for (let bit = 1n; bit <= bits; bit <<= 1n) if ((bits & bit) !== 0n) sizes.push(sizeText(bit));
  return sizes.length === 0 ? '0 bytes' : sizes.join(' and ');
}

function requestText(number: string | undefined, channel: 'frontend' | 'backend'): string {
  return number === undefined ? 'a request' : numberedRequest(Number(number), channel);
}

/** The groups as the texts show them. `MessageRow` says what their names mean. */
export function shownValues(groups: Groups): Groups {
  const values: Record<string, string | undefined> = { ...groups };
  for (const name of ['expected', 'received', 'request']) values[name] = requestText(groups[name], 'frontend');
  for (const name of ['expectedBack', 'receivedBack']) values[name] = requestText(groups[name], 'backend');
  for (const [name, text] of Object.entries(groups)) {
    if (text === undefined) continue;
    if (name.startsWith('errno')) values[name] = errnoText(text);
    else if (name.endsWith('Bytes')) values[name] = sizeText(BigInt(text));
    else if (name.endsWith('Pages')) values[name] = pageSizesText(text);
  }
  return values;
}
