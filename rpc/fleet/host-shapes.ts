import type { Blocker } from '../../compat-tables/entries/entry.ts';
import type { Withdrawal } from '../../compat-tables/entries/withdrawal.ts';
import {
  array,
  boolean,
  type Check,
  hexMask,
  integer,
  oneOf,
  openObject,
  record,
  ShapeError,
  string,
} from '../json/shape.ts';
import type { Shape } from '../state/model/codec.ts';
import type { Column, DocumentOf, TableModel } from '../state/model/column.ts';
import { COMPAT_VERSION } from '../state/model/compat-version.ts';
import { HOST } from '../state/model/host.ts';
import { INTERFACE } from '../state/model/interface.ts';
import { deviceDocumentShape } from './device-shapes.ts';
import { type AnyDocument, type BackendDocument, documentColumns, type HostDocument } from './host-document.ts';
import { rememberOrder } from './host-versions.ts';
import { TEXTS } from './shared-copies.ts';

/** Checks of host documents, as the model of the database declares them. Members that are not known are left out. */

function shared(check: Check<string>): Check<string> {
  return (value, path) => {
    const text = check(value, path);
    return TEXTS.get(text, () => text);
  };
}

const blockerShape: Check<Blocker> = openObject({ code: string, text: string, missing: array(string) });

/** Since when and why a version is not to be used any more. */
const withdrawalShape: Check<Withdrawal> = openObject({ since: string, why: string }, { use: string });

const CHECKS: Readonly<Record<Shape, Check<unknown>>> = {
  ...{ text: string, 'repeated-text': shared(string), digest: shared(digestShape), mask: hexMask, integer },
  ...{ flag: boolean, tier: oneOf('both-ways', 'forward-only', 'best-effort'), texts: array(string) },
  ...{ 'named-texts': record(string), integers: record(integer), blockers: array(blockerShape) },
  withdrawal: withdrawalShape,
};

/** A member that an empty column leaves out of a document may be absent. */
export function isOptional({ codec }: Column): boolean {
  return codec.toDocument(codec.read(undefined)) === undefined;
}

type Checks = Record<string, Check<unknown>>;

/** The checks of the members that come from a table. */
function membersOf(table: TableModel, within?: Column['within']): { required: Checks; optional: Checks } {
  const required: Checks = {};
  const optional: Checks = {};
  for (const [name, column] of documentColumns(table, within)) {
    const { shape } = column.codec;
    if (shape !== undefined) (isOptional(column) ? optional : required)[name] = CHECKS[shape];
  }
  return { required, optional };
}

/** The type follows from the model; the checks are put together from it at run time. */
function shapeOf<T>(required: Checks, optional: Checks): Check<T> {
  return openObject(required, optional) as Check<T>;
}

function tableShape<T extends TableModel>(table: T): Check<DocumentOf<T>> {
  const { required, optional } = membersOf(table);
  return shapeOf(required, optional);
}

const BACKEND = membersOf(HOST, 'backend');
const backendShape = shapeOf<BackendDocument>(BACKEND.required, {
  ...{ name: string, release: string, known_by: oneOf('measured', 'detected', 'declared') },
  ...BACKEND.optional,
});

const MEMBERS = membersOf(HOST);
const anyHostShape = shapeOf<Omit<HostDocument, 'format'>>(
  {
    ...{ kind: oneOf('vhost-compat host'), host: nameShape, ...MEMBERS.required, time: string, backend: backendShape },
    ...{ versions: array(tableShape(COMPAT_VERSION)), interfaces: array(tableShape(INTERFACE)) },
  },
  { stale_since: string, ...MEMBERS.optional, devices: array(deviceDocumentShape, 1000) },
);

const kindShape = openObject({ kind: oneOf('vhost-compat host', 'vhost-compat device') });

export const anyDocumentShape: Check<AnyDocument> = (value, path) =>
  kindShape(value, path).kind === 'vhost-compat host'
    ? hostDocumentShape(value, path)
    : deviceDocumentShape(value, path);

const hostDocumentShape: Check<HostDocument> = (value, path) => {
  const { format } = openObject({ format: integer })(value, path);
  if (format !== 1) throw new ShapeError(`${path}.format`, `expected 1, got ${format}`);
  const document = anyHostShape(value, path);
  const { versions } = document;
  const seen = new Set<string>();
  versions.forEach(({ version, device_type }, index) => {
    const key = `${device_type} ${version}`;
    if (seen.has(key)) throw new ShapeError(`${path}.versions[${index}]`, `version "${version}" is there twice`);
    seen.add(key);
  });
  rememberOrder(versions);
  return { format: 1, ...document };
};

function nameShape(value: unknown, path: string): string {
  const name = string(value, path);
  if (name === '') throw new ShapeError(path, 'expected a name, got ""');
  return name;
}

function digestShape(value: unknown, path: string): string {
  const digest = string(value, path);
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new ShapeError(path, `expected 64 hexadecimal digits, got "${digest}"`);
  return digest;
}
