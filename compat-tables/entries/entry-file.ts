/** An entry made by a program, as the text of a table file: what `capture` writes and what hosts are told to define. */

import { shortened } from '../../base/text.ts';
import { familyOf } from '../bits/device-types.ts';
import { featureNames, formatMask } from '../bits/mask.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import { CompatError } from '../errors/compat-error.ts';
import type { Entry } from './entry.ts';
import { type EntriesRead, entryKey, loadTables } from './load.ts';

/** Where entries come from that no file holds: clients gave them to the host. */
export const DEFINED = 'defined';

/** They come back in rows, in orders and in documents. In characters. */
const LONGEST_DEFINITION = 65_536;
const ALL_DEFINITIONS = 2 << 20;

/** A table file with this entry alone. */
export function entryFile(entry: Entry): string {
  const { version, summary, virtioFeatures, protocolFeatures, requiredProtocolFeatures, limits, tier } = entry;
  const row = {
    ...{ version, summary, virtio_features: formatMask(virtioFeatures) },
    ...(protocolFeatures === undefined ? {} : { protocol_features: formatMask(protocolFeatures) }),
    ...(requiredProtocolFeatures === 0n
      ? {}
      : { requires_protocol_features: featureNames(PROTOCOL, requiredProtocolFeatures) }),
    ...{ limits, tier, covers: entry.covers, sources: entry.sources },
    ...(entry.withdrawn === undefined ? {} : { withdrawn: entry.withdrawn }),
  };
  return `${JSON.stringify({ format: 1, device_type: entry.deviceType, entries: [row] }, null, 2)}\n`;
}

/** The one entry of such a text. Throws VC-TABLE. */
export function readEntry(text: string, origin: string): Entry {
  if (text.length > LONGEST_DEFINITION) {
    const seen = `it has ${text.length} characters; wanted at most ${LONGEST_DEFINITION}`;
    throw new CompatError('VC-TABLE', `Cannot use ${shortened(origin, 255)}: ${seen}`);
  }
  const { entries, problems } = loadTables([{ path: origin, text }]);
  if (problems[0]) throw problems[0];
  const [entry] = entries;
  if (entry === undefined || entries.length > 1)
    throw new CompatError('VC-TABLE', `Cannot use ${origin}: it holds ${entries.length} entries; wanted one`);
  return entry;
}

/**
 * The entries that clients gave to a host, by version. What a table file defines already with the same content is not
 * said twice; with other content the table file stays, and so does what cannot be read.
 */
export function definedEntries(defined: ReadonlyMap<string, string>, tables: readonly Entry[]): EntriesRead {
  const entries: Entry[] = [];
  const problems: CompatError[] = [];
  let room = ALL_DEFINITIONS;
  for (const [name, text] of [...defined].sort(([a], [b]) => (a < b ? -1 : 1))) {
    try {
      room -= text.length > LONGEST_DEFINITION ? 0 : text.length;
      if (room < 0) {
        const seen = `the definitions of this host have more than ${ALL_DEFINITIONS} characters in all`;
        throw new CompatError('VC-TABLE', `Cannot use the definition of ${shortened(name, 255)}: ${seen}`);
      }
      const entry = readEntry(text, DEFINED);
      if (entry.version !== name)
        throw new CompatError(
          'VC-TABLE',
          `Cannot use the definition of ${shortened(name, 255)}: it defines ${entry.version}`,
        );
      const known = tables.find((one) => entryKey(one) === entryKey(entry));
      if (known === undefined) entries.push(entry);
      else if (known.digest !== entry.digest) throw clash(entry, known);
    } catch (error) {
      if (!(error instanceof CompatError)) throw error;
      problems.push(error);
    }
  }
  return { entries, problems };
}

function clash(entry: Entry, known: Entry): CompatError {
  const text = `Cannot define ${entry.version}: ${known.origin} has it with other content; that one stays in use`;
  return new CompatError('VC-VERSION-EXISTS', text, { version: entry.version });
}

/** The features of an entry that a guest can see, by name. */
export function guestNames({ deviceType, virtioFeatures }: Entry): string[] {
  return featureNames(familyOf(deviceType), guestFeatures(virtioFeatures));
}
