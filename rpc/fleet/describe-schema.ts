// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of documents
import { SCHEMES } from '../../compat-tables/devices/device-document.ts';
import type { Shape } from '../state/model/codec.ts';
import type { Column, TableModel } from '../state/model/column.ts';
import { COMPAT_VERSION } from '../state/model/compat-version.ts';
import { HOST } from '../state/model/host.ts';
import { INTERFACE } from '../state/model/interface.ts';
import { documentColumns } from './host-document.ts';
import { isOptional } from './host-shapes.ts';

type Schema = Readonly<Record<string, unknown>>;

/** docs/describe.schema.json: documents of hosts as the model of the database declares them, and documents of devices. */
export function describeSchema(): Schema {
  const either = [reference('host'), reference('device')];
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://vhost-compat.invalid/describe.schema.json',
    title: 'What vhost-compat describe prints, and what select, matrix and other managers read',
    description: 'A host, a device, or an array of them. A reader leaves out members that it does not know.',
    oneOf: [...either, list({ oneOf: either })],
    $defs: { ...COMMON, ...hostSchemas(), ...DEVICE },
  };
}

function reference(name: string, description?: string): Schema {
  return { $ref: `#/$defs/${name}`, ...(description === undefined ? {} : { description }) };
}

const TEXT = { type: 'string' };
const INTEGER = { type: 'integer' };
const [NAME, MASK, TIER, FIELDS] = [reference('name'), reference('mask'), reference('tier'), reference('fields')];

function list(items: Schema, others: Schema = {}): Schema {
  return { type: 'array', items, ...others };
}

function object<P extends Schema>(required: readonly string[], properties: P) {
  return { type: 'object', required, properties };
}

const COMMON = {
  name: { type: 'string', minLength: 1 },
  mask: { type: 'string', pattern: '^0x[0-9a-fA-F]{1,32}$' },
  integers: { type: 'object', additionalProperties: INTEGER },
  tier: { enum: ['both-ways', 'forward-only', 'best-effort'] },
  withdrawal: object(['since', 'why'], { since: TEXT, why: TEXT, use: TEXT }),
  blocker: object(['code', 'text', 'missing'], { code: TEXT, text: TEXT, missing: list(TEXT) }),
};

const SHAPES: Readonly<Record<Shape, Schema>> = {
  ...{ text: TEXT, 'repeated-text': TEXT, digest: { type: 'string', pattern: '^[0-9a-f]{64}$' } },
  ...{ mask: MASK, integer: INTEGER, flag: { type: 'boolean' }, tier: TIER },
  ...{
    texts: list(TEXT),
    'named-texts': { type: 'object', additionalProperties: TEXT },
    integers: reference('integers'),
    blockers: list(reference('blocker')),
  },
  withdrawal: reference('withdrawal'),
};

/** The members that a table gives. Links of the sentences lead out of docs/database.md only. */
function tableSchema(table: TableModel, within?: Column['within']) {
  const columns = documentColumns(table, within);
  const properties = columns.map(([name, { codec, about }]) => {
    const description = about.replace(/\[(.*?)\]\(.*?\)/g, '$1').replaceAll('`', '');
    return [name, { ...(codec.shape && SHAPES[codec.shape]), description }];
  });
  const required = columns.filter(([, column]) => !isOptional(column)).map(([name]) => name);
  return object(required, Object.fromEntries(properties) as Schema);
}

function hostSchemas(): Schema {
  const host = tableSchema(HOST);
  const backend = tableSchema(HOST, 'backend');
  return {
    host: object(['format', 'kind', 'host', ...host.required, 'time', 'backend', 'versions', 'interfaces'], {
      format: { const: 1 },
      kind: { const: 'vhost-compat host' },
      host: reference('name', 'The name of the host for people: the host name, else the system id.'),
      ...host.properties,
      time: { ...TEXT, description: 'When the document was made, ISO 8601.' },
      stale_since: {
        ...TEXT,
        description:
          'The last sign of life of its agent, ISO 8601, when that was long before; absent: it was alive, or nothing is known.',
      },
      backend: reference('backend'),
      versions: list(reference('version'), { description: 'In the order of preference.' }),
      interfaces: list(reference('interface')),
      devices: list(reference('device'), {
        description: 'One for each device type; absent in documents of older agents.',
      }),
    }),
    backend: object(backend.required, {
      name: { ...TEXT, description: 'The releases that it resembles.' },
      release: TEXT,
      known_by: { enum: ['measured', 'detected', 'declared'] },
      ...backend.properties,
    }),
    version: tableSchema(COMPAT_VERSION),
    interface: tableSchema(INTERFACE),
  };
}

/** A variable of one of the types; the members are all that it may have. */
function variable(type: string, required: readonly string[], properties: Schema): Schema {
  return { ...object(['type', ...required], { type: { const: type }, ...properties }), additionalProperties: false };
}

const DEVICE: Schema = {
  device: object(['format', 'kind', 'host', 'self', 'compatible'], {
    format: { const: 1 },
    kind: { const: 'vhost-compat device' },
    host: NAME,
    version_scheme: { enum: SCHEMES, description: 'Default opaque.' },
    self: object(['device_type'], { device_type: NAME, version: NAME, fields: FIELDS }),
    compatible: list(reference('entry'), { description: 'What it can take in, the most preferred first.' }),
  }),
  entry: {
    type: 'object',
    anyOf: [{ required: ['version'] }, { required: ['fields'] }],
    properties: {
      version: reference('name', 'May hold ${variable} where the scheme is opaque.'),
      fields: FIELDS,
      variables: {
        type: 'object',
        propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$' },
        additionalProperties: reference('variable'),
      },
      ...{ digest: NAME, tier: TIER, summary: TEXT, withdrawn: reference('withdrawal') },
    },
  },
  fields: {
    type: 'object',
    additionalProperties: { oneOf: [TEXT, INTEGER, { type: 'boolean' }, list(TEXT, { description: 'A set.' })] },
    description: 'Texts may hold ${variable}, ${variable*2} and ${variable/2} in an entry of compatible.',
  },
  variable: {
    oneOf: [
      variable('integer', ['values'], { values: list(INTEGER, { minItems: 1 }) }),
      variable('integer', ['range'], {
        range: list(INTEGER, { minItems: 2, maxItems: 2 }),
        step: { type: 'integer', minimum: 1 },
      }),
      variable('string', [], { values: list(TEXT, { minItems: 1 }) }),
      variable('set', ['of'], {
        of: list({ type: 'string', pattern: '^[^+]+$' }, { minItems: 1 }),
        including: list(TEXT),
      }),
    ],
  },
};
