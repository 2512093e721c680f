import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { ROOT } from '../root.ts';
import { eventually, type Peer, type Peers } from './process.ts';

const SERVER = join(ROOT, 'dist', 'test', 'peers', 'slow-files-process.js');
const SENDER = join(ROOT, 'dist', 'test', 'peers', 'descriptor-sender-process.js');

/** Files that take as long to close as their server likes. */
export class SlowFiles {
  readonly #server: Peer;
  readonly path: string;

  private constructor(server: Peer, directory: string) {
    this.#server = server;
    this.path = join(directory, 'file');
  }

  /** Skips the suite where none can be mounted. */
  static async mount(context: Context, peers: Peers): Promise<SlowFiles> {
    // needs root and /dev/fuse: any user can do it with fusermount, or in a name space of his own
    if (process.getuid?.() !== 0 || !existsSync('/dev/fuse')) context.skip();
    const directory = join(peers.folder(), 'slow');
    mkdirSync(directory);
    const server = peers.start(process.execPath, [SERVER, directory], { name: 'slow file system' });
    peers.defer(async () => {
      await server.kill();
      spawnSync('umount', ['-l', directory]);
    });
    await server.waitFor(/^serving$/m);
    return new SlowFiles(server, directory);
  }

  /** How many descriptors were to be closed so far, each until `answer`. */
  get held(): number {
    if (this.#server.output.includes('gave up')) throw new Error('The slow files were closed without an answer');
    return this.#server.output.match(/^held$/gm)?.length ?? 0;
  }

  /** Settles when so many are, in all. */
  async holds(count: number): Promise<void> {
    await eventually(`${count} closings of slow files`, () => this.held >= count);
  }

  async answer(): Promise<void> {
    await this.#say('answer', /^answered$/m);
  }

  async hold(): Promise<void> {
    await this.#say('hold', /^holding$/m);
  }

  async #say(word: string, answer: RegExp): Promise<void> {
    const since = this.#server.output.length;
    this.#server.write(`${word}\n`);
    await this.#server.waitFor(answer, undefined, since);
  }
}

/** A process that connects to a port and sends descriptors of one file. */
export class DescriptorSender {
  readonly #peer: Peer;

  constructor(peers: Peers, socket: string, files: SlowFiles) {
    this.#peer = peers.start(process.execPath, [SENDER, socket, files.path], { name: 'sender of descriptors' });
    peers.defer(() => files.answer()); // it has the file open itself
  }

  /** Connects anew, when the port lets it, and sends bytes with so many descriptors. */
  async send(bytes: Uint8Array, count: number): Promise<void> {
    const since = this.#peer.output.length;
    this.#peer.write(`${count} ${Buffer.from(bytes).toString('hex')}\n`);
    await this.#peer.waitFor(/^sent$/m, undefined, since);
  }
}
