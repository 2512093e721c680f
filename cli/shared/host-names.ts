import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import type { Limits } from '../../compat-tables/entries/entry.ts';
import type { Input, OptionSpec } from './command.ts';
import { UsageError } from './command-errors.ts';

export const DEVICE_TYPE_OPTION: OptionSpec = {
  name: 'device-type',
  value: 'TYPE',
  help: `the collection of versions (default: ${DEFAULT_DEVICE_TYPE})`,
};

/** Of commands that compare hosts. */
export const COMMON_TYPE_OPTION: OptionSpec = {
  ...DEVICE_TYPE_OPTION,
  help: `the collection of versions (default: the only one that the hosts have, else ${DEFAULT_DEVICE_TYPE})`,
};

export function deviceTypeOf(input: Input): string {
  const type = input.option('device-type') ?? DEFAULT_DEVICE_TYPE;
  if (/^[a-z0-9][a-z0-9._-]*$/.test(type)) return type;
  throw new UsageError(`Cannot read --device-type: saw "${type}"; wanted a name such as ${DEFAULT_DEVICE_TYPE}`);
}

/** `queue_pairs=128 ring_size=1024` */
export function limitsText(limits: Limits): string {
  return Object.entries(limits)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** Milliseconds since 1970 as a date; undefined for one that no Date can hold (ECMA-262, section 21.4.1.1). */
export function isoTime(ms: number | undefined): string | undefined {
  return ms === undefined || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString();
}
