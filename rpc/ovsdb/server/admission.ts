import type { Socket } from 'node:net';

export interface AdmissionLimits {
  /** Clients at a time. A host's tools and agents are dozens; the rest of the descriptors belongs to others. */
  readonly connections: number;
  /** Of these on one remote, so that a flood on one leaves a quarter to the others. */
  readonly connectionsPerRemote: number;
  /** Of these from one address, over TCP and TLS, so that one host cannot keep out the others. */
  readonly connectionsPerAddress: number;
}

/** Counts connections, those that still shake hands too, and turns away those that are too many. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #sockets = new Set<Socket>();
  readonly #counts = new Map<string, number>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Takes the connection in until it closes, or tells why not. */
  enter(socket: Socket, remote: string): string | undefined {
    const { connections, connectionsPerRemote, connectionsPerAddress } = this.#limits;
    const address = socket.remoteAddress;
    const rules = [
      { count: this.#sockets.size, limit: connections, where: '' },
      { key: remote, count: this.#counts.get(remote) ?? 0, limit: connectionsPerRemote, where: ' on this remote' },
      ...(address === undefined
        ? []
        : [
            {
              key: `from ${address}`,
              count: this.#counts.get(`from ${address}`) ?? 0,
              limit: connectionsPerAddress,
              where: ' from this address',
            },
          ]),
    ];
    const broken = rules.find(({ count, limit }) => count >= limit);
    if (broken) return `${broken.count} are connected${broken.where}, which is the limit`;
    const keys = rules.flatMap(({ key }) => key ?? []);
    this.#sockets.add(socket);
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      for (const key of keys) this.#leave(key);
    });
    return undefined;
  }

  /** Ends everything that is still connected. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #leave(key: string): void {
    const left = (this.#counts.get(key) ?? 0) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}
