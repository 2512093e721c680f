/**
 * The text of one table file → entries, or complaints that name file, line, entry, reason and what was wanted.
 * Strict, because a table is a promise: an unknown member is more likely a slip of the pen than a message from the
 * future. Names of limits are the exception; new ones are carried along and compared like the others.
 *
 * A file may limit protocol features (`protocol_features`) and require some (`requires_protocol_features`). The shipped
 * tables do not limit them: they are agreed anew on each connection between a front-end and its local back-end, so the
 * guest never depends on them across hosts, and cutting them would only take from the front-end what works here.
 */

import { DEFAULT_DEVICE_TYPE, familyOf } from '../bits/device-types.ts';
import type { FeatureFamily } from '../bits/feature-bits.ts';
import { parseMask } from '../bits/mask.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import { CompatError } from '../errors/compat-error.ts';
import type { Entry, Limits, Tier } from './entry.ts';
import { type JsonMember, type JsonNode, JsonSourceError, parseJsonSource } from './json-source.ts';
import type { Withdrawal } from './withdrawal.ts';

/** An entry that has no digest yet, and where it stands. */
export interface ValidatedEntry {
  readonly entry: Omit<Entry, 'digest'>;
  readonly line: number;
}

export interface ValidatedFile {
  readonly entries: readonly ValidatedEntry[];
  readonly problems: readonly CompatError[];
}

const TIERS: readonly Tier[] = ['both-ways', 'forward-only', 'best-effort'];
const FILE_MEMBERS = ['format', 'device_type', 'entries'] as const;
const REQUIRED = ['version', 'summary', 'virtio_features', 'limits', 'tier'] as const;
const OPTIONAL = ['protocol_features', 'requires_protocol_features', 'covers', 'sources', 'withdrawn'] as const;
const WITHDRAWN_MEMBERS: readonly string[] = ['since', 'why', 'use'];
const ENTRY_MEMBERS: readonly string[] = [...REQUIRED, ...OPTIONAL];

/** Letters that need no quoting in a shell, a URL or an OVSDB map. */
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,126}$/;
const DEVICE_TYPE = /^[a-z0-9][a-z0-9-]{0,62}$/;
const LIMIT_NAME = /^[a-z][a-z0-9_]{0,62}$/;
/** The most that the limits we know can be: GET_QUEUE_NUM and SET_VRING_NUM (virtio, section 2.7: at most 32768). */
const GREATEST: Limits = { queue_pairs: 32768, ring_size: 32768 };

/** Every host publishes the texts of its entries in its database. */
const MAX_TEXT = 4096;
const MAX_TEXTS = 256;

/** A complaint on its way to a CompatError, before file and entry are known. */
class Complaint extends Error {
  readonly line: number;
  readonly wanted: string;
  constructor(line: number, seen: string, wanted: string) {
    super(seen);
    this.line = line;
    this.wanted = wanted;
  }
}

/** Reads one file. What is wrong with an entry costs that entry; what is wrong with the file costs all of it. */
export function validateFile(path: string, text: string): ValidatedFile {
  const entries: ValidatedEntry[] = [];
  const problems: CompatError[] = [];
  try {
    const { deviceType, nodes } = readHead(text);
    for (const node of nodes) {
      const complaints: Complaint[] = [];
      const entry = readEntry(node, deviceType, path, complaints);
      if (entry) entries.push({ entry, line: node.line });
      problems.push(...complaints.map((complaint) => tableProblem(path, complaint, nameOf(node))));
    }
  } catch (error) {
    if (!(error instanceof Complaint || error instanceof JsonSourceError)) throw error;
    problems.push(tableProblem(path, { line: error.line, message: error.message, wanted: error.wanted }));
  }
  return { entries, problems };
}

/** The error for one complaint: VC-TABLE, with file, line, version, reason and what was wanted in its details. */
export function tableProblem(
  file: string,
  { line, message, wanted }: { readonly line: number; readonly message: string; readonly wanted: string },
  version?: string,
): CompatError {
  const entry = version === undefined ? '' : `, entry "${version}"`;
  const details = { file, line, reason: message, wanted, ...(version === undefined ? {} : { version }) };
  return new CompatError('VC-TABLE', `Cannot use ${file}:${line}${entry}: ${message}; wanted ${wanted}`, details);
}

