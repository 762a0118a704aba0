/** The codec against one that knows nothing of it: protobufjs, from the proto file itself. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { decodeReply, decodeRequest, encodeReply, encodeRequest, messagesOf } from '../../../adapters/nats/codec.ts';
import { ReckonerError } from '../../../events/errors.ts';
import { generateMessages } from '../../../proto/generate-messages.ts';

const source = readFileSync(new URL('../../../proto/messages.proto', import.meta.url), 'utf8');
const schema = protobuf.parse(source).root;

/** As a client in any language would. */
function encoded(message: string, fields: object): Uint8Array {
  const type = schema.lookupType(`reckoner.v1.${message}`);
  const wrong = type.verify(fields);
  if (wrong !== null) throw new Error(wrong);
  return type.encode(type.fromObject(fields)).finish();
}

function decoded(message: string, bytes: Uint8Array): unknown {
  const type = schema.lookupType(`reckoner.v1.${message}`);
  return type.toObject(type.decode(bytes), { defaults: false, oneofs: false });
}

const text = fc.string({ unit: 'binary' }).filter((given) => !/\p{Surrogate}/u.test(given));
const number = fc.double({ noNaN: true });
const uint = fc.nat({ max: 2 ** 32 - 1 });
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const name = text.filter((given) => given !== '__proto__');
const context = fc.dictionary(name, fc.oneof(number, fc.boolean(), text, fc.array(number)), { noNullPrototype: true });
const about = {
  ...{
    requestId: optional(text),
    context,
    candidates: optional(fc.array(text, { minLength: 1 })),
    subject: optional(text),
  },
  ...{ taskType: optional(text), complexity: optional(number), tokens: optional(uint), propensity: optional(text) },
  constraints: optional(
    fc.record({ maxCostUsd: number, capabilities: fc.array(text, { minLength: 1 }) }, { requiredKeys: [] }),
  ),
};
const decision = fc.record(
  {
    ...{ decisionId: text, domain: text, requestId: text, arm: text, propensity: orNull(number), bucket: text },
    ...{ bucketLabel: text, policy: text, confidence: number, mode: orNull(text), expectedReward: number },
    ...{ expectedCostUsd: orNull(number), expectedLatencyMs: orNull(number), fallback: fc.boolean() },
    slate: fc.array(fc.record({ arm: text, weight: number, rankPropensity: orNull(number) }), { minLength: 1 }),
  },
  {
    requiredKeys: [
      'decisionId',
      'domain',
      'requestId',
      'arm',
      'propensity',
      'bucket',
      'bucketLabel',
      'policy',
      'confidence',
      'mode',
      'expectedReward',
      'expectedCostUsd',
      'expectedLatencyMs',
      'fallback',
    ],
  },
);
const reward = fc.record(
  {
    ...{ value: number, feedback: fc.oneof(text, fc.record({ rating: number })), kind: text, item: text },
    ...{ components: fc.record({ quality: number, latency: number }, { requiredKeys: [] }), costUsd: number },
    ...{ subject: text, requestId: text },
  },
  { requiredKeys: [] },
);
const items = fc.array(fc.record({ item: text, arm: text, position: uint }));
const requests: readonly [string, fc.Arbitrary<unknown>][] = [
  ['decide.x', fc.record({ ...about, k: optional(uint) })],
  ['run.x', fc.record({ ...about, timeoutMs: optional(uint), question: fc.jsonValue() })],
  ['reward.x', fc.record({ decisionId: text, body: reward })],
  ['retract.x', fc.record({ decisionId: text, rewardId: text, body: fc.record({ reason: optional(text) }) })],
  ['items.x', fc.record({ decisionId: text, body: fc.record({ items }) })],
  [
    'blend.x',
    fc.record({
      decisionId: text,
      body: fc.record({ lists: fc.array(fc.record({ arm: text, items: fc.array(text) })), size: optional(uint) }),
    }),
  ],
];
const attempt = fc.record({ arm: text, agent: text, eventId: orNull(text), latencyMs: number, failure: orNull(text) });
const answers: readonly [string, fc.Arbitrary<unknown>][] = [
  ['decide.x', decision],
  [
    'run.x',
    fc.record({
      ...{ decision, arm: text, answer: fc.jsonValue(), source: text, latencyMs: number, costUsd: number },
      ...{ quality: orNull(number), attempts: fc.array(attempt), repeated: fc.boolean() },
    }),
  ],
  [
    'reward.x',
    fc.record({
      ...{ rewardId: text, decisionId: text, arm: text, value: number, share: number, kind: text },
      ...{ learned: fc.boolean(), repeated: fc.boolean() },
    }),
  ],
  ['retract.x', fc.record({ rewardId: text, decisionId: text, retracted: fc.boolean(), repeated: fc.boolean() })],
  ['items.x', fc.record({ decisionId: text, items: uint, repeated: fc.boolean() })],
  ['blend.x', fc.record({ decisionId: text, items, repeated: fc.boolean() })],
];
/** JSON has no -0, and -0 is 0 to whoever asks. */
const plain = (body: unknown) => JSON.parse(JSON.stringify(body, (_, value) => (Object.is(value, -0) ? 0 : value)));

