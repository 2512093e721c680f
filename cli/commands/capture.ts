import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import { stateNotes } from '../../compat-tables/compare/device-state.ts';
import { migrationNotes } from '../../compat-tables/compare/migratable.ts';
import { makeEntry } from '../../compat-tables/define/make-entry.ts';
import { entryFile, guestNames } from '../../compat-tables/entries/entry-file.ts';
import { resembling } from '../../compat-tables/releases/resembles.ts';
import type { State } from '../../rpc/state/state.ts';
import { argument, type Command, type Input } from '../shared/command.ts';
import { typed } from '../shared/command-errors.ts';
import type { Context } from '../shared/context.ts';
import { checkOnAll, checkOwnName, definedLines, defineOnAll } from '../shared/define.ts';
import { DEVICE_TYPE_OPTION, deviceTypeOf, limitsText } from '../shared/host-names.ts';
import { type Backend, backendAt, backendOf, namesEndpoint } from '../shared/measure.ts';
import { openState } from '../shared/open-host.ts';
import { writeTable } from '../shared/table-files.ts';
import { definedJson } from './baseline.ts';

const HEADINGS = ['version', 'virtio_features', 'feature_names', 'limits', 'digest'];

export const capture: Command = {
  name: 'capture',
  summary: 'Make a version of what a live back-end offers',
  args: [
    { name: 'VERSION', help: 'the name of the new version, site.…' },
    {
      name: 'BACKEND',
      help: 'an interface of the host (--db), or connect:PATH of a back-end that listens, listen:PATH of one that connects',
    },
  ],
  options: [
    { name: 'output', value: 'FILE', help: 'write the table file here instead of printing it' },
    { name: 'summary', value: 'TEXT', help: 'what the version is, for people' },
    { name: 'define', help: 'define it on this host (--db)' },
    {
      ...DEVICE_TYPE_OPTION,
      help: `the collection of versions (default: that of the interface, else ${DEFAULT_DEVICE_TYPE})`,
    },
  ],
  example: 'site.hall2.v1 connect:/run/vhost/vhu0.sock --output 50-site.json',
  details: [
    'Of an interface it takes what its agent measured. A back-end at an endpoint is asked as probe does; do not name a',
    'socket that a guest uses. The table file goes to standard output, to be put into /etc/vhost-compat/tables of each host',
    'that shall know the version.',
  ].join(' '),
  headings: HEADINGS,
  async run(context, input) {
    const version = argument(input, 0);
    typed(() => checkOwnName(version));
    const { backend, state } = await backendAndHost(context, input);
    const { endpoint, deviceType } = backend;
    const abilities = await backend.abilities();
    const alike = resembling(abilities, deviceType);
    const entry = makeEntry({
      ...{ version, deviceType, abilities },
      summary: input.option('summary') ?? `What the back-end at ${endpoint} offered`,
      covers: alike.map((text) => `answers like ${text}`),
      sources: [backend.source],
    });
    const text = entryFile(entry);
    const backends = [{ name: `the back-end at ${endpoint}`, abilities }];
    const notes = [...migrationNotes(backends), ...stateNotes(deviceType, backends)];
    const output = input.option('output');
    const { db, host } = context.options;
    const live = state === undefined || !input.flag('define') ? [] : [{ target: db, state, host }];
    checkOnAll(entry, live);
    const written = writeTable(output, text, context.options.dryRun);
    const defined = await defineOnAll(context, entry, live);
    return {
      verbatim: output === undefined ? text : '',
      table: {
        headings: HEADINGS,
        rows: [[version, entry.virtioFeatures, guestNames(entry), limitsText(entry.limits), entry.digest]],
      },
      notes: [...notes, ...written, ...definedLines(entry, defined, context.options.dryRun)],
      json: {
        ...{ kind: 'capture', version, digest: entry.digest, endpoint },
        ...(backend.interface !== undefined && { interface: backend.interface }),
        table: JSON.parse(text) as unknown,
        feature_names: guestNames(entry),
        notes,
        dry_run: context.options.dryRun,
        defined: defined.map(definedJson),
      },
    };
  },
};

/** The back-end that is named, and the host where that is needed; the back-end was not asked yet. */
async function backendAndHost(context: Context, input: Input): Promise<{ backend: Backend; state: State | undefined }> {
  const target = argument(input, 1);
  const deviceType = input.option('device-type') === undefined ? undefined : deviceTypeOf(input);
  if (!namesEndpoint(target)) {
    const state = await openState(context);
    return { backend: backendOf(state, target, deviceType), state };
  }
  const backend = backendAt(context, target, deviceType);
  // before the back-end is asked: a host that cannot be reached costs no question
  return { backend, state: input.flag('define') ? await openState(context) : undefined };
}
