/** A JSON Schema as rows that a person reads: one for each field, named by its path. */
import type { JsonSchema } from './api-document.ts';

export interface Field {
  /** `constraints.maxLatencyMs`, `items[].arm`, `context.*`. */
  readonly path: string;
  readonly type: string;
  /** Name of the schema that describes it further, if another one does. */
  readonly refersTo?: string;
  readonly required: boolean;
  readonly constraints: string;
  readonly description: string;
}

/** The fields of an object schema in depth-first order; what is described under a name of its own is referred to. */
export function fieldsOf(schema: JsonSchema, prefix = ''): readonly Field[] {
  const fields: Field[] = [];
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    fields.push(fieldOf(path, member, schema.required?.includes(name) === true), ...below(member, path));
  }
  if (typeof schema.additionalProperties === 'object' && !isPlain(schema.additionalProperties)) {
    fields.push(...below(schema.additionalProperties, `${prefix}.*`));
  }
  return fields;
}

function fieldOf(path: string, schema: JsonSchema, required: boolean): Field {
  const refersTo = nameOf(schema) ?? (schema.items && nameOf(schema.items));
  return {
    path,
    type: typeOf(schema),
    ...(refersTo === undefined ? {} : { refersTo }),
    required,
    constraints: constraintsOf(schema),
    description: schema.description ?? '',
  };
}

/** Fields inside a field: of an object, of the items of an array, of each alternative. */
function below(schema: JsonSchema, path: string): readonly Field[] {
  if (schema.$ref !== undefined) return [];
  if (schema.items !== undefined) return below(schema.items, `${path}[]`);
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives === undefined) return fieldsOf(schema, path);
  return alternatives.flatMap((alternative) => {
    const kind = discriminatorOf(alternative);
    return below(alternative, kind === undefined ? path : `${path}(${kind})`);
  });
}

/** The constant that tells an alternative from the others: `numeric`, `beta_thompson`, `glr`. */
function discriminatorOf(schema: JsonSchema): string | undefined {
  for (const key of ['type', 'name', 'detector', 'ok']) {
    const values = schema.properties?.[key]?.enum;
    if (values?.length === 1) return String(values[0]);
  }
  return undefined;
}

function isPlain(schema: JsonSchema): boolean {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return alternatives.every(isPlain);
  return schema.properties === undefined && schema.items === undefined;
}

function nameOf(schema: JsonSchema): string | undefined {
  return schema.$ref?.split('/').at(-1);
}

/** The type in words. */
function typeOf(schema: JsonSchema): string {
  const name = nameOf(schema);
  if (name !== undefined) return name;
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return [...new Set(alternatives.map(typeOf))].join(' | ');
  if (schema.items !== undefined) {
    const item = typeOf(schema.items);
    return `array of ${item.includes(' | ') ? `(${item})` : item}`;
  }
  if (typeof schema.additionalProperties === 'object' && schema.properties === undefined) {
    return `map to ${typeOf(schema.additionalProperties)}`;
  }
  if (schema.format !== undefined) return schema.format;
  return typeof schema.type === 'string' ? schema.type : (schema.type?.join(' | ') ?? 'any');
}

function constraintsOf(schema: JsonSchema): string {
  const said: string[] = [];
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (minimum !== undefined) said.push(`≥ ${minimum}`);
  if (exclusiveMinimum !== undefined) said.push(`> ${exclusiveMinimum}`);
  if (maximum !== undefined) said.push(`≤ ${maximum}`);
  if (exclusiveMaximum !== undefined) said.push(`< ${exclusiveMaximum}`);
  said.push(
    ...range(schema.minLength, schema.maxLength, 'characters'),
    ...range(schema.minItems, schema.maxItems, 'items'),
  );
  // A pattern is for machines: where there are words, they say it.
  if (schema.pattern !== undefined && schema.format === undefined && schema.description === undefined) {
    said.push(`matches ${schema.pattern}`);
  }
  if (schema.items !== undefined && schema.items.$ref === undefined) {
    const each = [schema.items.description ?? '', constraintsOf(schema.items)].filter((words) => words !== '');
    if (each.length > 0) said.push(`each: ${each.join(', ')}`);
  }
  if (schema.default !== undefined) said.push(`default ${JSON.stringify(schema.default)}`);
  return said.join(', ');
}

function range(from: number | undefined, to: number | undefined, of: string): string[] {
  if (from === undefined && to === undefined) return [];
  if (to === undefined) return [from === 1 ? 'not empty' : `at least ${from} ${of}`];
  return [from === undefined ? `at most ${to} ${of}` : `${from} to ${to} ${of}`];
}
