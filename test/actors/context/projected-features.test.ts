/** Texts, embeddings and hashed categories: what they are made into is recorded, and they themselves nowhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DomainConfigInput, parseDomainConfig } from '../../../actors/config/domain-config.ts';
import { compileContext } from '../../../actors/context/features.ts';
import { requestHash } from '../../../actors/identity/canonical.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { openSnapshotStore } from '../../../adapters/sqlite/snapshot-store.ts';
import { ReckonerError } from '../../../events/errors.ts';
import { murmur3 } from '../../../policies/murmur3.ts';
import { projectText } from '../../../policies/text-projection.ts';
import { temporaryDirectory } from '../../adapters/sqlite/temporary.ts';
import { anyText } from '../../policies/any-text.ts';
import { configured, DOMAIN, given, NOON, problemOf } from '../given.ts';
import { posteriorOf, stateFrom, watched } from '../posterior.ts';

const context = {
  prompt: { type: 'text', dimensions: 16 },
  tokens: { type: 'numeric', default: 10 },
  user: { type: 'categorical', hash: 50, default: 'nobody' },
  meaning: { type: 'embedding', size: 40, dimensions: 8 },
} as const satisfies DomainConfigInput['context'];
const config: DomainConfigInput = { arms: ['red', 'blue'], context, policy: { name: 'lin_ts' } };
const meaning = Array.from({ length: 40 }, (_, i) => 1 / (i + 1));
const SECRET = 'Xylophone quartet zanzibar';

function schema(context: DomainConfigInput['context'], bucketBy: string[] = []) {
  return compileContext(parseDomainConfig({ arms: ['red'], context, bucketBy }));
}

function detailsOf(attempt: () => unknown) {
  try {
    attempt();
  } catch (thrown) {
    if (thrown instanceof ReckonerError)
      return thrown.problem.details?.map(({ path, message }) => `${path} ${message}`);
    throw thrown;
  }
  return 'accepted';
}

test('a text is its projection, an embedding its own, a hashed category its place, one after another', () => {
  const { encode, describe, tell, kinds } = schema(context);
  const features = encode({ prompt: SECRET, meaning, user: 'ada' }, NOON);
  expect(features).toHaveLength(16 + 1 + 1 + 8);
  expect(features.slice(0, 16)).toEqual(projectText(SECRET, { dimensions: 16, words: [1], characters: [] }));
  expect(features[16]).toBe(10);
  expect(features[17]).toBe(murmur3(Buffer.from('ada'), 2) % 50);
  expect(kinds).toEqual([
    { type: 'vector', size: 16, weight: 0.25 },
    { type: 'number' },
    { type: 'category', values: 50 },
    { type: 'vector', size: 8, weight: 1 },
  ]);
  expect(describe(features)).toEqual({
    ...{ prompt: features.slice(0, 16), tokens: 10, user: `#${features[17]}`, meaning: features.slice(18) },
  });
  expect([tell(3, 0.5), tell(16, 7), tell(17, 4), tell(25, 1)]).toEqual([
    ...[
      ['prompt[3]', 0.5],
      ['tokens', 7],
      ['user', '#4'],
      ['meaning[7]', 1],
    ],
  ]);
});

test('an embedding that is short enough stays as it is', () => {
  const { encode, kinds } = schema({ meaning: { type: 'embedding', size: 3 } });
  expect(kinds).toEqual([{ type: 'vector', size: 3, weight: 1 }]);
  expect(encode({ meaning: [0.5, -0, 1e100] }, NOON)).toEqual([0.5, -0, 1e100]);
});

test('the same text again is the same numbers, and a text of another reading is not', () => {
  const [one, other] = [schema({ a: { type: 'text' } }), schema({ a: { type: 'text', ngrams: { words: [1, 2] } } })];
  const first = one.encode({ a: SECRET }, NOON);
  expect(one.encode({ a: SECRET }, NOON)).toEqual(first);
  expect(schema({ a: { type: 'text' } }).encode({ a: SECRET }, NOON)).toEqual(first);
  expect(other.encode({ a: SECRET }, NOON)).not.toEqual(first);
});

test('any text is accepted, and what is recorded of it is finite', () => {
  const { encode } = schema({ ...context, prompt: { type: 'text', ngrams: { words: [1, 3], characters: [2] } } });
  fc.assert(
    fc.property(anyText, (text) => {
      const features = encode({ prompt: text, user: text, meaning }, NOON);
      expect(features.every(Number.isFinite)).toBe(true);
    }),
  );
});

test('the example of a context is one', () => {
  const { encode, example } = schema(context);
  expect(encode({ ...example, tokens: 1 }, NOON)).toHaveLength(26);
});

test('all texts of a context together are no longer than one may be', () => {
  const { encode } = schema({
    ...{ one: { type: 'text', dimensions: 4 }, other: { type: 'text', dimensions: 4 }, flag: { type: 'boolean' } },
  });
  const wrong = (one: number, other: number) =>
    detailsOf(() => encode({ one: 'x'.repeat(one), other: 'y'.repeat(other), flag: true }, NOON));
  expect(wrong(60_000, 40_000)).toBe('accepted');
  expect(wrong(60_000, 40_001)).toEqual([
    'context.other must have at most 100000 characters, together with the texts before it: send parts of them',
  ]);
});

test('what is no text, or none that long, or not so many finite numbers is refused, and not repeated', () => {
  const { encode } = schema(context);
  const wrong = (given: Record<string, string | number | boolean | number[]>) =>
    detailsOf(() => encode({ prompt: SECRET, meaning, ...given }, NOON));
  expect(wrong({ prompt: 7 })).toEqual(['context.prompt must be a text']);
  expect(wrong({ prompt: 'x'.repeat(100_000) })).toBe('accepted');
  expect(wrong({ prompt: 'x'.repeat(100_001) })).toEqual([
    'context.prompt must have at most 100000 characters: send a part of it',
  ]);
  expect(wrong({ user: 'u'.repeat(1025) })).toEqual(['context.user must have at most 1024 characters']);
  expect(wrong({ meaning: [1, 2] })).toEqual([
    'context.meaning must be an array of 40 numbers, as the domain declares its size, and has 2',
  ]);
  for (const bad of [Number.NaN, Infinity, -1e101]) {
    expect(wrong({ meaning: meaning.with(5, bad) })).toEqual([
      'context.meaning must be an array of 40 numbers, each finite and at most 1e100',
    ]);
  }
  expect(wrong({ meaning: SECRET, tokens: [1] })).toEqual([
    'context.tokens must be a finite number',
    'context.meaning must be an array of 40 numbers',
  ]);
  expect(detailsOf(() => encode({}, NOON))).toEqual(['context.prompt is missing', 'context.meaning is missing']);
});

test('a domain cannot be configured with features that make no sense', () => {
  const refusal = (input: Partial<DomainConfigInput>) =>
    detailsOf(() => parseDomainConfig({ arms: ['red'], ...input } as DomainConfigInput));
  expect(refusal({ context, bucketBy: ['prompt'] })).toEqual([
    'bucketBy.0 hardly two requests share prompt: leave it to a policy that learns about features',
  ]);
  expect(refusal({ context: { a: { type: 'categorical' } } })).toEqual([
    'context.a.values is missing: declare the values, or give hash to accept any',
  ]);
  expect(refusal({ context: { a: { type: 'categorical', hash: 5, values: ['x'] } } })).toEqual([
    'context.a.hash give values or hash, not both',
  ]);
  expect(refusal({ context: { a: { type: 'text', ngrams: { words: [] } } } })).toEqual([
    'context.a.ngrams give words or characters',
  ]);
  expect(refusal({ context: { a: { type: 'text', ngrams: { words: [2, 2] } } } })).toEqual([
    'context.a.ngrams.words a length is there twice',
  ]);
  expect(refusal({ context: { a: { type: 'text', dimensions: 65 } } })).toEqual([
    'context.a.dimensions must be at most 64',
  ]);
  const many = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, { type: 'text', dimensions: 64 }]));
  expect(refusal({ context: many as DomainConfigInput['context'] })).toEqual([
    'context texts and embeddings make 1088 numbers, at most 1024: give them fewer dimensions',
  ]);
});

test('what is recorded names the version of the hash, and old configurations stay as they were', () => {
  const { prompt, meaning: embedded, user } = parseDomainConfig({ ...config }).context;
  expect(prompt).toEqual({
    type: 'text',
    dimensions: 16,
    ngrams: { words: [1], characters: [] },
    weight: 0.25,
    hashing: 1,
  });
  expect(embedded).toEqual({ type: 'embedding', size: 40, dimensions: 8, weight: 1, projection: 1 });
  expect(user).toEqual({ type: 'categorical', hash: 50, default: 'nobody' });
  const declared: DomainConfigInput['context'] = { task: { type: 'categorical', values: ['a'] } };
  expect(JSON.stringify(parseDomainConfig({ arms: ['red'], context: declared }).context)).toBe(
    JSON.stringify(declared),
  );
});

test('doubles of another reading have another meaning', () => {
  const variants: DomainConfigInput['context'][] = [
    { a: { type: 'text' } },
    { a: { type: 'text', dimensions: 31 } },
    { a: { type: 'text', weight: 1 } },
    { a: { type: 'text', ngrams: { characters: [3] } } },
    { a: { type: 'embedding', size: 32 } },
    { a: { type: 'embedding', size: 33 } },
    { a: { type: 'categorical', hash: 5 } },
    { a: { type: 'categorical', hash: 6 } },
    { a: { type: 'categorical', values: ['x'] } },
  ];
  expect(new Set(variants.map((one) => schema(one).meaning())).size).toBe(variants.length);
});

test('buckets can be made by a hashed category: those that share a place share a bucket', () => {
  const { encode, bucketOf } = schema({ user: { type: 'categorical', hash: 2 } }, ['user']);
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((user) => bucketOf(encode({ user }, NOON)));
  expect(new Set(ids.map(({ label }) => label))).toEqual(new Set(['user=#0/2', 'user=#1/2']));
});

test('no text, and no hash of it that can be guessed, is in the files of the log', async () => {
  const directory = temporaryDirectory();
  const log = openSqliteEventLog({ file: join(directory, 'log.db') });
  const snapshots = openSnapshotStore({ file: join(directory, 'snapshots.db') });
  const stage = await given([configured(config)], { log, snapshots });
  const asked = { prompt: SECRET, meaning, user: 'Guinevere' };
  for (let i = 0; i < 20; i++) {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: asked, requestId: `request-${i}` });
    await stage.reckoner.reward(decisionId, { value: i % 2 });
  }
  await problemOf(stage.reckoner.decide(DOMAIN, { context: { ...asked, meaning: [1] }, requestId: 'wrong' }));
  const guessed = [
    requestHash({ context: asked, requestId: 'request-0', subject: '' }),
    requestHash({ context: asked, requestId: 'request-0' }),
  ];
  await stage.stop();
  await Promise.all([log.close(), snapshots.close()]);
  const files = readdirSync(directory).map((name) => readFileSync(join(directory, name)));
  expect(files.some((bytes) => bytes.includes('request-19'))).toBe(true);
  for (const bytes of files) {
    for (const text of [SECRET, ...SECRET.split(' '), SECRET.toLowerCase(), 'xylophone', 'zanzibar', 'Guinevere']) {
      expect([text, bytes.includes(text), bytes.includes(Buffer.from(text, 'utf16le'))]).toEqual([text, false, false]);
    }
    for (const hash of guessed) expect(bytes.includes(Buffer.from(hash))).toBe(false);
  }
});

test('a repeated request is known by its text, and another text under its id is another request', async () => {
  const stage = await given([configured(config)]);
  const ask = (prompt: string) =>
    stage.reckoner.decide(DOMAIN, { context: { prompt, meaning, user: 'ada' }, requestId: 'same' });
  const first = await ask(SECRET);
  expect(await ask(SECRET)).toEqual(first);
  expect(await problemOf(ask(`${SECRET}!`))).toMatchObject({ code: 'request_id_reused' });
  await stage.stop();
});

test.each(['lin_ts', 'lin_ucb', 'square_cb', 'doubly_robust', 'offset_tree', 'context_tree', 'beta_thompson'] as const)(
  '%s learns from texts and embeddings, and the log gives its posterior and every choice again',
  async (name) => {
    const watch = watched();
    const stage = await given([configured({ ...config, policy: { name } })], { makePolicy: watch.makePolicy });
    const ids: string[] = [];
    for (let i = 0; i < 60; i++) {
      const prompt = i % 3 === 0 ? 'prove that the sum is even' : `write a poem about ${i % 5} cats`;
      const { decisionId, arm } = await stage.reckoner.decide(DOMAIN, {
        context: { prompt, meaning, user: `u${i % 4}` },
      });
      ids.push(decisionId);
      await stage.reckoner.reward(decisionId, { value: (i % 3 === 0) === (arm === 'red') ? 1 : 0 });
    }
    await stage.reckoner.decide(DOMAIN, { context: { prompt: SECRET, meaning } });
    expect(posteriorOf(await stateFrom(stage.log))).toBe(watch.last);
    for (const id of ids.filter((_, i) => i % 12 === 0)) {
      expect(await stage.reckoner.explain(id)).toMatchObject({ verified: true, context: { tokens: 10 } });
    }
    await stage.stop();
  },
);

test('a tree that parts contexts by a text names the number of it', async () => {
  const stage = await given([
    configured({ ...config, context: { prompt: { type: 'text', dimensions: 4 } }, policy: { name: 'context_tree' } }),
  ]);
  const ask = (math: boolean) =>
    stage.reckoner.decide(DOMAIN, { context: { prompt: math ? 'solve this equation' : 'write me a poem' } });
  for (let i = 0; i < 80; i++) {
    const { decisionId, arm } = await ask(i % 2 === 0);
    await stage.reckoner.reward(decisionId, { value: (i % 2 === 0) === (arm === 'red') ? 1 : 0 });
  }
  const { path, context: told } = await stage.reckoner.explain((await ask(true)).decisionId);
  expect(path).toHaveLength(1);
  expect(path[0]).toMatch(/^prompt\[[0-3]\] (above|at most) -?\d/);
  expect(told.prompt).toHaveLength(4);
  await stage.stop();
});
