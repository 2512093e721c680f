// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of documents
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
    oneOf: [...either, { type: 'array', items: { oneOf: either } }],
    $defs: { ...COMMON, ...hostSchemas(), ...DEVICE },
  };
}

function reference(name: string, description?: string): Schema {
  return { $ref: `#/$defs/${name}`, ...(description === undefined ? {} : { description }) };
}

const TEXT = { type: 'string' };
const INTEGER = { type: 'integer' };

const COMMON = {
  name: { type: 'string', minLength: 1 },
  mask: { type: 'string', pattern: '^0x[0-9a-fA-F]{1,32}$' },
  integers: { type: 'object', additionalProperties: INTEGER },
  tier: { enum: ['both-ways', 'forward-only', 'best-effort'] },
  blocker: {
    type: 'object',
    required: ['code', 'text', 'missing'],
    properties: { code: TEXT, text: TEXT, missing: { type: 'array', items: TEXT } },
  },
};

const SHAPES: Readonly<Record<Shape, Schema>> = {
  text: TEXT,
  'repeated-text': TEXT,
  digest: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  mask: reference('mask'),
  integer: INTEGER,
  flag: { type: 'boolean' },
  tier: reference('tier'),
  texts: { type: 'array', items: TEXT },
  integers: reference('integers'),
  blockers: { type: 'array', items: reference('blocker') },
};

interface ObjectSchema {
  readonly type: 'object';
  readonly required: readonly string[];
  readonly properties: Schema;
}

/** The members that a table gives. Links of the sentences lead out of docs/database.md only. */
function tableSchema(table: TableModel, within?: Column['within']): ObjectSchema {
  const columns = documentColumns(table, within).filter(([, { codec }]) => codec.shape !== undefined);
  const properties = columns.map(([name, { codec, about }]) => [
    name,
    {
      ...(codec.shape && SHAPES[codec.shape]),
      description: about.replace(/\[(.*?)\]\(.*?\)/g, '$1').replaceAll('`', ''),
    },
  ]);
  return {
    type: 'object',
    required: columns.filter(([, column]) => !isOptional(column)).map(([name]) => name),
    properties: Object.fromEntries(properties),
  };
}

function hostSchemas(): Readonly<Record<'host' | 'backend' | 'version' | 'interface', Schema>> {
  const host = tableSchema(HOST);
  const backend = tableSchema(HOST, 'backend');
  return {
    host: {
      type: 'object',
      required: ['format', 'kind', 'host', ...host.required, 'time', 'backend', 'versions', 'interfaces'],
      properties: {
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
        versions: { type: 'array', items: reference('version'), description: 'In the order of preference.' },
        interfaces: { type: 'array', items: reference('interface') },
        devices: {
          type: 'array',
          items: reference('device'),
          description: 'One for each device type; absent in documents of older agents.',
        },
      },
    },
    backend: {
      ...backend,
      properties: {
        name: { ...TEXT, description: 'The releases that it resembles.' },
        release: TEXT,
        known_by: { enum: ['measured', 'detected', 'declared'] },
        ...backend.properties,
      },
    },
    version: { ...tableSchema(COMPAT_VERSION) },
    interface: { ...tableSchema(INTERFACE) },
  };
}

const DEVICE: Schema = {
  device: {
    type: 'object',
    required: ['format', 'kind', 'host', 'self', 'compatible'],
    properties: {
      format: { const: 1 },
      kind: { const: 'vhost-compat device' },
      host: { $ref: '#/$defs/name' },
      version_scheme: { enum: ['opaque', 'major.minor.bugfix'], description: 'Default opaque.' },
      self: {
        type: 'object',
        required: ['device_type'],
        properties: {
          device_type: { $ref: '#/$defs/name' },
          version: { $ref: '#/$defs/name' },
          fields: { $ref: '#/$defs/fields' },
        },
      },
      compatible: {
        type: 'array',
        items: { $ref: '#/$defs/entry' },
        description: 'What it can take in, the most preferred first.',
      },
    },
  },
  entry: {
    type: 'object',
    anyOf: [{ required: ['version'] }, { required: ['fields'] }],
    properties: {
      version: { $ref: '#/$defs/name', description: 'May hold ${variable} where the scheme is opaque.' },
      fields: { $ref: '#/$defs/fields' },
      variables: {
        type: 'object',
        propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$' },
        additionalProperties: { $ref: '#/$defs/variable' },
      },
      digest: { $ref: '#/$defs/name' },
      tier: { $ref: '#/$defs/tier' },
      summary: { type: 'string' },
    },
  },
  fields: {
    type: 'object',
    additionalProperties: {
      oneOf: [
        { type: 'string' },
        { type: 'integer' },
        { type: 'boolean' },
        { type: 'array', items: { type: 'string' }, description: 'A set.' },
      ],
    },
    description: 'Texts may hold ${variable}, ${variable*2} and ${variable/2} in an entry of compatible.',
  },
  variable: {
    oneOf: [
      {
        type: 'object',
        required: ['type', 'values'],
        properties: { type: { const: 'integer' }, values: { type: 'array', minItems: 1, items: { type: 'integer' } } },
        additionalProperties: false,
      },
      {
        type: 'object',
        required: ['type', 'range'],
        properties: {
          type: { const: 'integer' },
          range: { type: 'array', minItems: 2, maxItems: 2, items: { type: 'integer' } },
          step: { type: 'integer', minimum: 1 },
        },
        additionalProperties: false,
      },
      {
        type: 'object',
        required: ['type'],
        properties: { type: { const: 'string' }, values: { type: 'array', minItems: 1, items: { type: 'string' } } },
        additionalProperties: false,
      },
      {
        type: 'object',
        required: ['type', 'of'],
        properties: {
          type: { const: 'set' },
          of: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^[^+]+$' } },
          including: { type: 'array', items: { type: 'string' } },
        },
        additionalProperties: false,
      },
    ],
  },
};
