import { Socket } from 'node:net';

/** Set by whoever started this process, such as our own keeper: the descriptor whose other end it holds as long as it lives. */
export const KEEPER_LIFELINE = 'KEEPER_LIFELINE';

export interface LifelineEvents {
  /** It ends everything that it started, because of this signal. */
  ends?(signal: string): void;
  /** It died. */
  died(): void;
}

/**
 * Watches our own keeper; undefined when there is none, or when systemd keeps. Removes the variable, so that processes that
 * we start do not use it. The result ends the watch.
 */
export function watchKeeper(events: LifelineEvents, env: NodeJS.ProcessEnv = process.env): (() => void) | undefined {
  const { [KEEPER_LIFELINE]: number } = env;
  delete env[KEEPER_LIFELINE];
  if (number === undefined || !/^[0-9]+$/.test(number)) return undefined;
  const socket = new Socket({ fd: Number(number), readable: true, writable: false });
  let over = false;
  socket.on('data', (signal: Buffer) => events.ends?.(signal.toString('latin1')));
  socket.on('error', () => undefined); // `close` follows
  socket.on('close', () => {
    if (!over) events.died();
  });
  socket.unref();
  return () => {
    over = true;
    socket.destroy();
  };
}
