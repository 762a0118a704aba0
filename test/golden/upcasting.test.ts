/** What older and newer versions wrote, read by this one: on events that earlier builds recorded. */
import { describe, expect, test } from 'vitest';
import { catalogue, type Definition, decode, type EventType, readAs } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/event-log.ts';
import { createIntegrity, flawOfLast } from '../../events/integrity.ts';
import { readDomainFrozen, writeDomainFrozen } from '../../proto/generated/events.ts';
import { contentsOf, readHistory, replay } from './history.ts';

const first = readHistory(new URL('version-1.ndjson', import.meta.url));
const second = readHistory(new URL('version-2.ndjson', import.meta.url));
const third = readHistory(new URL('version-3.ndjson', import.meta.url));

type Frozen = ReturnType<typeof readDomainFrozen>;

/** As if the schema of DomainFrozen had changed twice since the first logs. */
const lifted: Definition<Frozen> = {
  stream: 'domain',
  version: 3,
  write: writeDomainFrozen,
  read: readDomainFrozen,
  upcasters: {
    1: (data) => ({ ...data, reason: `${data.reason}, by version 1` }),
    2: (data) => ({ ...data, reason: `${data.reason}, lifted` }),
  },
};

describe('an event that an older version wrote', () => {
  const event = first.find(({ type }) => type === 'DomainFrozen');
  if (event === undefined) throw new Error('there is none');

  test('is lifted one version at a time to the one that is written now', () => {
    const writtenAs = decode(event)?.metadata.schemaVersion ?? 0;
    expect(writtenAs).toBe(1);
    expect(readAs(lifted, event, writtenAs).reason).toBe('golden, by version 1, lifted');
  });

  test('is lifted by what came after it alone, and left as it is by what came before', () => {
    expect(readAs(lifted, event, 2).reason).toBe('golden, lifted');
    expect(readAs(lifted, event, 3).reason).toBe('golden');
    expect(readAs(lifted, event, 4).reason).toBe('golden');
    expect(readAs({ ...lifted, upcasters: { 2: lifted.upcasters?.[2] ?? ((data) => data) } }, event, 1).reason).toBe(
      'golden, lifted',
    );
  });
});

test('what an upcaster loses or makes up is noticed, in whatever event, whether or not a posterior is made from it', () => {
  const types = [...new Set(third.map(({ type }) => type))];
  expect(types.length).toBeGreaterThan(8);
  const some = types.flatMap((type) => third.filter((event) => event.type === type).slice(0, 30));
  const before = contentsOf(some);
  for (const type of types) {
    const definition = catalogue[type as EventType] as unknown as Definition<Record<string, unknown>>; // whatever it says
    const ofType = some.filter((event) => event.type === type);
    const filled = ofType.flatMap((event) =>
      Object.entries(decode(event)?.data ?? {}).filter(([, it]) => isFilled(it)),
    );
    for (const name of new Set(filled.map(([field]) => field))) {
      const losing = { ...definition, version: 2, upcasters: { 1: ({ [name]: _, ...data }) => data } };
      const after = contentsOf(ofType, (event) => ({ type, data: readAs(losing, event, 1) }));
      expect(after[type], `${type}.${name}`).not.toBe(before[type]);
    }
    const unchanged = contentsOf(ofType, (event) => ({ type, data: readAs(definition, event, 1) }));
    expect(unchanged[type]).toBe(before[type]);
  }
});

function isFilled(value: unknown): boolean {
  return Array.isArray(value) || value instanceof Uint8Array ? value.length > 0 : Boolean(value);
}

test('an event type that only a newer version knows is kept and skipped: nothing else comes out otherwise', async () => {
  const newer: Readonly<Record<string, string>> = { ItemsShown: 'ItemsSeen', RollbackPointMarked: 'DomainBlessed' };
  const events = second.map((event): RecordedEvent => ({ ...event, type: newer[event.type] ?? event.type }));
  expect(events.filter((event) => decode(event) === undefined).length).toBeGreaterThan(5);
  const [before, after] = [await replay(second), await replay(events)];
  expect(after.mismatches).toEqual([]);
  expect(after.choices).toBe(before.choices);
  const posteriors = ({ streams }: typeof before) =>
    Object.entries(streams).map(([stream, { posterior }]) => [stream, posterior]);
  expect(posteriors(after)).toEqual(posteriors(before));
});

describe('the integrity of what was recorded', () => {
  test('the first logs have no checksums: chains vouch for them, and for the last events their own form', () => {
    const flaws: unknown[] = [];
    const integrity = createIntegrity((flaw) => flaws.push(flaw));
    for (const event of first) integrity.check(event);
    expect(flaws).toEqual([]);
    const last = first.filter(({ stream, revision }) => integrity.heads.get(stream)?.revision === revision);
    expect(last.length).toBe(integrity.heads.size);
    for (const event of last) expect(flawOfLast(event)).toBeUndefined();
    expect([...integrity.heads.values()].every(({ whole }) => whole === undefined)).toBe(true);
  });

  test('a field that nobody knows, in the last event of a stream without checksums, is found', () => {
    const event = first.at(-1);
    if (event === undefined) throw new Error('there is none');
    const metadata = Buffer.concat([event.metadata, Buffer.from([0x78, 0x01])]);
    expect(flawOfLast({ ...event, metadata })).toBe('Its bytes are not those that its content is written as.');
  });

  test('a changed event of the first logs is told by the one that follows it', () => {
    const at = first.findIndex(({ type, revision }) => type === 'DecisionMade' && revision === 0);
    const { stream, id } = first[at] ?? {};
    const flaws: unknown[] = [];
    const integrity = createIntegrity((flaw) => flaws.push(flaw));
    for (const [index, event] of first.entries()) {
      const data = Buffer.from(event.data);
      if (index === at) data[data.length - 1] = (data.at(-1) ?? 0) ^ 1;
      integrity.check({ ...event, data });
    }
    expect(flaws).toMatchObject([{ kind: 'changed', stream, revision: 0, eventId: id }]);
  });

  test('all of the second ones have checksums', () => {
    const flaws: unknown[] = [];
    const integrity = createIntegrity((flaw) => flaws.push(flaw));
    for (const event of second) expect(integrity.check(event).sound).toBe(true);
    expect(flaws).toEqual([]);
    expect([...integrity.heads.values()].every(({ whole }) => whole)).toBe(true);
  });
});