function readHead(text: string): { deviceType: string; nodes: readonly JsonNode[] } {
  const root = parseJsonSource(text);
  if (root.kind !== 'object') throw new Complaint(root.line, `the file holds ${wordFor(root)}`, 'an object');
  const [unknown] = unknownMembers(root.members, FILE_MEMBERS);
  if (unknown) throw unknown;
  const format = memberOf(root, 'format');
  if (format.kind !== 'number' || format.value !== 1)
    throw new Complaint(format.line, `format is ${wordFor(format)}`, 'format 1');
  const type = memberOf(root, 'device_type');
  if (type.kind !== 'string' || !DEVICE_TYPE.test(type.value))
    throw new Complaint(type.line, `device_type is ${wordFor(type)}`, `a name such as "${DEFAULT_DEVICE_TYPE}"`);
  const list = memberOf(root, 'entries');
  if (list.kind !== 'array') throw new Complaint(list.line, `entries is ${wordFor(list)}`, 'an array of entries');
  return { deviceType: type.value, nodes: list.items };
}

function readEntry(
  node: JsonNode,
  deviceType: string,
  origin: string,
  complaints: Complaint[],
): Omit<Entry, 'digest'> | undefined {
  if (node.kind !== 'object') {
    complaints.push(new Complaint(node.line, `an entry is ${wordFor(node)}`, 'an object'));
    return undefined;
  }
  const { members } = node;
  complaints.push(...unknownMembers(members, ENTRY_MEMBERS));
  for (const name of REQUIRED)
    if (!members.has(name)) complaints.push(new Complaint(node.line, `member "${name}" is missing`, `"${name}"`));

  const read = <T>(name: string, reader: (value: JsonNode, name: string) => T, absent: T): T => {
    const member = members.get(name);
    if (member === undefined) return absent;
    try {
      return reader(member.value, name);
    } catch (error) {
      if (!(error instanceof Complaint)) throw error;
      complaints.push(error);
      return absent;
    }
  };
  const entry = {
    version: read('version', readVersion, ''),
    deviceType,
    virtioFeatures: read('virtio_features', maskReader(familyOf(deviceType)), 0n),
    protocolFeatures: read<bigint | undefined>('protocol_features', maskReader(PROTOCOL), undefined),
    requiredProtocolFeatures: read('requires_protocol_features', maskReader(PROTOCOL), 0n),
    limits: read('limits', readLimits, {}),
    tier: read('tier', readTier, 'both-ways'),
    ...given('withdrawn', read<Withdrawal | undefined>('withdrawn', readWithdrawal, undefined)),
    summary: read('summary', readText, ''),
    covers: read('covers', readTexts, []),
    sources: read('sources', readTexts, []),
    origin,
  };
  if (entry.protocolFeatures !== undefined && (entry.requiredProtocolFeatures & ~entry.protocolFeatures) !== 0n) {
    const line = members.get('requires_protocol_features')?.line ?? node.line;
    const seen = 'requires_protocol_features names features that protocol_features cuts off';
    complaints.push(new Complaint(line, seen, 'required ones among those that pass'));
  }
  return complaints.length === 0 ? entry : undefined;
}

function given<N extends string, T>(name: N, value: T | undefined): { readonly [K in N]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [K in N]: T });
}

/** `{ "since": "2026-03-01", "why": "…", "use": "site.v2" }`; `use` may be left out. */
function readWithdrawal(node: JsonNode): Withdrawal {
  const wanted = 'an object of "since", "why" and, if there is one, "use"';
  if (node.kind !== 'object') throw new Complaint(node.line, `withdrawn is ${wordFor(node)}`, wanted);
  const [unknown] = unknownMembers(node.members, WITHDRAWN_MEMBERS);
  if (unknown) throw unknown;
  const text = (name: string) => {
    const member = node.members.get(name);
    if (member === undefined) throw new Complaint(node.line, `withdrawn has no "${name}"`, wanted);
    return readText(member.value, `"${name}" of withdrawn`);
  };
  const use = node.members.get('use');
  return { since: text('since'), why: text('why'), ...(use === undefined ? {} : { use: readVersion(use.value) }) };
}

function readVersion(node: JsonNode): string {
  if (node.kind === 'string' && VERSION.test(node.value)) return node.value;
  const wanted = 'at most 127 letters, digits, dots, underscores, plus and minus signs, such as "site.example.v1"';
  throw new Complaint(node.line, `version is ${wordFor(node)}`, wanted);
}

