import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Peers } from './process.ts';

/** A unix socket that passes bytes on to another one, and can be shut: then connections through it end, and new ones too. */
export class Gate {
  readonly path: string;
  readonly #to: string;
  readonly #server: Server;
  readonly #through = new Set<Socket>();
  #open = true;

  private constructor(path: string, to: string) {
    this.path = path;
    this.#to = to;
    this.#server = createServer((socket) => this.#pass(socket));
  }

  static async to(path: string, peers: Peers): Promise<Gate> {
    const gate = new Gate(join(peers.folder(), 'gate.sock'), path);
    await new Promise<void>((resolve) => gate.#server.listen(gate.path, resolve));
    peers.defer(() => {
      gate.shut();
      gate.#server.close();
    });
    return gate;
  }

  shut(): void {
    this.#open = false;
    for (const socket of this.#through) socket.destroy();
  }

  open(): void {
    this.#open = true;
  }

  #pass(near: Socket): void {
    if (!this.#open) {
      near.destroy();
      return;
    }
    const far = connect(this.#to);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#through.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#through.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
