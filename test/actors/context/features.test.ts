import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DomainConfigInput, parseDomainConfig } from '../../../actors/config/domain-config.ts';
import { compileContext } from '../../../actors/context/features.ts';
import { base32 } from '../../../actors/identity/base32.ts';
import { ReckonerError } from '../../../events/errors.ts';

const NOON = Date.UTC(2026, 0, 1, 12); // a Thursday

function schema(config: Omit<DomainConfigInput, 'arms'>) {
  return compileContext(parseDomainConfig({ arms: ['red'], ...config }));
}

function detailsOf(attempt: () => unknown) {
  try {
    attempt();
  } catch (thrown) {
    if (thrown instanceof ReckonerError && thrown.code === 'context_invalid') return thrown.problem.details;
    throw thrown;
  }
  return 'accepted';
}

const all = schema({
  context: {
    size: { type: 'numeric', min: 0, max: 10, bins: [1, 5] },
    score: { type: 'numeric', round: 0.5, default: 0.7 },
    urgent: { type: 'boolean', default: false },
    task: { type: 'categorical', values: ['chat', 'code'], default: 'code' },
    period: { type: 'derived', from: 'time_period' },
  },
  bucketBy: ['task', 'size', 'score', 'urgent', 'period'],
});

test('numbers go in as they are, booleans as 0 or 1, categories by index, derived features from the time', () => {
  const context = { size: 4.5, score: -2, urgent: true, task: 'chat', period: 'night' };
  const features = all.encode(context, NOON);
  expect(features).toHaveLength(5);
  expect(all.describe(features)).toEqual(context);
});

test('what is missing takes its default, and has none is named', () => {
  expect(all.describe(all.encode({ size: 1 }, NOON))).toEqual({
    ...{ size: 1, score: 0.7, urgent: false, task: 'code', period: 'afternoon' },
  });
  expect(detailsOf(() => all.encode({}, NOON))).toEqual([{ path: 'context.size', message: 'is missing' }]);
});

test('every path that is wrong is named, and no value is repeated', () => {
  const context = { size: 11, score: Number.NaN, urgent: 'yes', task: 'secret', period: 'noon', other: 1 };
  const details = detailsOf(() => all.encode(context, NOON));
  expect(details).toHaveLength(6);
  expect(JSON.stringify(details)).not.toMatch(/secret|yes|11|NaN/);
});

test('what is not a finite number of the range is refused as a number', () => {
  for (const size of [Number.NaN, Infinity, -Infinity, -0.001, 10.001, '3', true])
    expect(detailsOf(() => all.encode({ size }, NOON))).toMatchObject([{ path: 'context.size' }]);
  for (const size of [0, 10, -0, 5e-324]) expect(detailsOf(() => all.encode({ size }, NOON))).toBe('accepted');
});

test('names that every object has are no features, unless they are declared', () => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
    const context = JSON.parse(`{"size": 1, "${name}": 1}`);
    expect(detailsOf(() => all.encode(context, NOON))).toMatchObject([{ path: `context.${name}` }]);
  }
  const context = {
    constructor: { type: 'numeric' },
    toString: { type: 'numeric', default: 2 },
  } as DomainConfigInput['context'];
  const declared = schema({ context });
  expect(detailsOf(() => declared.encode({}, NOON))).toEqual([{ path: 'context.constructor', message: 'is missing' }]);
  expect(declared.describe(declared.encode({ constructor: 1 }, NOON))).toEqual({ constructor: 1, toString: 2 });
});

test('the bucket is the same in whatever order bucketBy names its features', () => {
  const context: DomainConfigInput['context'] = {
    a: { type: 'numeric', round: 1 },
    b: { type: 'boolean' },
    c: { type: 'categorical', values: ['x', 'y'] },
  };
  const orders = [
    ['a', 'b', 'c'],
    ['c', 'b', 'a'],
    ['b', 'c', 'a'],
  ].map((bucketBy) => schema({ context, bucketBy }));
  const buckets = orders.map((order) => order.bucketOf(order.encode({ a: 2.2, b: true, c: 'y' }, NOON)));
  expect(new Set(buckets.map(({ id }) => id)).size).toBe(1);
  expect(buckets[0]).toEqual({ id: expect.stringMatching(/^[a-z2-7]{16}$/), label: 'a ≈ 2, b=true, c=y' });
});

