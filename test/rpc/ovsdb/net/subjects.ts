/** The two servers that client and dialogue tests run against: ours in this process, and the real ovsdb-server. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { JsonFramer } from '../../../../rpc/json/json-framer.ts';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer, type ServerEvent, type ServerOptions } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import { needs } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';

export const SCHEMA: Json = {
  name: 'Net',
  version: '1.0.0',
  tables: {
    Thing: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        name: { type: 'string' },
        number: { type: 'integer' },
        real: { type: 'real' },
        flag: { type: 'boolean' },
        note: { type: { key: 'string', min: 0, max: 1 } },
        tags: { type: { key: 'string', min: 0, max: 'unlimited' } },
        sizes: { type: { key: 'string', value: 'integer', min: 0, max: 'unlimited' } },
        friend: { type: { key: { type: 'uuid', refTable: 'Thing', refType: 'weak' }, min: 0, max: 1 } },
      },
    },
    Other: { isRoot: true, columns: { name: { type: 'string' } } },
  },
};

/** A server with the database `Net` on a unix socket. It keeps its rows over stop and start. */
export interface TestServer {
  readonly path: string;
  readonly remote: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Subject {
  readonly name: string;
  /** Call it in `before`: skips where the server is not installed. */
  require(context: Context): void;
  create(peers: Peers): TestServer;
}

export class OurServer implements TestServer {
  readonly path: string;
  readonly remote: string;
  readonly events: ServerEvent[] = [];
  readonly #file: string;
  readonly #options: ServerOptions;
  #running: { server: OvsdbServer; database: Database } | undefined;

  constructor(peers: Peers, options: ServerOptions = {}) {
    const folder = peers.folder();
    this.path = join(folder, 'db.sock');
    this.remote = `unix:${this.path}`;
    this.#file = join(folder, 'net.db');
    this.#options = options;
    peers.defer(() => this.stop());
  }

  get server(): OvsdbServer {
    if (!this.#running) throw new Error('the server is not running');
    return this.#running.server;
  }

  async start(): Promise<void> {
    const server = new OvsdbServer({ log: (event) => this.events.push(event), ...this.#options });
    const database = Database.open({ file: this.#file, schema: DatabaseSchema.fromJson(SCHEMA) });
    this.#running = { server, database };
    server.add(database);
    await server.listen(`punix:${this.path}`);
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.server.close();
    running?.database.close();
  }
}

class RealServer implements TestServer {
  readonly path: string;
  readonly remote: string;
  readonly #folder: string;
  readonly #peers: Peers;
  #stop: () => Promise<void> = async () => {};

  constructor(peers: Peers) {
    this.#folder = peers.folder();
    this.#peers = peers;
    this.path = join(this.#folder, 'db.sock');
    this.remote = `unix:${this.path}`;
    const schema = join(this.#folder, 'net.ovsschema');
    writeFileSync(schema, JSON.stringify(SCHEMA));
    execFileSync('ovsdb-tool', ['create', join(this.#folder, 'net.db'), schema]);
  }

  async start(): Promise<void> {
    const { path } = this;
    const args = [`--remote=punix:${path}`, `--unixctl=${join(this.#folder, 'ctl')}`, join(this.#folder, 'net.db')];
    const peer = this.#peers.start('ovsdb-server', args);
    this.#stop = () => peer.stop();
    // It listens after it has said so.
    for (;;) {
      try {
        (await open(path)).destroy();
        return;
      } catch (error) {
        if (!peer.running) throw new Error(`ovsdb-server ${peer.ending}: ${peer.tail()}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async stop(): Promise<void> {
    await this.#stop();
  }
}

export const SUBJECTS: readonly Subject[] = [
  { name: 'our server', require: () => undefined, create: (peers) => new OurServer(peers) },
  {
    name: 'ovsdb-server',
    require: (context) => {
      needs(context, 'ovsdb-server', 'openvswitch-switch');
    },
    create: (peers) => new RealServer(peers),
  },
];

/** A `describe` for each of them, with one server for all its tests. */
export function describeEach(
  title: string,
  tests: (at: { subject: Subject; peers: Peers; path(): string }) => void,
): void {
  for (const subject of SUBJECTS) {
    describe(`${title} with ${subject.name}`, () => {
      const peers = new Peers();
      let server: TestServer | undefined;
      before(async function () {
        subject.require(this);
        server = subject.create(peers);
        await server.start();
      });
      after(() => peers.end());
      tests({ subject, peers, path: () => server?.path ?? '' });
    });
  }
}

/** A connected socket. */
export async function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket.off('error', reject)));
  });
}

/** Settles when the condition holds; the test's time limit is its own. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A client that knows no more than bytes: what it was sent, message for message. */
export class RawClient {
  readonly socket: Socket;
  readonly messages: Json[] = [];
  closed = false;
  readonly #framer = new JsonFramer();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.messages.push(...this.#framer.push(chunk)));
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.closed = true;
    });
  }

  /** `peers`: it hangs up at their end at the latest. */
  static async open(path: string, peers?: Peers): Promise<RawClient> {
    const client = new RawClient(await open(path));
    peers?.defer(() => void client.socket.destroy());
    return client;
  }

  send(message: string | Buffer | Json): void {
    const raw = typeof message === 'string' || Buffer.isBuffer(message);
    this.socket.write(raw ? message : JSON.stringify(message));
  }

  ask(method: string, ...params: Json[]): Promise<Json> {
    return this.request(method, params);
  }

  async request(method: string, params: readonly Json[]): Promise<Json> {
    const count = this.messages.length;
    this.send({ id: 'ask', method, params: [...params] });
    await until(() => this.messages.length > count || this.closed);
    return this.messages[count] ?? null;
  }
}
