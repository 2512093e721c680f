import { migrationNotes } from '../../compat-tables/compare/migratable.ts';
import { makeEntry } from '../../compat-tables/define/make-entry.ts';
import { entryFile, guestNames } from '../../compat-tables/entries/entry-file.ts';
import { formatEndpoint, parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';
import { resembling } from '../../compat-tables/releases/resembles.ts';
import { argument, type Command } from '../shared/command.ts';
import { typed } from '../shared/command-errors.ts';
import { checkOnAll, checkOwnName, definedLines, defineOnAll } from '../shared/define.ts';
import { DEVICE_TYPE_OPTION, deviceTypeOf, limitsText } from '../shared/host-names.ts';
import { measure } from '../shared/measure.ts';
import { openState } from '../shared/open-host.ts';
import { writeTable } from '../shared/table-files.ts';
import { definedJson } from './baseline.ts';

const HEADINGS = ['version', 'virtio_features', 'feature_names', 'limits', 'digest'];

export const capture: Command = {
  name: 'capture',
  summary: 'Make a version of what a live back-end offers',
  args: [
    { name: 'VERSION', help: 'the name of the new version, site.…' },
    { name: 'ROLE:PATH', help: 'connect:PATH when the back-end listens, listen:PATH when it connects' },
  ],
  options: [
    { name: 'output', value: 'FILE', help: 'write the table file here instead of printing it' },
    { name: 'summary', value: 'TEXT', help: 'what the version is, for people' },
    { name: 'define', help: 'define it on this host (--db)' },
    DEVICE_TYPE_OPTION,
  ],
  example: 'site.hall2.v1 connect:/run/vhost/vhu0.sock --output 50-site.json',
  details: [
    'Asks the back-end as probe does; do not name a socket that a guest uses. The table file goes to standard output, to',
    'be put into /etc/vhost-compat/tables of each host that shall know the version.',
  ].join(' '),
  headings: HEADINGS,
  async run(context, input) {
    const version = argument(input, 0);
    typed(() => checkOwnName(version));
    const endpoint = formatEndpoint(typed(() => parseEndpoint(argument(input, 1))));
    const deviceType = deviceTypeOf(input);
    // before the back-end is asked: a host that cannot be reached costs no question
    const state = input.flag('define') ? await openState(context) : undefined;
    const abilities = await measure(context, endpoint);
    const alike = resembling(abilities);
    const entry = makeEntry({
      ...{ version, deviceType, abilities },
      summary: input.option('summary') ?? `What the back-end at ${endpoint} offered`,
      covers: alike.map((text) => `answers like ${text}`),
      sources: [`measured at ${endpoint}`],
    });
    const text = entryFile(entry);
    const notes = migrationNotes([{ name: `the back-end at ${endpoint}`, abilities }]);
    const output = input.option('output');
    const live = state === undefined ? [] : [{ target: context.options.db, state, host: context.options.host }];
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
        table: JSON.parse(text) as unknown,
        feature_names: guestNames(entry),
        notes,
        dry_run: context.options.dryRun,
        defined: defined.map(definedJson),
      },
    };
  },
};
