import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { generate } from '../../proto/generate.ts';
import * as wire from '../../proto/generated/events.ts';
import { recurringText } from '../../proto/recurring-text.ts';
import { type MessageName, messageOf, plainBytes } from './messages.ts';

const source = readFileSync(new URL('../../proto/events.proto', import.meta.url), 'utf8');
const schema = protobuf.parse(source, { keepCase: false }).root;
const names = wire.reference.map(({ name }) => name);

// Each name has its own writer and reader; which belongs to which is in their names, beyond what types can say here.
type Write = (message: unknown, writer: protobuf.Writer) => protobuf.Writer;
type Read = (reader: protobuf.Reader, end: number) => unknown;
const codec = wire as unknown as Record<`write${MessageName}`, Write> & Record<`read${MessageName}`, Read>;

function encode(name: MessageName, message: unknown): Uint8Array {
  return codec[`write${name}`](message, protobuf.Writer.create()).finish();
}

function decode(name: MessageName, bytes: Uint8Array): unknown {
  return codec[`read${name}`](protobuf.Reader.create(bytes), bytes.length);
}

describe('the generated codec', () => {
  it('is what the generator makes of the .proto today', () => {
    const generated = readFileSync(new URL('../../proto/generated/events.ts', import.meta.url), 'utf8');
    expect(generated).toBe(generate(source));
  });

  it.each(names)('gives back every %s as it was, bit for bit', (name) => {
    fc.assert(
      fc.property(messageOf(name), (message) => {
        // toStrictEqual tells -0 from 0 and an absent field from a zero.
        expect(plainBytes(decode(name, encode(name, message)))).toStrictEqual(plainBytes(message));
      }),
    );
  });

  it.each(names)('writes a %s that an independent decoder reads, and reads what it writes', (name) => {
    const type = schema.lookupType(`reckoner.v1.${name}`);
    fc.assert(
      fc.property(messageOf(name), (message) => {
        const theirs = type.decode(encode(name, message));
        const bytes = type.encode(theirs).finish();
        expect(plainBytes(decode(name, bytes))).toStrictEqual(plainBytes(message));
      }),
    );
  });

  it.each(names)('skips fields of a %s that a newer version added', (name) => {
    fc.assert(
      fc.property(messageOf(name), fc.uint8Array(), (message, extra) => {
        const writer = codec[`write${name}`](message, protobuf.Writer.create());
        writer.uint32((900 << 3) | 2).bytes(extra);
        writer.uint32((901 << 3) | 0).uint32(7);
        writer.uint32((902 << 3) | 1).double(1.5);
        writer.uint32((903 << 3) | 5).fixed32(7);
        expect(plainBytes(decode(name, writer.finish()))).toStrictEqual(plainBytes(message));
      }),
      { numRuns: 30 },
    );
  });

  it('tells an absent optional number from zero', () => {
    const components = { quality: 0, cost: undefined, latency: -0, feedback: 1 };
    expect(decode('Components', encode('Components', components))).toStrictEqual(components);
    expect(
      encode('Components', { quality: undefined, cost: undefined, latency: undefined, feedback: undefined }),
    ).toHaveLength(0);
  });
});

describe('a text that comes again and again', () => {
  // Few and short, so that they meet in a slot; some with letters of several bytes, some longer than those that are kept.
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 3 }), fc.string({ minLength: 40, maxLength: 60 }));

  it('is read as any other is, and what follows it too', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 200 }), (texts) => {
        const writer = protobuf.Writer.create();
        for (const one of [...texts, ...texts]) writer.string(one);
        const bytes = writer.uint32(7).finish();
        const [ours, theirs] = [protobuf.Reader.create(bytes), protobuf.Reader.create(bytes)];
        for (const _ of [...texts, ...texts]) expect(recurringText(ours)).toBe(theirs.string());
        expect(ours.uint32()).toBe(7);
      }),
    );
  });

  it('that is cut off is an error as any other is', () => {
    const whole = protobuf.Writer.create().string('opus').finish();
    expect(recurringText(protobuf.Reader.create(whole))).toBe('opus');
    for (let length = 0; length < whole.length; length++)
      expect(() => recurringText(protobuf.Reader.create(whole.subarray(0, length)))).toThrow(RangeError);
  });
});
