import { Socket } from 'node:net';

/** Set by our own keeper: the number of the descriptor whose other end it holds as long as it lives. */
export const KEEPER_LIFELINE = 'KEEPER_LIFELINE';

export interface LifelineEvents {
  /** The keeper ends everything that it started, because of this signal. */
  ends?(signal: string): void;
  /** The keeper died. */
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
