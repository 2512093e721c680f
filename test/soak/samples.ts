import { readdirSync, readFileSync, statSync } from 'node:fs';

/** One process at one moment. */
export interface ProcessSample {
  readonly residentMiB: number;
  readonly descriptors: number;
  /** Seconds of processor time since it began. */
  readonly processorSeconds: number;
}

/** All processes of an agent at one moment. */
export interface Sample {
  readonly at: string;
  /** Seconds since the soak began. */
  readonly seconds: number;
  readonly processes: Readonly<Record<string, ProcessSample>>;
  readonly databaseMiB: number;
}

const MIB = 1 << 20;
const TICKS_PER_SECOND = 100;

export function sampleOf(pid: number): ProcessSample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const times = (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1] ?? '').split(' ');
  return {
    residentMiB: Math.round((Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024) / MIB),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    processorSeconds: Math.round((Number(times[11]) + Number(times[12])) / TICKS_PER_SECOND),
  };
}

/** Of the database: its file and the log beside it. */
export function fileMiB(path: string): number {
  const sizes = [path, `${path}-wal`].map((one) => statSync(one, { throwIfNoEntry: false })?.size ?? 0);
  return Math.round((sizes.reduce((sum, size) => sum + size) / MIB) * 10) / 10;
}

/** For people: a line for each sample. */
export function tableOf(samples: readonly Sample[]): string {
  const names = Object.keys(samples[0]?.processes ?? {});
  const head = ['when', 's', ...names.flatMap((name) => [`${name} MiB`, 'fds', 'cpu s']), 'database MiB'];
  const rows = samples.map(({ at, seconds, processes, databaseMiB }) => {
    const cells = names.flatMap((name) => {
      const { residentMiB, descriptors, processorSeconds } = processes[name] as ProcessSample;
      return [residentMiB, descriptors, processorSeconds];
    });
    return [at, seconds, ...cells, databaseMiB].map(String);
  });
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [head, ...rows].map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  ')).join('\n');
}
