import { FdSocket } from '../fd/fd-socket.ts';
import type { OwnedFd } from '../fd/owned-fd.ts';
import { VhostFramer } from '../vhost/framer.ts';
import type { Message } from '../vhost/header.ts';

export type MockMessage = Message<OwnedFd>;

/** The vhost-user socket of both mocks: no checks, no back-pressure. */
export class MockConnection extends FdSocket<MockMessage> {
  /** Takes the descriptor over. `closed` is called once, whichever side closes. */
  constructor(fd: OwnedFd, message: (message: MockMessage) => void, closed: (error: Error | undefined) => void) {
    super(fd, new VhostFramer<OwnedFd>(), { message, closed, backlog: () => {} });
  }

  /** The peer does not read: what was written last waits here. */
  get stalled(): boolean {
    return this.queued > 0;
  }

  close(): void {
    this.destroy(undefined);
  }
}
