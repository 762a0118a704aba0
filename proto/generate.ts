/**
 * Reads `events.proto` and writes `generated/events.ts`: a plain TypeScript interface, a writer and a reader for every message.
 * The wire format itself is protobufjs's `Writer` and `Reader`; only field order and types are generated, so that a decoded
 * event is a plain object of one shape and not a class with prototype defaults.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import protobuf from 'protobufjs';

export type Scalar = { readonly ts: string; readonly wire: number; readonly zero: string };

export const scalars: Readonly<Record<string, Scalar>> = {
  string: { ts: 'string', wire: 2, zero: "''" },
  bytes: { ts: 'Uint8Array', wire: 2, zero: 'EMPTY' },
  double: { ts: 'number', wire: 1, zero: '0' },
  uint32: { ts: 'number', wire: 0, zero: '0' },
  sint32: { ts: 'number', wire: 0, zero: '0' },
  fixed32: { ts: 'number', wire: 5, zero: '0' },
  bool: { ts: 'boolean', wire: 0, zero: 'false' },
};

/**
 * Readers of a part of a message, for who reads a whole log and asks little of each event: the other fields are passed over on the
 * wire, where most of the time would go into texts that nobody looks at. Name of the part: the message, and its fields.
 */
const parts: Readonly<Record<string, readonly [message: string, fields: readonly string[]]>> = {
  MetadataTrace: ['Metadata', ['time', 'schemaVersion']],
  DecisionTrace: ['DecisionMade', ['domainRevision', 'pace']],
  RewardTrace: [
    'RewardObserved',
    [
      ...['domainRevision', 'decisionRevision', 'arm', 'propensity', 'value', 'share', 'costUsd', 'declaredUsd'],
      ...['outdated', 'setAside', 'subject'],
    ],
  ],
};

/** Fields whose texts come again and again: read as one string each. Not ids, nor what people write. */
const recurring = new Set([
  ...['agent', 'arm', 'candidates', 'category', 'constraint', 'detector', 'engine', 'kind', 'mode', 'name', 'policy'],
  ...['source', 'state', 'taskType', 'writer'],
]);

/** As the generated file, a folder below this one, has to write it. */
export const RECURRING_TEXT = "'../recurring-text.ts'";

const PACK_DOUBLES = `function packDoubles(values: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(values.length * 8);
  for (let at = 0; at < values.length; at++) bytes.writeDoubleLE(values[at] ?? 0, at * 8);
  return bytes;
}
`;

/** The text of `generated/events.ts` for a `.proto` source. Throws where the source uses a type that is not allowed. */
export function generate(source: string): string {
  const { root } = protobuf.parse(source, { keepCase: false, alternateCommentMode: true });
  const namespace = root.lookup('reckoner.v1');
  if (!(namespace instanceof protobuf.Namespace)) throw new Error('the package reckoner.v1 is missing');
  const messages = namespace.nestedArray.filter((found) => found instanceof protobuf.Type);
  return [
    '// Generated from proto/events.proto by `npm run generate`. Do not edit.',
    "import { type Reader, type Writer } from 'protobufjs/minimal.js';",
    `import { recurringText } from ${RECURRING_TEXT};`,
    '',
    'const EMPTY = new Uint8Array(0);',
    '',
    PACK_DOUBLES,
    ...messages.flatMap((message) => [declaration(message), writer(message), reader(message)]),
    ...Object.entries(parts).flatMap(([name, [message, fields]]) =>
      partOf(name, namespace.lookupType(message), fields),
    ),
    '/** What each message and field means, from the comments of the `.proto`: the source of the event reference. */',
    `export const reference = ${JSON.stringify(messages.map(documentation), null, 2)} as const;`,
    '',
  ].join('\n');
}

export function fieldsOf(message: protobuf.Type): protobuf.Field[] {
  return [...message.fieldsArray].sort((left, right) => left.id - right.id);
}

export function optional(field: protobuf.Field): boolean {
  return field.options?.proto3_optional === true || (!field.repeated && !(field.type in scalars));
}

function scalarOf(field: protobuf.Field): Scalar | undefined {
  const scalar = scalars[field.type];
  if (scalar === undefined && !/^[A-Z]\w*$/.test(field.type)) {
    throw new Error(`${field.parent?.name}.${field.name}: type ${field.type} is not allowed in the log`);
  }
  return scalar;
}

function declaration(message: protobuf.Type): string {
  const fields = fieldsOf(message).map((field) => {
    const type = scalarOf(field)?.ts ?? field.type;
    const shape = field.repeated ? `readonly ${type}[]` : optional(field) ? `${type} | undefined` : type;
    return `${comment(field.comment, '  ')}  readonly ${field.name}: ${shape};`;
  });
  return `${comment(message.comment, '')}export interface ${message.name} {\n${fields.join('\n')}\n}\n`;
}

function comment(text: string | null, indent: string): string {
  return text === null ? '' : `${indent}/** ${text.replace(/\s*\n\s*/g, ' ')} */\n`;
}

