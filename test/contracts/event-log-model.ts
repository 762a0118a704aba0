/** The log against the simplest thing that could be one: an array. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventLog, EventRecord } from '../../events/event-log.ts';
import { collect, someEvent } from './event-fixtures.ts';
import type { EventLogSuite } from './event-log.ts';

/** One append, told relative to what the model holds when it runs. */
interface Step {
  readonly stream: string;
  /** Added to the stream's head to give the expected revision: 0 is right. */
  readonly off: number;
  /** For each event the number of the id to use: small numbers collide now and then. */
  readonly ids: readonly number[];
  /** Use the ids that are stored after the expected revision, as a repetition does. */
  readonly repeat: boolean;
}

type Stored = { readonly stream: string; readonly revision: number; readonly id: string };
type Expected = Readonly<Record<string, unknown>>;

export function modelContract(name: string, suite: EventLogSuite): void {
  const ids = suite.idsUniqueAcrossStreams ? fc.nat(60) : fc.nat(10 ** 9);
  const step = fc.record({
    stream: fc.constantFrom('bucket-a', 'bucket-b', 'domain-a'),
    off: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: -4, max: 2 }) }),
    ids: fc.array(ids, { minLength: 1, maxLength: 4 }),
    repeat: fc.boolean(),
  });
  // Each group is appended at once, so that a store which gathers appends has something to gather.
  const groups = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 });

  describe(`the event log in ${name}`, () => {
    it('answers and stores what a list of events would, whatever is appended in whatever order', async () => {
      await fc.assert(
        fc.asyncProperty(groups, async (plan) => {
          const log = await suite.create();
          try {
            await compare(log, plan, suite.storesInOrderOfCalls ?? true);
          } finally {
            await log.close();
          }
        }),
        { numRuns: suite.histories ?? 60 },
      );
    });
  });
}

async function compare(log: EventLog, plan: readonly (readonly Step[])[], inOrder: boolean): Promise<void> {
  const model: Stored[] = [];
  for (const group of plan) {
    const expected: Expected[] = [];
    const appends = group.map((step) => {
      const { revision, events } = concrete(model, step);
      expected.push(append(model, step.stream, revision, events));
      return log.append(step.stream, revision, events);
    });
    for (const [index, result] of (await Promise.all(appends)).entries()) {
      const { position: _, ...rest } = { position: undefined, ...result };
      expect(rest).toEqual(expected[index]);
    }
  }
  const stored = await collect(log.readAll());
  const places = stored.map(({ stream, revision, id }) => ({ stream, revision, id }));
  if (inOrder) expect(places).toEqual(model);
  expect(places).toHaveLength(model.length);
  for (const stream of new Set(model.map((event) => event.stream))) {
    const own = stored.filter((event) => event.stream === stream);
    expect(places.filter((event) => event.stream === stream)).toEqual(model.filter((event) => event.stream === stream));
    expect(await collect(log.readStream(stream))).toEqual(own);
    expect(await collect(log.readStream(stream, { backwards: true }))).toEqual([...own].reverse());
  }
  for (const event of stored.slice(0, 5)) expect(await log.find(event.id)).toEqual(event);
}

function concrete(model: readonly Stored[], step: Step): { revision: number; events: EventRecord[] } {
  const own = model.filter(({ stream }) => stream === step.stream);
  const revision = Math.max(-1, own.length - 1 + step.off);
  const stored = own.slice(revision + 1, revision + 1 + step.ids.length).map(({ id }) => id);
  const ids = step.ids.map((number, index) => (step.repeat && stored[index]) || uuidOf(number));
  return { revision, events: ids.map((id) => someEvent('DecisionMade', id)) };
}

function uuidOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** The rule of an append, as plainly as it can be said. */
function append(model: Stored[], stream: string, expected: number, events: readonly EventRecord[]): Expected {
  const own = model.filter((event) => event.stream === stream);
  const actual = own.length - 1;
  if (expected !== actual) {
    const last = expected + events.length;
    const same = last <= actual && events.every(({ id }, index) => own[expected + 1 + index]?.id === id);
    return same ? { status: 'alreadyAppended', revision: last } : { status: 'conflict', reason: 'revision', actual };
  }
  const added: Stored[] = [];
  for (const { id } of events) {
    const taken = [...model, ...added].find((event) => event.id === id);
    if (taken !== undefined) return { status: 'conflict', reason: 'eventId', ...taken };
    added.push({ stream, revision: expected + 1 + added.length, id });
  }
  model.push(...added);
  return { status: 'appended', revision: expected + events.length };
}
