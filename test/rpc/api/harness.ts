import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { ApiConnection } from '../../../rpc/api/api-connection.ts';
import { type ApiLogEvent, ApiServer, type ApiServerOptions } from '../../../rpc/api/api-server.ts';
import { type Handlers, METHODS } from '../../../rpc/api/methods.ts';

/** Handlers of which a test gives those that it calls. */
export function handlersWith(some: Partial<Handlers<ApiConnection>>): Handlers<ApiConnection> {
  const none = () => {
    throw new Error('this test does not expect this call');
  };
  const all = Object.fromEntries(Object.keys(METHODS).map((name) => [name, none]));
  return { ...all, ...some } as Handlers<ApiConnection>;
}

/** Servers on sockets in a folder of their own; `end` undoes all. */
export class ApiBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'vc-api-'));
  readonly log: ApiLogEvent[] = [];
  readonly #servers: ApiServer[] = [];
  readonly #sockets: WebSocket[] = [];
  #last = 0;

  async serve(some: Partial<Handlers<ApiConnection>>, options: ApiServerOptions = {}): Promise<string> {
    const path = join(this.folder, `${++this.#last}.sock`);
    await this.server(some, options).listen(path);
    return path;
  }

  server(some: Partial<Handlers<ApiConnection>>, options: ApiServerOptions = {}): ApiServer {
    const server = new ApiServer(handlersWith(some), { log: (event) => this.log.push(event), ...options });
    this.#servers.push(server);
    return server;
  }

  /** A client that speaks whatever the test wants it to. */
  async raw(path: string): Promise<WebSocket> {
    const socket = new WebSocket(`ws+unix:${path}:/`);
    this.#sockets.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'open');
    return socket;
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    await Promise.all(this.#servers.map((server) => server.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Sends one text and gives the next message, parsed. */
export async function ask(socket: WebSocket, text: string): Promise<unknown> {
  const answer = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(text);
  const [data] = await answer;
  return JSON.parse(data.toString('utf8'));
}