function writer(message: protobuf.Type): string {
  const lines = fieldsOf(message).flatMap((field) => {
    const scalar = scalarOf(field);
    const value = `message.${field.name}`;
    const tag = (wire: number) => `w.uint32(${(field.id << 3) | wire})`;
    const nested = (item: string) => [`${tag(2)}.fork();`, `write${field.type}(${item}, w);`, 'w.ldelim();'];
    if (field.repeated && field.type === 'double') {
      // On the wire a packed field is its numbers end to end: written as one block, not as one operation a number.
      return [`if (${value}.length > 0) {`, `  ${tag(2)}.bytes(packDoubles(${value}));`, '}'];
    }
    if (field.repeated && scalar !== undefined && scalar.wire !== 2) {
      return [
        `if (${value}.length > 0) {`,
        `  ${tag(2)}.fork();`,
        `  for (const item of ${value}) w.${field.type}(item);`,
        '  w.ldelim();',
        '}',
      ];
    }
    if (field.repeated) {
      const body = scalar === undefined ? nested('item') : [`${tag(2)}.${field.type}(item);`];
      return [`for (const item of ${value}) {`, ...body.map((line) => `  ${line}`), '}'];
    }
    const body = scalar === undefined ? nested(value) : [`${tag(scalar.wire)}.${field.type}(${value});`];
    const present = optional(field)
      ? `${value} !== undefined`
      : scalar?.ts === 'boolean'
        ? value
        : scalar?.ts === 'Uint8Array'
          ? `${value}.length > 0`
          : field.type === 'double'
            ? `!Object.is(${value}, 0)`
            : `${value} !== ${scalar?.zero}`;
    return [`if (${present}) {`, ...body.map((line) => `  ${line}`), '}'];
  });
  return `export function write${message.name}(message: ${message.name}, w: Writer): Writer {\n${lines
    .map((line) => `  ${line}`)
    .join('\n')}\n  return w;\n}\n`;
}

/** The type of a part of a message, and its reader. */
function partOf(name: string, message: protobuf.Type, wanted: readonly string[]): string[] {
  const unknown = wanted.filter((field) => message.fields[field] === undefined);
  if (unknown.length > 0) throw new Error(`${message.name} has no ${unknown.join(', ')}, which ${name} reads`);
  const type = wanted.map((field) => `'${field}'`).join(' | ');
  const fields = fieldsOf(message).filter((field) => wanted.includes(field.name));
  return [`export type ${name} = Pick<${message.name}, ${type}>;\n`, readerOf(name, fields)];
}

function reader(message: protobuf.Type): string {
  return readerOf(message.name, fieldsOf(message));
}

function readerOf(name: string, fields: readonly protobuf.Field[]): string {
  const variables = fields.map((field) => {
    const scalar = scalarOf(field);
    const type = scalar?.ts ?? field.type;
    if (field.repeated) return `  const ${field.name}: ${type}[] = [];`;
    if (optional(field)) return `  let ${field.name}: ${type} | undefined;`;
    return `  let ${field.name}: ${type} = ${scalar?.zero};`;
  });
  const cases = fields.flatMap((field) => {
    const scalar = scalarOf(field);
    const one = readingOf(field, scalar);
    const store = field.repeated ? `${field.name}.push(${one});` : `${field.name} = ${one};`;
    const plain = [`      case ${(field.id << 3) | (scalar?.wire ?? 2)}:`, `        ${store}`, '        break;'];
    if (!field.repeated || scalar === undefined || scalar.wire === 2) return plain;
    const packed = [
      `      case ${(field.id << 3) | 2}:`,
      `        for (const stop = r.uint32() + r.pos; r.pos < stop; ) ${store}`,
      '        break;',
    ];
    return [...packed, ...plain];
  });
  return [
    `export function read${name}(r: Reader, end: number): ${name} {`,
    ...variables,
    '  while (r.pos < end) {',
    '    const tag = r.uint32();',
    '    switch (tag) {',
    ...cases,
    '      default:',
    '        r.skipType(tag & 7);',
    '    }',
    '  }',
    `  return { ${fields.map((field) => field.name).join(', ')} };`,
    '}',
    '',
  ].join('\n');
}

function readingOf({ name, type }: protobuf.Field, scalar: Scalar | undefined): string {
  if (scalar === undefined) return `read${type}(r, r.uint32() + r.pos)`;
  return type === 'string' && recurring.has(name) ? 'recurringText(r)' : `r.${type}()`;
}

function documentation(message: protobuf.Type) {
  return {
    name: message.name,
    comment: message.comment ?? '',
    fields: fieldsOf(message).map((field) => ({
      name: field.name,
      type: `${field.type}${field.repeated ? '[]' : optional(field) ? '?' : ''}`,
      comment: (field.comment ?? '').replace(/\s*\n\s*/g, ' '),
    })),
  };
}

const here = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href;
if (here) {
  // Compiled, this file runs from dist/proto: the sources lie two folders up.
  const proto = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'proto');
  writeFileSync(join(proto, 'generated', 'events.ts'), generate(readFileSync(join(proto, 'events.proto'), 'utf8')));
}
