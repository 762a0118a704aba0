/** Arbitrary messages for every type in the `.proto`, from the reference that is generated with the codec. */
import fc from 'fast-check';
import * as wire from '../../proto/generated/events.ts';

export type MessageName = (typeof wire.reference)[number]['name'];

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('')),
  bytes: fc.uint8Array({ maxLength: 40 }),
  double: fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0, 1, Number.POSITIVE_INFINITY, 5e-324)),
  uint32: fc.oneof(fc.nat(200), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  sint32: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer()),
  fixed32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  bool: fc.boolean(),
};

/** Any message of the type, every optional field now absent, now zero, now something. */
export function messageOf(name: string): fc.Arbitrary<Record<string, unknown>> {
  const message = wire.reference.find((found) => found.name === name);
  if (message === undefined) throw new Error(`There is no message ${name}.`);
  return fc.record(
    Object.fromEntries(
      message.fields.map(({ name: field, type }) => {
        const plain = type.replace(/\[\]$|\?$/, '');
        const value = scalars[plain] ?? messageOf(plain);
        if (type.endsWith('[]')) return [field, fc.array(value, { maxLength: 5 })];
        return [field, type.endsWith('?') ? fc.option(value, { nil: undefined }) : value];
      }),
    ),
    { noNullPrototype: true },
  );
}

/** The same value with every byte array as a plain array: a decoder may give Buffers. */
export function plainBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return ['bytes', ...value];
  if (Array.isArray(value)) return value.map(plainBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plainBytes(part)]));
}
