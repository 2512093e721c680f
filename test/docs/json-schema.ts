/** As much of JSON Schema (2020-12) as our schema uses; any other word is an error, so that none is passed over. */

type Schema = Readonly<Record<string, unknown>>;
type Rule = (wanted: unknown, value: unknown, path: string, root: Schema) => string[];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
};

const inArray =
  (holds: (length: number, wanted: number) => boolean): Rule =>
  (wanted, value, path) =>
    !Array.isArray(value) || holds(value.length, Number(wanted)) ? [] : [`${path}: has ${value.length} items`];

const RULES: Readonly<Record<string, Rule>> = {
  type: (wanted, value, path) => (TYPES[String(wanted)]?.(value) ? [] : [`${path}: is no ${String(wanted)}`]),
  const: (wanted, value, path) => (value === wanted ? [] : [`${path}: is not ${JSON.stringify(wanted)}`]),
  enum: (wanted, value, path) => ((wanted as unknown[]).includes(value) ? [] : [`${path}: is none of the words`]),
  pattern: (wanted, value, path) =>
    typeof value !== 'string' || new RegExp(String(wanted), 'u').test(value) ? [] : [`${path}: does not match`],
  minLength: (wanted, value, path) =>
    typeof value !== 'string' || value.length >= Number(wanted) ? [] : [`${path}: is too short`],
  minimum: (wanted, value, path) =>
    typeof value !== 'number' || value >= Number(wanted) ? [] : [`${path}: is too small`],
  minItems: inArray((length, wanted) => length >= wanted),
  maxItems: inArray((length, wanted) => length <= wanted),
  items: (wanted, value, path, root) =>
    Array.isArray(value)
      ? value.flatMap((one, index) => violations(wanted as Schema, one, `${path}[${index}]`, root))
      : [],
  required: (wanted, value, path) =>
    isObject(value)
      ? (wanted as string[]).filter((name) => !Object.hasOwn(value, name)).map((name) => `${path}: lacks ${name}`)
      : [],
  properties: (wanted, value, path, root) =>
    isObject(value)
      ? Object.entries(wanted as Record<string, Schema>).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? violations(schema, value[name], `${path}.${name}`, root) : [],
        )
      : [],
  propertyNames: (wanted, value, path, root) =>
    isObject(value)
      ? Object.keys(value).flatMap((name) => violations(wanted as Schema, name, `${path}.${name}`, root))
      : [],
  oneOf: (wanted, value, path, root) => {
    const results = (wanted as Schema[]).map((one) => violations(one, value, path, root));
    const fits = results.filter((one) => one.length === 0).length;
    return fits === 1
      ? []
      : [`${path}: fits ${fits} of the forms (${results.map((one) => one[0] ?? 'fits').join(' | ')})`];
  },
  anyOf: (wanted, value, path, root) =>
    (wanted as Schema[]).some((one) => violations(one, value, path, root).length === 0)
      ? []
      : [`${path}: fits no form`],
  $ref: (wanted, value, path, root) => {
    const [, name = ''] = /^#\/\$defs\/(.+)$/.exec(String(wanted)) ?? [];
    const target = (root['$defs'] as Record<string, Schema>)[name];
    return target === undefined ? [`the schema refers to ${String(wanted)}`] : violations(target, value, path, root);
  },
};
const SILENT: readonly string[] = ['$schema', '$id', '$defs', 'title', 'description', 'additionalProperties'];

/** The mistakes of the value; empty when there are none. */
export function violations(schema: Schema, value: unknown, path = 'document', root: Schema = schema): string[] {
  const unknown = Object.keys(schema).find((word) => !Object.hasOwn(RULES, word) && !SILENT.includes(word));
  if (unknown !== undefined) throw new Error(`the schema uses "${unknown}", which this validator does not know`);
  return [
    ...Object.entries(schema).flatMap(([word, wanted]) => RULES[word]?.(wanted, value, path, root) ?? []),
    ...additional(schema, value, path, root),
  ];
}

function additional(schema: Schema, value: unknown, path: string, root: Schema): string[] {
  const wanted = schema['additionalProperties'];
  if (wanted === undefined || !isObject(value)) return [];
  const known = Object.keys((schema['properties'] as Schema | undefined) ?? {});
  const others = Object.keys(value).filter((name) => !known.includes(name));
  if (wanted === false) return others.map((name) => `${path}: has ${name}`);
  return others.flatMap((name) => violations(wanted as Schema, value[name], `${path}.${name}`, root));
}
