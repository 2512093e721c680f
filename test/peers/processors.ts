import { readFileSync } from 'node:fs';

/** The processors that this process may use, as the kernel writes lists of them: '0-1', '2,4-5'. */
export function allowedProcessors(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  return /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '0';
}

/** The highest of them, as a mask in hex: where a polling thread disturbs the first, busiest processor least. */
export function lastProcessorMask(): string {
  return `0x${(1n << BigInt(numbers().at(-1) ?? 0)).toString(16)}`;
}

/** The lowest of them, as a mask in hex. */
export function firstProcessorMask(): string {
  return `0x${(1n << BigInt(numbers()[0] ?? 0)).toString(16)}`;
}

function numbers(): number[] {
  return allowedProcessors()
    .split(',')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}