test('a domain without bucketBy has one bucket, whatever the context', () => {
  const one = schema({ context: { a: { type: 'numeric' } } });
  expect(one.bucketOf([1])).toEqual(one.bucketOf([2]));
  expect(one.bucketOf([1]).label).toBe('all');
});

test('a bin holds its lower edge and not its upper one', () => {
  const binned = schema({ context: { a: { type: 'numeric', bins: [0, 1] } }, bucketBy: ['a'] });
  const label = (a: number) => binned.bucketOf(binned.encode({ a }, NOON)).label;
  expect([-1e300, -0, 0, 0.999, 1, 1e300].map(label)).toEqual([
    ...['a < 0', 'a 0 to 1', 'a 0 to 1', 'a 0 to 1', 'a ≥ 1', 'a ≥ 1'],
  ]);
});

test('rounding knows no negative zero and bears what overflows', () => {
  const rounded = schema({ context: { a: { type: 'numeric', round: 1e-9 } }, bucketBy: ['a'] });
  const id = (a: number) => rounded.bucketOf(rounded.encode({ a }, NOON)).id;
  expect(id(-0)).toBe(id(0));
  expect(id(-1e-12)).toBe(id(1e-12));
  expect(id(1e308)).not.toBe(id(-1e308));
});

test('the id of a bucket hashes cells that never change, whatever its label says', () => {
  const context: DomainConfigInput['context'] = {
    a: { type: 'numeric', bins: [0, 1] },
    b: { type: 'numeric', round: 0.1 },
    c: { type: 'categorical', values: ['x', 'y'] },
  };
  const three = schema({ context, bucketBy: ['a', 'b', 'c'] });
  const idOf = (cells: string) => base32(hash('sha256', Buffer.from(cells), 'buffer'), 80);
  expect([-1, 0.5, 7].map((a) => three.bucketOf([a, 0.31, 1]))).toEqual([
    { id: idOf('a=[-inf,0)\u001fb=3x0.1\u001fc=y'), label: 'a < 0, b ≈ 0.3, c=y' },
    { id: idOf('a=[0,1)\u001fb=3x0.1\u001fc=y'), label: 'a 0 to 1, b ≈ 0.3, c=y' },
    { id: idOf('a=[1,inf)\u001fb=3x0.1\u001fc=y'), label: 'a ≥ 1, b ≈ 0.3, c=y' },
  ]);
});

test('different values never share a bucket, however they are spelled', () => {
  const values = ['p', 'q', 'p, b=q', 'b=q', 'q, a=p', '=', ',', 'true', '1', '0', 'é', 'e\u0301'];
  const feature = { type: 'categorical' as const, values };
  const both = schema({ context: { a: feature, b: feature }, bucketBy: ['a', 'b'] });
  const pairs = values.flatMap((_, a) => values.map((_, b) => both.bucketOf([a, b]).id));
  expect(new Set(pairs).size).toBe(values.length ** 2);
});

test('a value with control characters is refused: the separator of a bucket’s values could be among them', () => {
  const values = ['p\u001fb=q'];
  expect(() => schema({ context: { a: { type: 'categorical', values } } })).toThrow(/control characters/);
});

test('time of day and day follow the domain’s time zone', () => {
  const inZone = (timezone: string) =>
    schema({
      timezone,
      context: {
        period: { type: 'derived', from: 'time_period' },
        type: { type: 'derived', from: 'day_type' },
        day: { type: 'derived', from: 'day_of_week' },
      },
    });
  const words = (timezone: string, time: number) => {
    const compiled = inZone(timezone);
    return Object.values(compiled.describe(compiled.encode({}, time))).join(' ');
  };
  const fridayLate = Date.UTC(2026, 0, 2, 23, 30);
  expect(words('UTC', fridayLate)).toContain('friday');
  expect(words('UTC', fridayLate)).toContain('weekday');
  expect(words('Europe/Berlin', fridayLate)).toContain('saturday');
  expect(words('Europe/Berlin', fridayLate)).toContain('weekend');
  expect(words('Asia/Kathmandu', fridayLate)).toContain('night'); // 05:15 on Saturday
  expect(words('Pacific/Kiritimati', Date.UTC(2026, 0, 2, 10))).toContain('saturday'); // UTC+14
  expect(words('America/Los_Angeles', fridayLate)).toContain('afternoon'); // 15:30
});

