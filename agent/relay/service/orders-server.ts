import type { Socket } from 'node:net';
import { PROGRAM_VERSION } from '../../../base/installation.ts';
import type { Log } from '../../../base/log.ts';
import { listenOnPath, type UnixServer } from '../../../base/unix-server.ts';
import { knock } from '../../fd/knock.ts';
import { socketCredentials } from '../../fd/socket-credentials.ts';
import type { Fact } from '../../orders/facts.ts';
import { MessageStream } from '../../orders/message-stream.ts';
import { ORDERS, ORDERS_PROTOCOL, type Order } from '../../orders/orders.ts';
import type { RelayService } from './relay-service.ts';

export interface OrdersServerOptions {
  readonly path: string;
  /** The user of the manager process, who owns the socket; undefined: our own. Only that user and root may give orders. */
  readonly managerUser: number | undefined;
  readonly resumed: number;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** The manager serves its clients. */
  readonly serving: () => void;
}

type Stream = MessageStream<Fact, typeof ORDERS>;

/** The socket on which the manager process gives its orders: one manager at a time, of the right user. */
export class OrdersServer {
  readonly #service: RelayService;
  readonly #options: OrdersServerOptions;
  #server: UnixServer | undefined;
  #manager: Stream | undefined;

  private constructor(service: RelayService, options: OrdersServerOptions) {
    this.#service = service;
    this.#options = options;
  }

  /** @throws SocketFileError */
  static async listen(service: RelayService, options: OrdersServerOptions): Promise<OrdersServer> {
    const server = new OrdersServer(service, options);
    const { path, managerUser: owner } = options;
    const accept = (socket: Socket): void => server.#accept(socket);
    server.#server = await listenOnPath(path, { mode: 0o600, owner }, accept, async (at) => knock(at));
    return server;
  }

  #accept(socket: Socket): void {
    const { log, managerUser } = this.#options;
    const user = socketCredentials(socket)?.uid;
    if (user === undefined || ![0, process.getuid?.(), managerUser].includes(user)) {
      log.warn('orders-refused', { user, why: 'it is not the user of the manager process' });
      socket.destroy();
      return;
    }
    const stream: Stream = new MessageStream<Fact, typeof ORDERS>(socket, ORDERS, {
      message: (order) => this.#received(stream, order),
      drained: () => this.#manager === stream && this.#service.drained(),
      closed: (error) => {
        if (error) log.warn('orders-ended', { error: error.message });
        if (this.#manager !== stream) return;
        this.#manager = undefined;
        this.#service.detach();
        log.info('manager-left');
      },
    });
  }

  #received(stream: Stream, order: Order): void {
    if (order.is === 'hello') {
      this.#greet(stream, order);
    } else if (this.#manager !== stream) {
      stream.send({ is: 'refused', why: 'the first order was not hello' });
      stream.close();
    } else if (order.is === 'serving') {
      this.#options.serving();
    } else {
      this.#service.receive(order);
    }
  }

  #greet(stream: Stream, { protocol, program, pid }: Extract<Order, { is: 'hello' }>): void {
    const { log, resumed } = this.#options;
    const taken = this.#manager !== undefined && this.#manager !== stream;
    const far = `it speaks protocol ${protocol} of ${program}; this relay process speaks ${ORDERS_PROTOCOL} of ${PROGRAM_VERSION}`;
    const why = taken ? 'another manager process is connected' : protocol === ORDERS_PROTOCOL ? undefined : far;
    if (why !== undefined) {
      log.warn('manager-refused', { pid, why });
      stream.send({ is: 'refused', why });
      stream.close();
      return;
    }
    this.#manager = stream;
    const { problems } = this.#service;
    stream.send({
      is: 'hello',
      protocol: ORDERS_PROTOCOL,
      program: PROGRAM_VERSION,
      pid: process.pid,
      resumed,
      problems,
    });
    this.#service.attach(stream);
    log.info('manager-connected', { pid, program });
  }

  close(): void {
    this.#manager?.close();
    this.#manager = undefined;
    this.#server?.close();
  }
}
