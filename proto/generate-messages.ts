/**
 * Reads `messages.proto` and writes `generated/messages.ts`. The messages are the bodies of `actors/messages/` themselves, with the
 * same names and shapes, so for each there is what those of the log need not have: `fitsX`, which says whether a body can be told by
 * the message to the last detail. What cannot goes as JSON, and is judged by who gets it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import protobuf from 'protobufjs';
import { fieldsOf, optional, RECURRING_TEXT, type Scalar, scalars } from './generate.ts';

/** Messages whose values are no objects: written by hand in `message-values.ts`. */
const values: Readonly<Record<string, string>> = {
  Value: 'FeatureValue',
  Feedback: 'FeedbackValue',
  Json: 'unknown',
};
const partsOfValues = new Set(['Embedding']);

/** Lists that are left out where they are empty. */
const leftOut = new Set([
  ...['DecideRequest.candidates', 'RunRequest.candidates', 'Constraints.capabilities'],
  ...['Decision.slate', 'Problem.details'],
]);

/** Fields whose texts come again and again. */
const recurring = new Set([
  ...['agent', 'arm', 'bucketLabel', 'candidates', 'code', 'domain', 'kind', 'mode', 'policy', 'propensity', 'remedy'],
  ...['source', 'taskType'],
]);

/** How a message is read: what is asked must be known to the last field; what is missing in an answer is null there. */
interface Manner {
  readonly strict: boolean;
  readonly absent: 'undefined' | 'null';
}

/** As the generated file, a folder below this one, has to write it. */
const MESSAGE_VALUES = "'../message-values.ts'";

/** The text of `generated/messages.ts` for a `.proto` source. */
export function generateMessages(source: string): string {
  const { root } = protobuf.parse(source, { keepCase: false, alternateCommentMode: true });
  const namespace = root.lookup('reckoner.v1');
  if (!(namespace instanceof protobuf.Namespace)) throw new Error('the package reckoner.v1 is missing');
  const all = namespace.nestedArray.filter((found) => found instanceof protobuf.Type);
  const messages = all.filter(({ name }) => values[name] === undefined && !partsOfValues.has(name));
  const asked = new Set<protobuf.Type>();
  for (const message of messages) if (message.name.endsWith('Request')) reach(message, asked);
  const manner = (message: protobuf.Type): Manner => ({
    strict: asked.has(message),
    absent: asked.has(message) || message.name === 'Problem' ? 'undefined' : 'null',
  });
  return [
    '// Generated from proto/messages.proto by `npm run generate`. Do not edit.',
    "import { type Reader, type Writer } from 'protobufjs/minimal.js';",
    `import * as own from ${MESSAGE_VALUES};`,
    `import { recurringText } from ${RECURRING_TEXT};`,
    '',
    ...messages.flatMap((message) => [
      declaration(message, manner(message)),
      fits(message, manner(message)),
      writer(message),
      reader(message, manner(message)),
    ]),
  ].join('\n');
}

function reach(message: protobuf.Type, reached: Set<protobuf.Type>): void {
  if (reached.has(message)) return;
  reached.add(message);
  for (const field of message.fieldsArray) {
    const type = field.resolve().resolvedType;
    if (type instanceof protobuf.Type && values[type.name] === undefined) reach(type, reached);
  }
}

function typeOf(field: protobuf.Field): string {
  const value = values[field.type];
  if (value !== undefined) return value === 'unknown' ? 'unknown' : `own.${value}`;
  return scalars[field.type]?.ts ?? field.type;
}

function nameOf({ parent, name }: protobuf.Field): string {
  return `${parent?.name}.${name}`;
}

/** Whether a body may come without it. */
function mayLack(field: protobuf.Field): boolean {
  return field.map || leftOut.has(nameOf(field)) || field.options?.proto3_optional === true;
}

function declaration(message: protobuf.Type, { absent }: Manner): string {
  const fields = fieldsOf(message).map((field) => {
    const type = typeOf(field);
    if (field.map) return `  readonly ${field.name}?: Readonly<Record<string, ${type}>>;`;
    const list = field.repeated ? `readonly ${type}[]` : type;
    if (!mayLack(field)) return `  readonly ${field.name}: ${list};`;
    return absent === 'null' && !field.repeated
      ? `  readonly ${field.name}: ${list} | null;`
      : `  readonly ${field.name}?: ${list};`;
  });
  return `export interface ${message.name} {\n${fields.join('\n')}\n}\n`;
}

/** The test of one value. */
function fitsOne(field: protobuf.Field, item: string): string {
  if (values[field.type] !== undefined) return `own.fits${field.type}(${item})`;
  const scalar = scalars[field.type];
  if (scalar === undefined) return `fits${field.type}(${item})`;
  if (field.type === 'uint32') return `own.isUint32(${item})`;
  return `typeof ${item} === '${scalar.ts}'`;
}

function fits(message: protobuf.Type, { absent }: Manner): string {
  const fields = fieldsOf(message);
  const cases = fields.flatMap((field) => {
    const test = field.map
      ? `own.isRecordOf(item, own.fits${field.type})`
      : field.repeated
        ? `Array.isArray(item) && ${leftOut.has(nameOf(field)) ? 'item.length > 0 && ' : ''}item.every((one) => ${fitsOne(field, 'one')})`
        : fitsOne(field, 'item');
    const lacking = mayLack(field) ? `item === ${field.repeated || field.map ? 'undefined' : absent} || ` : '';
    const needed = mayLack(field) ? [] : ['        needed++;'];
    return [
      `      case '${field.name}':`,
      `        if (!(${lacking}${test})) return false;`,
      ...needed,
      '        break;',
    ];
  });
  const needed = fields.filter((field) => !mayLack(field)).length;
  // What is null where it is missing must be there as null: undefined would come out as null.
  const nulls = absent === 'null' ? fields.filter((field) => mayLack(field) && !field.repeated && !field.map) : [];
  const nullsThere = nulls.map((field) => ` && body.${field.name} !== undefined`).join('');
  return [
    `export function fits${message.name}(body: unknown): body is ${message.name} {`,
    '  if (!own.isRecord(body)) return false;',
    '  let needed = 0;',
    '  for (const key in body) {',
    '    const item = body[key];',
    '    switch (key) {',
    ...cases,
    '      default:',
    '        if (item !== undefined) return false;',
    '    }',
    '  }',
    `  return needed === ${needed}${nullsThere};`,
    '}',
    '',
  ].join('\n');
}

