import { firstNames } from '../../base/text.ts';
import { type DecodedBit, formatMask } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { type Explained, Explainer, type UnknownLine } from '../../compat-tables/explain/explain.ts';
import type { ExplainedMask, Explanation, MaskRole } from '../../compat-tables/explain/explanation.ts';
import type { MissingBit } from '../../compat-tables/explain/missing-bits.ts';
import { type ReleaseSpan, spanText } from '../../compat-tables/releases/resembles.ts';
import { type ShownColumns, tableOf } from '../shared/columns.ts';
import type { Command } from '../shared/command.ts';
import { jsonOf } from '../shared/formats.ts';
import { shippedEntries } from '../shared/table-files.ts';

const NOTHING_KNOWN = 'Cannot explain the text: no line of it is known';
const NOTHING_WRONG =
  'Cannot find a fault in the text: the lines of it that are known show the normal course of things';

export const explainCommand: Command = {
  name: 'explain',
  summary: 'Say what a line of QEMU, libvirt, DPDK, Open vSwitch and others means, or one of our codes',
  args: [
    {
      ...{ name: 'TEXT', arity: 'some' },
      help: 'a pasted line, a code such as VC-MODE-FEATURES, or - for a log on standard input',
    },
  ],
  options: [],
  example: "'Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6'",
  details:
    'Lines that are not known are passed over, but those of level ERR and WARN are named; exit status 3 when no line is known, or only lines that show the normal course.',
  async run(_context, { args }) {
    const reader = new Explainer(shippedEntries());
    if (args.length === 1 && args[0] === '-') await readStandardInput(reader);
    else reader.add(codeOrText(args.join(' ')));
    const { explanations: found, ...rest } = reader.end();
    const refusal = found.every(({ tells }) => tells === 'course')
      ? { refusal: new CompatError('VC-EXPLAIN-NONE', found.length === 0 ? NOTHING_KNOWN : NOTHING_WRONG) }
      : {};
    return {
      table: tableOf(COLUMNS, found, ['line', 'program', 'id', 'missing', 'prevented_by']),
      text: [...found.map(explanationText), ...unknownText(rest)].join('\n'),
      json: {
        ...{ kind: 'explanations', explanations: found.map(explanationJson) },
        ...(rest.unknownCount === 0 ? {} : { unknown: unknownJson(rest) }),
      },
      ...refusal,
    };
  },
};

/** Codes may be typed in lower case. */
function codeOrText(text: string): string {
  return /^vc-[a-z-]+$/i.test(text.trim()) ? text.trim().toUpperCase() : text;
}

/** A log may be of any size: it is read piece by piece. */
async function readStandardInput(reader: Explainer): Promise<void> {
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin as AsyncIterable<string>) reader.add(chunk);
}

const COLUMNS: ShownColumns<Explanation> = {
  line: ({ line }) => line,
  count: ({ count }) => count,
  program: ({ program }) => program,
  id: ({ id }) => id,
  device: ({ device }) => device?.type,
  missing: ({ missing }) => missing.map(({ name }) => name),
  prevented_by: ({ prevention }) => prevention?.versions ?? [],
  means: ({ means }) => means,
  tells: ({ tells }) => tells,
  cause_line: ({ causeLine }) => causeLine,
  culprits: ({ culprits }) => culprits.join(' '),
  remedies: ({ remedies }) => remedies.join(' '),
  text: ({ text }) => text,
};

const ROLE_WORDS: Readonly<Record<MaskRole, string>> = {
  guest: 'the guest has',
  allowed: 'allowed here',
  missing: 'missing',
  negotiated: 'features',
  other: 'other features',
  protocol: 'protocol features',
};

/** Versions beyond these stand in the JSON. */
const VERSIONS_SHOWN = 4;

