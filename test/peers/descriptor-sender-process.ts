import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { close, connectUnix } from '../../agent/fd/libc.ts';
import { send } from '../../agent/fd/libc-message.ts';

/**
 * Connects to a unix socket for each line of its input, `COUNT HEX`, and sends these bytes with so many descriptors of a file.
 * Arguments: the socket and the file. It keeps the file open, because closing it would take time.
 */
const RETRY_MS = 20;
const [, , path = '', file = ''] = process.argv;
const descriptor = openSync(file, 'r+');
let connection: number | undefined;

function connect(then: (socket: number) => void): void {
  try {
    then(connectUnix(path));
  } catch {
    setTimeout(() => connect(then), RETRY_MS); // not open now
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [count, hex = ''] = line.split(' ');
  if (connection !== undefined) close(connection);
  connect((socket) => {
    connection = socket;
    const sent = send(socket, Buffer.from(hex, 'hex'), Array<number>(Number(count)).fill(descriptor));
    process.stdout.write(sent === undefined ? 'not sent\n' : 'sent\n');
  });
});
process.stdin.on('end', () => process.exit(0));
