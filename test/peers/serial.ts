import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { PATIENCE_MS } from './process.ts';

/**
 * One end of a line that another process connects to: it listens first, so that not a byte is lost. `take` cuts the
 * first answer off the text received so far.
 */
export class Line {
  readonly #server: Server;
  readonly #path: string;
  #socket: Socket | undefined;
  #text = '';
  #ended = false;
  #look: (() => void) | undefined;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
    server.on('connection', (socket) => this.#connected(socket));
  }

  static async listen(path: string): Promise<Line> {
    const server = createServer();
    const line = new Line(server, path);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    return line;
  }

  send(text: string): void {
    if (this.#socket === undefined) throw new Error(`Cannot send on ${this.#path}: nobody is connected`);
    this.#socket.write(text);
  }

  /** Waits for `pattern` and removes it and everything before it. One at a time. */
  async take(pattern: RegExp, timeoutMs = PATIENCE_MS): Promise<RegExpExecArray & { before: string }> {
    if (this.#look !== undefined) throw new Error(`Cannot wait for ${pattern}: another wait is going on`);
    return await new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#look = undefined;
      };
      const fail = (how: string): void => {
        finish();
        reject(new Error(`${how} before ${pattern} came; what came last: ${JSON.stringify(this.#text.slice(-600))}`));
      };
      const look = (): void => {
        const match = pattern.exec(this.#text);
        if (match !== null) {
          finish();
          const before = this.#text.slice(0, match.index);
          this.#text = this.#text.slice(match.index + match[0].length);
          resolve(Object.assign(match, { before }));
        } else if (this.#ended) fail('the other end hung up');
      };
      const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs);
      this.#look = look;
      look();
    });
  }

  /** Bytes that were received and not read yet. */
  get rest(): string {
    return this.#text;
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    rmSync(this.#path, { force: true });
  }

  #connected(socket: Socket): void {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#text += text;
      this.#look?.();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ended = true;
      this.#look?.();
    });
  }
}
