import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * What is measured, as it was built: the modules are loaded from `dist`, where the agent comes from as well. The types say
 * what is used of them here, and no more.
 */
export const ROOT = rootFolder();
export const AGENT = join(ROOT, 'dist/bin/vhost-compatd.js');
/** The same in its parts, so that a profile can name the file that a function stands in. */
export const AGENT_IN_PARTS = join(ROOT, 'dist/agent/daemon/main.js');

function rootFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

async function built<T>(path: string): Promise<T> {
  return (await import(pathToFileURL(join(ROOT, 'dist', path)).href)) as T;
}

export interface OwnedFd {
  readonly raw: number;
  close(): void;
}

interface Message {
  readonly payload: Uint8Array;
}

/** agent/mock/mock-frontend.ts */
export interface Frontend {
  readonly isOpen: boolean;
  readonly ended: Promise<void>;
  tell(request: string, payload?: Uint8Array, fds?: readonly OwnedFd[], flags?: number): void;
  ask(request: string, payload?: Uint8Array, fds?: readonly OwnedFd[], flags?: number): Promise<Message>;
  askU64(request: string): Promise<bigint>;
  close(): void;
}

interface Backend {
  open(): Promise<unknown>;
}

interface Libc {
  connectUnix(path: string): number;
  createEventFd(): number;
  createMemoryFd(name: string): number;
  socketPair(): [number, number];
}

interface Payloads {
  readU64(payload: Uint8Array): bigint;
  writeU64(value: bigint): Uint8Array;
  writeVringState(state: { index: number; num: number }): Uint8Array;
  writeVringAddress(address: {
    index: number;
    flags: number;
    descriptors: bigint;
    used: bigint;
    available: bigint;
    log: bigint;
  }): Uint8Array;
  writeMemoryTable(
    regions: readonly { guestAddress: bigint; size: bigint; userAddress: bigint; mmapOffset: bigint }[],
  ): Uint8Array;
}

/** For the processes that stand at the two ends. */
export async function loadMocks() {
  const [frontend, backend, releases, libc, owned, payloads] = await Promise.all([
    built<{ MockFrontend: { over(fd: OwnedFd, options: { timeoutMs: number }): Frontend } }>(
      'agent/mock/mock-frontend.js',
    ),
    built<{
      MockBackend: new (
        endpoint: { role: 'listen'; path: string },
        abilities: unknown,
        o: { maxRecorded: number },
      ) => Backend;
      abilitiesOfRelease(release: unknown): unknown;
    }>('agent/mock/mock-backend.js'),
    built<{ findRelease(name: string): unknown }>('compat-tables/releases.js'),
    built<Libc>('agent/fd/libc.js'),
    built<{ OwnedFd: new (fd: number) => OwnedFd }>('agent/fd/owned-fd.js'),
    built<Payloads>('agent/vhost/payloads.js'),
  ]);
  return { ...frontend, ...backend, ...releases, ...libc, ...owned, ...payloads };
}

export interface Api {
  call(method: string, params: object, options?: { timeoutMs?: number }): Promise<unknown>;
  close(): void;
}

export async function connectApi(path: string): Promise<Api> {
  const { ApiClient } = await built<{ ApiClient: { connect(path: string): Promise<Api> } }>('rpc/api/client.js');
  return await ApiClient.connect(path);
}

/** A process of test/peers/process.ts. */
export interface Peer {
  readonly pid: number;
  readonly output: string;
  readonly running: boolean;
  waitFor(pattern: RegExp, timeoutMs?: number, since?: number): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  stop(graceMs?: number): Promise<void>;
  tail(lines?: number): string;
}

export interface Peers {
  start(program: string, args: readonly string[], options?: { name?: string }): Peer;
  folder(): string;
  defer(undo: () => Promise<void> | void): void;
  end(): Promise<void>;
}

export async function makePeers(): Promise<Peers> {
  const { Peers } = await built<{ Peers: new () => Peers }>('test/peers/process.js');
  return new Peers();
}

interface RealPeer {
  readonly peer: Peer;
  stop(): Promise<void>;
}

export interface RealPeers {
  readonly Testpmd: { start(peers: Peers, ports: readonly { socket: string }[]): Promise<RealPeer> };
  readonly VirtioUser: { start(peers: Peers, options: { socket: string }): Promise<RealPeer> };
  findProgram(name: string): string | undefined;
}

/** DPDK's programs, as the tests start them. */
export async function loadRealPeers(): Promise<RealPeers> {
  const [testpmd, virtioUser, needs] = await Promise.all([
    built<Pick<RealPeers, 'Testpmd'>>('test/peers/testpmd.js'),
    built<Pick<RealPeers, 'VirtioUser'>>('test/peers/virtio-user.js'),
    built<Pick<RealPeers, 'findProgram'>>('test/peers/needs.js'),
  ]);
  return { ...testpmd, ...virtioUser, ...needs };
}
