import type { Socket } from 'node:net';

export interface AdmissionLimits {
  /** Clients at a time. A host has dozens of tools and agents; other users need descriptors, too. */
  readonly connections: number;
  /** Clients on one remote, so that a flood on one leaves a quarter to the others. */
  readonly connectionsPerRemote: number;
  /** Clients from one address, over TCP and TLS, so that one host cannot keep out the others. */
  readonly connectionsPerAddress: number;
}

/** Counts connections, those in a TLS handshake too, and refuses those above the limits. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #sockets = new Set<Socket>();
  readonly #counts = new Map<string, number>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Counts the connection until it closes; returns the reason if it is refused. */
  enter(socket: Socket, remote: string): string | undefined {
    const { connections, connectionsPerRemote, connectionsPerAddress } = this.#limits;
    const address = socket.remoteAddress;
    const rules: [key: string, limit: number, where: string][] = [[remote, connectionsPerRemote, ' on this remote']];
    if (address !== undefined) rules.push([`from ${address}`, connectionsPerAddress, ' from this address']);
    if (this.#sockets.size >= connections) return `${this.#sockets.size} are connected, which is the limit`;
    for (const [key, limit, where] of rules) {
      const count = this.#counts.get(key) ?? 0;
      if (count >= limit) return `${count} are connected${where}, which is the limit`;
    }
    const keys = rules.map(([key]) => key);
    this.#sockets.add(socket);
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      for (const key of keys) this.#leave(key);
    });
    return undefined;
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #leave(key: string): void {
    const left = (this.#counts.get(key) ?? 0) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}