describe('the codec of messages', () => {
  it('is the one that the proto file says', () => {
    const generated = readFileSync(new URL('../../../proto/generated/messages.ts', import.meta.url), 'utf8');
    expect(generateMessages(source)).toBe(generated);
  });

  it.each(requests)('gives back every request of %s, bit for bit', (subject, bodies) => {
    fc.assert(
      fc.property(bodies, (body) => {
        const { form, bytes } = encodeRequest(subject, body);
        expect(form).toBe('protobuf');
        expect(plain(decodeRequest(subject, bytes, '').body)).toEqual(plain(body));
      }),
    );
  });

  it.each(answers)('gives back every answer of %s, bit for bit', (subject, bodies) => {
    fc.assert(
      fc.property(bodies, (body) => {
        const { form, bytes } = encodeReply(subject, { ok: true, body }, 'protobuf');
        expect(form).toBe('protobuf');
        const reply = decodeReply(subject, bytes, '', false);
        expect(reply.ok && plain(reply.body)).toEqual(plain(body));
      }),
    );
  });

  it('reads what another encoder wrote, and writes what it reads', () => {
    const fields = {
      ...{ requestId: 'r', context: { n: { number: 0.1 }, f: { flag: false }, t: { text: 'ü' } }, candidates: ['a'] },
      ...{ subject: 'ann', k: 3, constraints: { maxCostUsd: 0 }, complexity: 0, tokens: 7, propensity: 'lazy' },
    };
    const body = {
      ...fields,
      context: { n: 0.1, f: false, t: 'ü', e: [1, 2] },
    };
    const bytes = encoded('DecideRequest', {
      ...fields,
      context: { ...fields.context, e: { embedding: { numbers: [1, 2] } } },
    });
    expect(decodeRequest('decide.x', bytes, 'application/protobuf').body).toEqual(body);
    expect(decoded('DecideRequest', encodeRequest('decide.x', body).bytes)).toEqual(decoded('DecideRequest', bytes));
  });

  it('writes answers and problems that another decoder reads', () => {
    const { problem } = new ReckonerError('context_invalid', 'No.', { details: [{ path: 'a', message: 'b' }] });
    const failed = encodeReply('decide.x', { ok: false, problem }, 'protobuf');
    expect(decoded('Problem', failed.bytes)).toEqual(problem);
    expect(decodeReply('decide.x', failed.bytes, '', true)).toEqual({ ok: false, problem });
    const receipt = {
      rewardId: 'e',
      decisionId: 'd',
      arm: 'a',
      value: 1,
      share: 0,
      kind: 'outcome',
      learned: true,
      repeated: false,
    };
    const { bytes } = encodeReply('reward.x', { ok: true, body: receipt }, 'protobuf');
    expect(decoded('RewardReceipt', bytes)).toEqual({
      ...{ rewardId: 'e', decisionId: 'd', arm: 'a', value: 1, kind: 'outcome', learned: true },
    });
  });

  it.each<[string, unknown]>([
    ['an unknown field', { context: {}, contxt: {} }],
    ['another type', { context: { a: null } }],
    ['a fraction where a whole number goes', { k: 1.5 }],
    ['a negative number there', { k: -1 }],
    ['an empty list that is left out else', { candidates: [] }],
    ['no object', 'text'],
  ])('sends a body with %s as JSON, so that whoever judges it sees it', (_, body) => {
    const { form, bytes } = encodeRequest('decide.x', body);
    expect(form).toBe('json');
    expect(decodeRequest('decide.x', bytes, 'application/json').body).toEqual(body);
  });

  it('refuses a body that has no JSON', () => {
    expect(() => encodeRequest('query.x', { big: 1n })).toThrow(ReckonerError);
  });

  it('takes JSON without a header where it can be nothing else', () => {
    const bytes = Buffer.from('{"context":{"a":1}}');
    expect(decodeRequest('decide.x', bytes, '')).toEqual({ form: 'json', body: { context: { a: 1 } } });
    expect(decodeRequest('query.domain', Buffer.from('"support"'), '')).toEqual({ form: 'json', body: 'support' });
    expect(decodeRequest('query.domains', Buffer.alloc(0), '').body).toEqual({});
    expect(decodeRequest('decide.x', Buffer.alloc(0), '').body).toMatchObject({ context: {} });
  });

  it('takes documents as protobuf too', () => {
    const bytes = encoded('Json', { json: '{"reason":"why"}' });
    expect(decodeRequest('control.x.freeze', bytes, '').body).toEqual({ reason: 'why' });
  });

  it.each<[string, string, Uint8Array]>([
    ['request_invalid', '', Buffer.from('hello there')],
    ['request_invalid', 'application/protobuf', Buffer.from([0x0a, 0x20, 0x41])],
    ['request_invalid', 'application/protobuf', Buffer.from([0x0a])],
    [
      'request_invalid',
      'application/protobuf',
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ],
    ['request_invalid', 'application/protobuf', encoded('Decision', { decisionId: 'd', fallback: true })],
    ['request_invalid', 'application/json', Buffer.from('{"a":')],
    ['request_invalid', 'application/json', Buffer.from('{"a":1,"a":2}')],
    ['request_invalid', 'application/json', Buffer.from([0x22, 0xff, 0x22])],
    ['media_type_unsupported', 'text/xml', Buffer.from('<a/>')],
  ])('refuses with %s a payload of type %j that it cannot read', (code, type, bytes) => {
    expect(() => decodeRequest('decide.x', bytes, type)).toThrow(expect.objectContaining({ code }));
  });

  it('never throws anything else, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom(...requests.map(([subject]) => subject), 'query.domain'),
        (bytes, subject) => {
          try {
            decodeRequest(subject, bytes, '');
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(ReckonerError);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('reads a whole message or none: what is cut off is refused, or another message', () => {
    const whole = encodeRequest('reward.x', { decisionId: 'abc', body: { value: 0.25, subject: 'someone' } }).bytes;
    const read = Array.from({ length: whole.length }, (_, length) => {
      try {
        return decodeRequest('reward.x', whole.subarray(0, length), 'application/protobuf').body;
      } catch {
        return 'refused';
      }
    });
    // Cut between two fields of the outermost message it is a message still, and lacks what comes after.
    expect(read.filter((body) => body !== 'refused')).toEqual([
      { decisionId: '', body: undefined },
      { decisionId: 'abc', body: undefined },
    ]);
  });

  it('reads answers of newer nodes as far as it knows them', () => {
    const problem = encoded('Problem', { code: 'not_known_here', status: 418, message: 'New.', remedy: 'Upgrade.' });
    expect(decodeReply('decide.x', problem, '', true)).toEqual({
      ok: false,
      problem: { code: 'internal', status: 418, message: 'New.', remedy: 'Upgrade.' },
    });
    expect(() => decodeReply('decide.x', Buffer.from('junk'), '', false)).toThrow(
      expect.objectContaining({ code: 'outcome_unknown' }),
    );
  });

  it('tells which messages a subject takes', () => {
    expect(messagesOf('decide.*')).toEqual({ request: 'reckoner.v1.DecideRequest', answer: 'reckoner.v1.Decision' });
    expect(messagesOf('node.n1.reward.x').request).toBe('reckoner.v1.RewardRequest');
    expect(messagesOf('control.x.configure').request).toBe('reckoner.v1.Json');
  });
});
