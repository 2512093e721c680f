import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { identifyProcess, type PeerIdentity, peerAlive } from '../fd/peer.ts';

/** Which process it is that a keeper started, or that a keeper itself is, for the keeper after it. */
export class PidFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The process, if it lives; undefined also when the file says nothing that makes sense. */
  read(): PeerIdentity | undefined {
    try {
      const { pid, startTime, bootId } = JSON.parse(readFileSync(this.#path, 'utf8')) as Partial<PeerIdentity>;
      if (!Number.isSafeInteger(pid) || pid === undefined || pid <= 1) return undefined;
      if (typeof startTime !== 'string' || startTime === '' || typeof bootId !== 'string') return undefined;
      const identity = { pid, startTime, bootId };
      return peerAlive(identity) ? identity : undefined;
    } catch {
      return undefined;
    }
  }

  write(pid: number): void {
    const fresh = `${this.#path}.new`;
    writeFileSync(fresh, `${JSON.stringify(identifyProcess(pid))}\n`, { mode: 0o644 });
    renameSync(fresh, this.#path);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