test('the day is cut at 6, 12, 18 and 23 o’clock', () => {
  const utc = schema({ context: { period: { type: 'derived', from: 'time_period' } } });
  const at = (hour: number, minute = 0) => utc.describe(utc.encode({}, Date.UTC(2026, 0, 1, hour, minute))).period;
  expect([0, 5, 6, 11, 12, 17, 18, 22, 23].map((hour) => at(hour))).toEqual([
    ...['night', 'night', 'morning', 'morning', 'afternoon', 'afternoon', 'evening', 'evening', 'night'],
  ]);
  expect([at(5, 59), at(11, 59), at(17, 59), at(22, 59)]).toEqual(['night', 'morning', 'afternoon', 'evening']);
});

test('daylight saving moves the clock within a day', () => {
  const berlin = schema({ timezone: 'Europe/Berlin', context: { period: { type: 'derived', from: 'time_period' } } });
  const at = (time: number) => berlin.describe(berlin.encode({}, time)).period;
  expect(at(Date.UTC(2026, 2, 28, 4, 30))).toBe('night'); // 05:30, the day before
  expect(at(Date.UTC(2026, 2, 29, 4, 30))).toBe('morning'); // 06:30, an hour was skipped
  expect(at(Date.UTC(2026, 9, 24, 4, 30))).toBe('morning'); // 06:30
  expect(at(Date.UTC(2026, 9, 25, 4, 30))).toBe('night'); // 05:30, an hour came twice
});

test('a derived feature that is given is taken as it is, or refused', () => {
  const utc = schema({ context: { day: { type: 'derived', from: 'day_of_week' } } });
  expect(utc.describe(utc.encode({ day: 'sunday' }, NOON)).day).toBe('sunday');
  expect(utc.describe(utc.encode({}, NOON)).day).toBe('thursday');
  expect(detailsOf(() => utc.encode({ day: 'Sunday' }, NOON))).toMatchObject([{ path: 'context.day' }]);
});

test('the example context of a domain is valid for it', () => {
  const value = fc.oneof(
    fc.record({ type: fc.constant('boolean' as const) }),
    fc.record({
      type: fc.constant('categorical' as const),
      values: fc.uniqueArray(
        fc.string({ minLength: 1 }).filter((text) => /^[ -~]+$/.test(text)),
        { minLength: 1 },
      ),
    }),
    fc.record({
      type: fc.constant('derived' as const),
      from: fc.constantFrom('time_period' as const, 'day_type' as const),
    }),
    fc
      .tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.double({ noNaN: true, noDefaultInfinity: true }))
      .map(([a, b]) => ({ type: 'numeric' as const, min: Math.min(a, b), max: Math.max(a, b) })),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value), (context) => {
      const compiled = schema({ context });
      const features = compiled.encode(compiled.example, NOON);
      expect(compiled.encode(compiled.describe(features) as Record<string, string>, NOON)).toEqual(features);
    }),
    { numRuns: 200 },
  );
});

test('What the requests of a bucket share is known again, in words and as doubles, also under another schema', () => {
  const context: DomainConfigInput['context'] = {
    size: { type: 'numeric', bins: [10, 20] },
    topic: { type: 'categorical', values: ['x', 'y', 'z'] },
    urgent: { type: 'boolean' },
    team: { type: 'categorical', hash: 16 },
    day: { type: 'derived', from: 'day_of_week' },
    other: { type: 'categorical', values: ['p', 'q'] },
    meaning: { type: 'embedding', size: 2 },
  };
  const bucketBy = ['topic', 'size', 'urgent', 'team', 'day'];
  const first = schema({ context, bucketBy });
  const features = first.encode(
    { size: 12, topic: 'y', urgent: true, team: 'blue', day: 'friday', other: 'q', meaning: [1, 2] },
    NOON,
  );
  const values = first.valuesOf(features);
  const place = features[3];
  expect(values).toEqual({ day: 'friday', size: '10 to 20', team: `#${place}/16`, topic: 'y', urgent: 'true' });
  const unknown = Number.NaN;
  expect(first.known(values)).toEqual([unknown, 1, 1, place, 4, unknown, unknown, unknown]);
  expect(first.known({})).toEqual(new Array(8).fill(unknown));

  const changed: DomainConfigInput['context'] = {
    topic: { type: 'categorical', values: ['y'] },
    team: { type: 'categorical', hash: 8 },
    size: { type: 'numeric', bins: [10, 20] },
    urgent: { type: 'boolean' },
  };
  expect(schema({ context: changed, bucketBy: ['urgent'] }).known(values)).toEqual([0, unknown, unknown, 1]);
});
