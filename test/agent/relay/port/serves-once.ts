import { firstConnection } from '../../../../agent/fd/first-connection.ts';
import { Listener } from '../../../../agent/fd/listener.ts';
import type { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import { BackendDevice } from '../../../../agent/mock/backend-device.ts';
import { MockConnection, type MockMessage } from '../../../../agent/mock/connection.ts';
import type { Abilities } from '../../../../compat-tables/entries/entry.ts';
import type { Endpoint } from '../../../../compat-tables/protocol/endpoint.ts';
import { type RequestName, requestById } from '../../../../compat-tables/protocol/requests.ts';

/** The protocol feature without which a daemon of rust-vmm ends over a request (its `check_proto_feature`). */
const NEEDS: Partial<Record<RequestName, bigint>> = {
  GET_QUEUE_NUM: 1n << 0n,
  GET_CONFIG: 1n << 9n,
  GET_MAX_MEM_SLOTS: 1n << 15n,
};

/**
 * A back-end as the daemons of rust-vmm are, virtiofsd among them: it serves one connection and ends with it, and ends over a
 * request whose protocol feature was not accepted, and over a second SET_OWNER.
 */
export class ServesOnce {
  /** What it was asked and told, in this order. */
  readonly heard: string[] = [];
  /** Why it ended; undefined while it lives. */
  ended: string | undefined;
  readonly device: BackendDevice;
  /** Connections that were accepted and closed, as those are that wait when a process ends. */
  unserved = 0;
  #connection: MockConnection | undefined;
  #listener: Listener | undefined;
  #owned = false;

  /** `how`: its socket goes with its first connection, or only when it is closed; or it accepts nobody before `accept`. */
  constructor(endpoint: Endpoint, abilities: Abilities, how: 'once' | 'until closed' | 'late' = 'once') {
    this.device = new BackendDevice(abilities);
    if (how !== 'once') {
      this.#listener = new Listener(endpoint.path, {}, (fd) => {
        if (this.#connection === undefined) this.#serve(fd);
        else this.#sendAway(fd);
      });
      if (how === 'late') this.#listener.hold();
      return;
    }
    void firstConnection(endpoint, { firstPauseMs: 10 }, 5000, () => new Error('nobody connected')).then(
      (fd) => this.#serve(fd),
      (error: Error) => {
        this.ended ??= error.message;
      },
    );
  }

  #sendAway(fd: OwnedFd): void {
    this.unserved += 1;
    fd.close();
    this.#listener?.close();
  }

  /** Begins to accept connections. */
  accept(): void {
    this.#listener?.resume();
  }

  #serve(fd: OwnedFd): void {
    const over = (): void => {
      this.ended ??= 'its connection ended';
    };
    this.#connection = new MockConnection(fd, (message) => this.#take(message), over);
  }

  #take(message: MockMessage): void {
    for (const fd of message.fds) fd.close();
    const name = requestById(message.request)?.name;
    this.heard.push(name ?? `${message.request}`);
    const needed = name === undefined ? 0n : (NEEDS[name] ?? 0n);
    const again = name === 'SET_OWNER' && this.#owned;
    if (name === 'SET_OWNER') this.#owned = true;
    const reaction = (needed & ~this.device.ackedProtocol) !== 0n || again ? 'hang up' : this.device.react(message);
    if (reaction === 'hang up') {
      this.ended ??= `${name} was not for it`;
      this.close();
    } else if (reaction !== 'nothing') this.#connection?.write(reaction.reply);
  }

  close(): void {
    this.#listener?.close();
    this.#connection?.close();
  }
}