function readTier(node: JsonNode): Tier {
  const tier = node.kind === 'string' ? TIERS.find((one) => one === node.value) : undefined;
  if (tier !== undefined) return tier;
  throw new Complaint(node.line, `tier is ${wordFor(node)}`, TIERS.map((one) => `"${one}"`).join(', '));
}

function readText(node: JsonNode, name: string): string {
  if (node.kind === 'string' && node.value.length > MAX_TEXT)
    throw new Complaint(node.line, `${name} has ${node.value.length} characters`, `at most ${MAX_TEXT}`);
  if (node.kind === 'string' && node.value.trim() !== '') return node.value;
  throw new Complaint(node.line, `${name} is ${wordFor(node)}`, 'a text');
}

function readTexts(node: JsonNode, name: string): readonly string[] {
  if (node.kind === 'array' && node.items.length > MAX_TEXTS)
    throw new Complaint(node.line, `${name} has ${node.items.length} texts`, `at most ${MAX_TEXTS}`);
  if (node.kind === 'array') return node.items.map((item) => readText(item, `an element of ${name}`));
  throw new Complaint(node.line, `${name} is ${wordFor(node)}`, 'an array of texts');
}

function readLimits(node: JsonNode): Limits {
  if (node.kind !== 'object') throw new Complaint(node.line, `limits is ${wordFor(node)}`, 'an object');
  const limits: Record<string, number> = {};
  for (const [name, { line, value }] of node.members) {
    if (!LIMIT_NAME.test(name)) throw new Complaint(line, `a limit is named "${name}"`, 'a name such as "queue_pairs"');
    const most = Object.hasOwn(GREATEST, name) ? (GREATEST[name] ?? 0) : Number.MAX_SAFE_INTEGER;
    if (value.kind !== 'number' || !Number.isInteger(value.value) || value.value < 1 || value.value > most)
      throw new Complaint(line, `limit "${name}" is ${wordFor(value)}`, `a whole number from 1 to ${most}`);
    limits[name] = value.value;
  }
  return limits;
}

/** `"0x…"` or an array of names. A list in one text would be read too, but two ways are enough. */
function maskReader(family: FeatureFamily): (node: JsonNode, name: string) => bigint {
  const wanted = `"0x…" or an array of ${family.title} feature names`;
  return (node, name) => {
    if (node.kind === 'string' && /^0x/i.test(node.value)) return readMask(node.value, family, node.line, name, wanted);
    if (node.kind !== 'array') throw new Complaint(node.line, `${name} is ${wordFor(node)}`, wanted);
    return node.items.reduce((mask, item) => {
      if (item.kind !== 'string' || !/^[a-z]/i.test(item.value))
        throw new Complaint(item.line, `${name} lists ${wordFor(item)}`, wanted);
      return mask | readMask(item.value, family, item.line, name, wanted);
    }, 0n);
  };
}

function readMask(text: string, family: FeatureFamily, line: number, member: string, wanted: string): bigint {
  try {
    return parseMask(text, family);
  } catch (error) {
    if (!(error instanceof CompatError)) throw error;
    const nearest = error.details['nearest'];
    if (typeof nearest !== 'string') throw new Complaint(line, `${member} is "${text.slice(0, 40)}"`, wanted);
    throw new Complaint(line, `${member} names the unknown feature "${text}"`, `a known name, perhaps ${nearest}`);
  }
}

function unknownMembers(members: ReadonlyMap<string, JsonMember>, known: readonly string[]): Complaint[] {
  return [...members]
    .filter(([name]) => !known.includes(name))
    .map(([name, { line }]) => new Complaint(line, `member "${name}" is not known`, `only ${known.join(', ')}`));
}

function memberOf(node: Extract<JsonNode, { kind: 'object' }>, name: string): JsonNode {
  const member = node.members.get(name);
  if (member === undefined) throw new Complaint(node.line, `member "${name}" is missing`, `"${name}"`);
  return member.value;
}

function nameOf(node: JsonNode): string | undefined {
  const version = node.kind === 'object' ? node.members.get('version')?.value : undefined;
  return version?.kind === 'string' ? version.value : undefined;
}

function wordFor(node: JsonNode): string {
  if (node.kind === 'object') return 'an object';
  if (node.kind === 'array') return 'an array';
  return node.kind === 'null' ? 'null' : JSON.stringify(node.value);
}
