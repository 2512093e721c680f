import { FdSocket } from '../fd/fd-socket.ts';
import type { OwnedFd } from '../fd/owned-fd.ts';
import { VhostFramer } from '../vhost/framer.ts';
import type { Message } from '../vhost/header.ts';

export type MockMessage = Message<OwnedFd>;

/** The vhost-user socket of both mocks: no checks, no back-pressure. */
export class MockConnection {
  readonly #socket: FdSocket<MockMessage>;
  #stalled = false;

  /** Takes the descriptor over. `closed` is called once, whichever side closes. */
  constructor(fd: OwnedFd, message: (message: MockMessage) => void, closed: (error: Error | undefined) => void) {
    this.#socket = new FdSocket<MockMessage>(fd, new VhostFramer<OwnedFd>(), {
      message,
      closed,
      backlog: (waiting) => {
        this.#stalled = waiting;
      },
    });
  }

  /** The peer does not read: what was written last waits here. */
  get stalled(): boolean {
    return this.#stalled;
  }

  write(bytes: Uint8Array, fds: readonly OwnedFd[] = []): void {
    this.#socket.write(bytes, fds);
  }

  /** Stops reading, as a peer does that hangs. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy(undefined);
  }
}
