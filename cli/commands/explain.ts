import { firstNames } from '../../base/text.ts';
import { type DecodedBit, formatMask } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { explain } from '../../compat-tables/explain/explain.ts';
import type { ExplainedMask, Explanation, MaskRole } from '../../compat-tables/explain/explanation.ts';
import type { MissingBit } from '../../compat-tables/explain/missing-bits.ts';
import { type ReleaseSpan, spanText } from '../../compat-tables/releases/resembles.ts';
import type { Command } from '../shared/command.ts';
import { UsageError } from '../shared/command-errors.ts';
import type { Table } from '../shared/formats.ts';
import { shippedEntries } from '../shared/shipped-tables.ts';

/** A log of this size takes a second or two; a larger one is better cut to the time in question. */
const MAX_INPUT_BYTES = 64 * 1024 * 1024;

export const explainCommand: Command = {
  name: 'explain',
  summary: 'Say what a line of QEMU, libvirt, DPDK or Open vSwitch means, or one of our codes',
  args: [
    {
      name: 'TEXT',
      arity: 'some',
      help: 'a pasted line, a code such as VC-MODE-FEATURES, or - for a log on standard input',
    },
  ],
  options: [],
  example: "'Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6'",
  details: 'Lines that are not known are passed over; exit status 3 when none is known.',
  async run(_context, { args }) {
    const text = args.length === 1 && args[0] === '-' ? await standardInput() : codeOrText(args.join(' '));
    const found = explain(text, shippedEntries());
    return {
      table: tableOf(found),
      text: found.map(explanationText).join('\n'),
      json: { format: 1, kind: 'explanations', explanations: found.map(explanationJson) },
      ...(found.length === 0 ? { refusal: nothingKnown() } : {}),
    };
  },
};

/** Codes may be typed in lower case. */
function codeOrText(text: string): string {
  return /^vc-[a-z-]+$/i.test(text.trim()) ? text.trim().toUpperCase() : text;
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_INPUT_BYTES)
      throw new UsageError(`Cannot read the text: saw more than ${MAX_INPUT_BYTES} bytes; wanted the part in question`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function nothingKnown(): CompatError {
  return new CompatError('VC-EXPLAIN-NONE', 'Cannot explain the text: no line of it is known');
}

function tableOf(found: readonly Explanation[]): Table {
  return {
    headings: [
      'line',
      'count',
      'program',
      'id',
      'device',
      'missing',
      'prevented_by',
      'means',
      'culprits',
      'remedies',
      'text',
    ],
    narrow: ['line', 'program', 'id', 'missing', 'prevented_by'],
    rows: found.map((one) => [
      one.line,
      one.count,
      one.program,
      one.id,
      one.device?.type,
      one.missing.map(({ name }) => name),
      one.prevention?.versions ?? [],
      one.means,
      one.culprits.join(' '),
      one.remedies.join(' '),
      one.text,
    ]),
  };
}

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
  for (const text of one.culprits) lines.push(`  likely: ${text}`);
  lines.push(
    ...fitLines('the guest has what these give it', one.fits.guest),
    ...fitLines('these offer what is allowed here', one.fits.here),
  );
  for (const text of one.remedies) lines.push(`  remedy: ${text}`);
  if (one.prevention !== undefined) lines.push(`  prevented by: ${preventionText(one.prevention)}`);
  return `${lines.join('\n')}\n`;
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
  const { device, prevention } = one;
  return {
    id: one.id,
    program: one.program,
    line: one.line,
    count: one.count,
    text: one.text,
    means: one.means,
    device: device === undefined ? null : { type: device.type, known: device.known },
    masks: Object.fromEntries(one.masks.map((mask) => [mask.role, maskJson(mask)])),
    missing: one.missing.map((bit) => ({
      bit: bit.bit,
      name: bit.name,
      meaning: bit.meaning,
      decided_by: bit.decidedBy,
      hidden_by: bit.hiddenBy ?? null,
      hint: bit.hint ?? null,
      candidates: bit.candidates,
    })),
    culprits: one.culprits,
    remedies: one.remedies,
    fits: one.fits,
    prevention: prevention === undefined ? null : { versions: prevention.versions, note: prevention.note },
  };
}

function maskJson({ mask, family, bits }: ExplainedMask): object {
  const names = bits.map(({ name }: DecodedBit) => name);
  return { mask: formatMask(mask), family: family === PROTOCOL ? 'protocol' : 'virtio', names };
}
