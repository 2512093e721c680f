import type { CompatibleEntry, DeviceDocument, DeviceSelf } from '../../compat-tables/devices/device-document.ts';
import { type FieldValue, SCHEMES, type Variable } from '../../compat-tables/devices/device-document.ts';
import { array, type Check, expected, integer, oneOf, openObject, record, ShapeError, string } from '../json/shape.ts';
import { DEVICES } from './shared-copies.ts';

/** The shape of a device document (docs/documents.md, docs/describe.schema.json). */

/** The most entries of a document; a collection of every known release is shorter. */
const MAX_ENTRIES = 10_000;

/** The most letters of a text; longer texts describe no device, and matching them takes long. */
const MAX_TEXT = 1000;

const text: Check<string> = (value, path) => {
  const one = string(value, path);
  if (one.length > MAX_TEXT) throw new ShapeError(path, `expected at most ${MAX_TEXT} letters, got ${one.length}`);
  return one;
};

const fieldValue: Check<FieldValue> = (value, path) => {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return text(value, path);
  if (typeof value === 'number') return integer(value, path);
  if (Array.isArray(value)) return array(text, 1000)(value, path);
  throw expected(path, 'a text, a whole number, true, false or an array of texts', value);
};

const variableType = openObject({ type: oneOf('integer', 'string', 'set') });
const variable: Check<Variable> = (value, path) => {
  const { type } = variableType(value, path);
  if (type === 'string') {
    const { values } = openObject({}, { values: array(text, 1000) })(value, path);
    return { type, ...(values === undefined ? {} : { values }) };
  }
  if (type === 'set') {
    const { of: all, including } = openObject({ of: array(text, 1000) }, { including: array(text, 1000) })(value, path);
    return { type, of: all, ...(including === undefined ? {} : { including }) };
  }
  const possible = { values: array(integer, 1000), range: array(integer, 2), step: integer };
  const { values, range, step } = openObject({}, possible)(value, path);
  if (values !== undefined && range === undefined) return { type, values };
  const [lowest, highest] = range ?? [];
  if (values !== undefined || lowest === undefined || highest === undefined)
    throw new ShapeError(path, 'expected either "values" or "range": [lowest, highest]');
  return { type, range: [lowest, highest], ...(step === undefined ? {} : { step }) };
};

const name: Check<string> = (value, path) => {
  const one = text(value, path);
  if (one === '') throw new ShapeError(path, 'expected a name, got ""');
  return one;
};

const selfShape: Check<DeviceSelf> = openObject({ device_type: name }, { version: name, fields: record(fieldValue) });

const entryShape: Check<CompatibleEntry> = openObject(
  {},
  {
    ...{ version: name, fields: record(fieldValue), variables: record(variable), digest: name, summary: string },
    ...{ tier: oneOf('both-ways', 'forward-only', 'best-effort') },
    withdrawn: openObject({ since: text, why: text }, { use: text }),
  },
);

/** Members that are not known are left out: a newer writer may say more. */
export const deviceDocumentShape: Check<DeviceDocument> = (value, path) => {
  const document = openObject(
    {
      ...{ format: integer, kind: oneOf('vhost-compat device'), host: name },
      ...{ self: selfShape, compatible: array(entryShape, MAX_ENTRIES) },
    },
    { version_scheme: oneOf(...SCHEMES) },
  )(value, path);
  if (document.format !== 1) throw new ShapeError(`${path}.format`, `expected 1, got ${document.format}`);
  const { self, compatible } = document;
  const key = JSON.stringify([self, compatible]);
  return { ...document, ...DEVICES.get(key, () => ({ self, compatible })), format: 1 };
};