function writer(message: protobuf.Type): string {
  const lines = fieldsOf(message).flatMap((field) => {
    const value = `message.${field.name}`;
    const tag = (wire: number) => `w.uint32(${(field.id << 3) | wire})`;
    const one = (item: string) => {
      const scalar = scalars[field.type];
      if (scalar !== undefined) return [`${tag(scalar.wire)}.${field.type}(${item});`];
      const write = values[field.type] === undefined ? `write${field.type}` : `own.write${field.type}`;
      return [`${tag(2)}.fork();`, `${write}(${item}, w);`, 'w.ldelim();'];
    };
    const indented = (body: readonly string[]) => body.map((line) => `  ${line}`);
    if (field.map)
      return [
        `if (${value} !== undefined) own.writeEntries(${value}, ${(field.id << 3) | 2}, own.write${field.type}, w);`,
      ];
    if (field.repeated) {
      const list = leftOut.has(nameOf(field)) ? `${value} ?? []` : value;
      return [`for (const item of ${list}) {`, ...indented(one('item')), '}'];
    }
    return [`if (${presence(field, value)}) {`, ...indented(one(value)), '}'];
  });
  return [
    `export function write${message.name}(message: ${message.name}, w: Writer): Writer {`,
    ...lines.map((line) => `  ${line}`),
    '  return w;',
    '}',
    '',
  ].join('\n');
}

/** Whether a field is written: what equals its zero is left out, as proto3 has it. */
function presence(field: protobuf.Field, value: string): string {
  const scalar: Scalar | undefined = scalars[field.type];
  // A null is a value of its own in JSON, and nothing elsewhere.
  if (mayLack(field)) return `${value} !== undefined${values[field.type] === 'unknown' ? '' : ` && ${value} !== null`}`;
  if (scalar === undefined) return 'true';
  if (field.type === 'double') return `!Object.is(${value}, 0)`;
  return scalar.ts === 'boolean' ? value : `${value} !== ${scalar.zero}`;
}

function reader(message: protobuf.Type, { strict, absent }: Manner): string {
  const fields = fieldsOf(message);
  const variables = fields.map((field) => {
    const type = typeOf(field);
    const scalar = scalars[field.type];
    if (field.map) return `  const ${field.name}: Record<string, ${type}> = {};`;
    if (field.repeated && leftOut.has(nameOf(field))) return `  let ${field.name}: ${type}[] | undefined;`;
    if (field.repeated) return `  const ${field.name}: ${type}[] = [];`;
    if (optional(field) || scalar === undefined) return `  let ${field.name}: ${type} | ${absent} = ${absent};`;
    return `  let ${field.name}: ${type} = ${scalar.zero};`;
  });
  const cases = fields.flatMap((field) => {
    const scalar = scalars[field.type];
    const read = values[field.type] === undefined ? `read${field.type}` : `own.read${field.type}`;
    const one =
      scalar === undefined
        ? `${read}(r, own.endOf(r, end))`
        : field.type === 'string' && recurring.has(field.name)
          ? 'recurringText(r)'
          : `r.${field.type}()`;
    const store = field.map
      ? `own.readEntry(${field.name}, own.read${field.type}, r, own.endOf(r, end));`
      : field.repeated
        ? `${leftOut.has(nameOf(field)) ? `(${field.name} ??= [])` : field.name}.push(${one});`
        : `${field.name} = ${one};`;
    return [`      case ${(field.id << 3) | (scalar?.wire ?? 2)}:`, `        ${store}`, '        break;'];
  });
  // A message that it cannot be without is missing: whoever judges the body says so.
  const missing = fields.filter((field) => scalars[field.type] === undefined && !mayLack(field) && !field.repeated);
  const result = fields.map(({ name }) => name);
  const cast = missing.length > 0 ? ` as ${message.name}` : '';
  // An answer has what it has, and nothing that is undefined: it is handed on as it is.
  const left = absent === 'null' ? fields.find((field) => leftOut.has(nameOf(field)))?.name : undefined;
  const without = result.filter((name) => name !== left).join(', ');
  return [
    `export function read${message.name}(r: Reader, end: number): ${message.name} {`,
    ...variables,
    '  while (r.pos < end) {',
    '    const tag = r.uint32();',
    '    switch (tag) {',
    ...cases,
    '      default:',
    strict ? `        throw own.unknownField('${message.name}', tag);` : '        r.skipType(tag & 7);',
    '    }',
    '  }',
    '  if (r.pos !== end) throw own.cutOff();',
    ...(left === undefined ? [] : [`  if (${left} === undefined) return { ${without} }${cast};`]),
    `  return { ${result.join(', ')} }${cast};`,
    '}',
    '',
  ].join('\n');
}

const here = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href;
if (here) {
  // Compiled, this file runs from dist/proto: the sources lie two folders up.
  const proto = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'proto');
  const text = generateMessages(readFileSync(join(proto, 'messages.proto'), 'utf8'));
  writeFileSync(join(proto, 'generated', 'messages.ts'), text);
}
