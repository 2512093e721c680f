import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { findProgram, needs } from './needs.ts';
import { eventually, type Peer, type Peers, run } from './process.ts';

const PROGRAM = '/lib/systemd/systemd';

/** Folders and files that a system manager needs at its start, with as little in them as possible. */
const TARGETS = ['default', 'basic', 'sysinit', 'shutdown'];

/**
 * The machine's files, seen with a /run, a /var/lib and an /etc of its own, nothing but its own cgroups, no network, and limits
 * of the kernel that cannot be changed (a system manager raises some at its start), so that nothing of the machine is managed.
 * $1: the folder of units, $2, $3, $4: folders for /var/lib, /run and /etc; further ones: files of users (sysusers.d(5)).
 */
const BOOT = [
  'mount --make-rprivate /',
  'mount -t proc proc /proc',
  'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys',
  'mount --bind "$2" /var/lib',
  'mount --bind "$3" /run',
  'cp -a /etc/. "$4" && mount --bind "$4" /etc',
  'units="$1" && shift 4',
  '{ [ $# -eq 0 ] || systemd-sysusers "$@"; }',
  'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
  `SYSTEMD_UNIT_PATH="$units" container=other exec ${PROGRAM} --system --unit=default.target --show-status=no --log-target=console`,
].join(' && ');

/** Skips the suite where no systemd can be started beside the machine's own. */
export function needsSystemd(context: Context): void {
  needs(context, PROGRAM, 'systemd');
  needs(context, 'unshare', 'util-linux');
  needs(context, 'nsenter', 'util-linux');
  const why = process.getuid?.() !== 0 ? 'root' : cgroupRoot() === undefined ? 'a cgroup2 file system' : undefined;
  if (why === undefined) return;
  process.stderr.write(`    skipped: needs ${why} to start a systemd of its own\n`);
  context.skip();
}

/** Where cgroup2 is mounted, alone or beside the older kind. */
function cgroupRoot(): string | undefined {
  return ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) => existsSync(join(path, 'cgroup.controllers')));
}

/**
 * A real systemd as the first process of name spaces of its own. Its services see the files of this machine, this test's
 * folder among them, and no process outside.
 */
export class Systemd {
  /** Where unit files are read from; `systemctl('daemon-reload')` after a change. */
  readonly units: string;
  /** The folder that is /run inside. */
  readonly run: string;
  readonly #peer: Peer;
  readonly #pid: number;

  private constructor(units: string, run: string, peer: Peer, pid: number) {
    this.units = units;
    this.run = run;
    this.#peer = peer;
    this.#pid = pid;
  }

  /** `run`: the folder that is /run inside. `users`: files of sysusers.d(5) with users that exist inside only. */
  static async start(peers: Peers, run: string, users: readonly string[] = []): Promise<Systemd> {
    const [units, state, etc] = [peers.folder(), peers.folder(), peers.folder()];
    chmodSync(etc, 0o755);
    chmodSync(state, 0o755);
    for (const name of TARGETS) writeFileSync(join(units, `${name}.target`), `[Unit]\nDescription=${name}\n`);
    const cgroup = join(cgroupRoot() ?? '', `vc-test-${process.pid}`);
    mkdirSync(cgroup);
    peers.defer(() => removeCgroup(cgroup));
    const spaces = ['--pid', '--mount', '--uts', '--ipc', '--net', '--cgroup', '--fork', '--kill-child'];
    const script = `echo $$ >"$1/cgroup.procs" && shift && exec unshare ${spaces.join(' ')} sh -c '${BOOT}' sh "$@"`;
    const peer = peers.start('sh', ['-c', script, 'sh', cgroup, units, state, run, etc, ...users], { name: 'systemd' });
    const pid = await eventually('the first process of systemd', () => childOf(peer));
    const systemd = new Systemd(units, run, peer, pid);
    await eventually('a systemd that runs', async () => /^(running|degraded)$/m.test(await systemd.#state()));
    return systemd;
  }

  get output(): string {
    return this.#peer.output;
  }

  async systemctl(...args: string[]): Promise<string> {
    return await this.inside('systemctl', '--no-pager', ...args);
  }

  /** A command inside, as root. */
  async inside(program: string, ...args: string[]): Promise<string> {
    const spaces = ['--target', String(this.#pid), '--mount', '--pid', '--net', '--cgroup'];
    return await run(findProgram('nsenter') ?? 'nsenter', [...spaces, program, ...args], {
      name: [program, ...args].join(' '),
    });
  }

  /** One property of a unit. */
  async property(unit: string, name: string): Promise<string> {
    return (await this.systemctl('show', unit, '--property', name, '--value')).trim();
  }

  async #state(): Promise<string> {
    if (!this.#peer.running) throw new Error(`systemd ${this.#peer.ending}:\n${this.#peer.tail()}`);
    return await this.systemctl('show', '--property', 'SystemState', '--value').catch(() => '');
  }
}

function childOf(peer: Peer): number | undefined {
  if (!peer.running) throw new Error(`systemd ${peer.ending}:\n${peer.tail()}`);
  const children = readFileSync(`/proc/${peer.pid}/task/${peer.pid}/children`, 'utf8').trim();
  const isSystemd = (pid: string) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'systemd';
  return /^\d+$/.test(children) && isSystemd(children) ? Number(children) : undefined;
}

/** Its processes are dying already: their groups are empty in a moment. */
async function removeCgroup(path: string): Promise<void> {
  const remove = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) remove(join(folder, entry.name));
    rmdirSync(folder);
  };
  await eventually(`an empty ${path}`, () => {
    try {
      remove(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
      throw error;
    }
  });
}