function explanationText(one: Explanation): string {
  const times = one.count > 1 ? ` (${one.count} times, first here)` : '';
  const lines = [`line ${one.line}${times}: ${one.text}`, `  ${one.program}: ${one.means}`];
  if (one.device !== undefined) lines.push(`  device: ${deviceText(one.device)}`);
  // what is missing says enough of the other two
  const isMove = one.masks.some(({ role }) => role === 'allowed');
  for (const mask of one.masks.filter(({ role }) => role !== 'missing')) lines.push(...maskLines(mask, !isMove));
  const missing = one.masks.find(({ role }) => role === 'missing');
  if (missing !== undefined) {
    lines.push(`  missing (${formatMask(missing.mask)}):`);
    for (const bit of one.missing) lines.push(...missingLines(bit));
  }
  if (one.causeLine !== undefined) lines.push(`  likely: ${causeText(one)}`);
  for (const text of one.culprits) lines.push(`  likely: ${text}`);
  lines.push(
    ...fitLines('the guest has what these give it', one.fits.guest),
    ...fitLines('these offer what is allowed here', one.fits.here),
  );
  for (const text of one.remedies) lines.push(`  remedy: ${text}`);
  if (one.prevention !== undefined) lines.push(`  prevented by: ${preventionText(one.prevention)}`);
  return `${lines.join('\n')}\n`;
}

function causeText({ line, causeLine }: Explanation): string {
  return causeLine === line ? 'the cause that this line names as well' : `the cause that line ${causeLine} names`;
}

/** So many of the lines that are not known are shown; all stand in the JSON, up to a limit. */
const UNKNOWN_SHOWN = 10;

function unknownText({ unknown, unknownCount }: Omit<Explained, 'explanations'>): string[] {
  if (unknownCount === 0) return [];
  const shown = unknown
    .slice(0, UNKNOWN_SHOWN)
    .map(({ line, level, text }: UnknownLine) => `  line ${line} (${level}): ${text}`);
  const more = unknownCount - shown.length;
  const rest = more === 0 ? [] : [`  and ${more} more`];
  return [`${['not known, and of level ERR or WARN:', ...shown, ...rest].join('\n')}\n`];
}

function deviceText({ type, known }: NonNullable<Explanation['device']>): string {
  if (known === 'unknown') return 'not known; the lines around this one may name it';
  return known === 'said' ? type : `${type} (most likely; no line says it)`;
}

function maskLines({ role, mask, bits }: ExplainedMask, withBits: boolean): string[] {
  const title = `  ${ROLE_WORDS[role]}: ${formatMask(mask)}`;
  return withBits ? [title, ...bits.map(({ name, bit }) => `    ${name} (${bit})`)] : [title];
}

function missingLines({ bit, name, meaning, decidedBy, hint, candidates }: MissingBit): string[] {
  const other = Object.entries(candidates).map(([type, word]) => `${word} (${type})`);
  return [
    `    ${name} (${bit}): ${meaning}`,
    ...(other.length > 0 ? [`      would be: ${other.join(', ')}`] : []),
    ...(decidedBy === 'unknown'
      ? []
      : [`      decided by: ${decidedBy === 'both' ? 'QEMU and the back-end' : decidedBy}`]),
    ...(hint === undefined ? [] : [`      ${hint}`]),
  ];
}

function fitLines(title: string, spans: readonly ReleaseSpan[]): string[] {
  return spans.length === 0 ? [] : [`  ${title}:`, ...spans.map((span) => `    ${spanText(span)}`)];
}

function preventionText({ versions, note }: NonNullable<Explanation['prevention']>): string {
  return `${versions.length === 0 ? 'none' : firstNames(versions, VERSIONS_SHOWN)}. ${note}`;
}

function explanationJson(one: Explanation): object {
  const { device, masks, missing, prevention } = one;
  const bit = (row: MissingBit) => jsonOf(row, 'bit', 'name', 'meaning', 'decidedBy', 'hiddenBy', 'hint', 'candidates');
  return {
    ...jsonOf(one, 'id', 'program', 'line', 'count', 'text', 'tells', 'means'),
    cause_line: one.causeLine ?? null,
    device: device === undefined ? null : jsonOf(device, 'type', 'known'),
    masks: Object.fromEntries(masks.map((mask) => [mask.role, maskJson(mask)])),
    missing: missing.map(bit),
    ...jsonOf(one, 'culprits', 'remedies', 'fits'),
    prevention: prevention === undefined ? null : jsonOf(prevention, 'versions', 'note'),
  };
}

function unknownJson({ unknown, unknownCount }: Omit<Explained, 'explanations'>): object {
  return { count: unknownCount, lines: unknown.map((one) => jsonOf(one, 'line', 'level', 'text')) };
}

function maskJson({ mask, family, bits }: ExplainedMask): object {
  const names = bits.map(({ name }: DecodedBit) => name);
  return { mask: formatMask(mask), family: family === PROTOCOL ? 'protocol' : 'virtio', names };
}
