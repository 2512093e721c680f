import inspector from 'node:inspector';

/**
 * Node opens its inspector on 127.0.0.1:9229 at SIGUSR1, and whoever reaches it, any user of this machine, runs code in this
 * process with its rights. Importing this module, first of all, closes that door: the signal does nothing any more. A
 * signal that came earlier, while node itself started, has opened it or opens it within the first turns of the event loop.
 * Not where the operator asked for it (`--inspect`).
 */
const LOOKS_MS = [0, 10, 100, 1000];
const asked = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((option) => option.includes('--inspect'));

if (!asked) {
  process.on('SIGUSR1', () => undefined);
  close();
  for (const ms of LOOKS_MS) setTimeout(close, ms).unref();
}

function close(): void {
  if (inspector.url() !== undefined) inspector.close();
}
