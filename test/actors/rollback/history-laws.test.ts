/** What holds of every policy, whatever has happened to its domain: the log is the truth, and all else is folded from it. */
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BucketState, evolve, isBucketEvent } from '../../../actors/bucket/bucket-state.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { standingAt } from '../../../actors/domain/domain-state.ts';
import { stateAt } from '../../../actors/rollback/time-travel.ts';
import { decode } from '../../../events/catalogue.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { domainStream } from '../../../events/streams.ts';
import { everySpec } from '../../policies/every-policy.ts';
import { configured, DOMAIN, given, openStage, type Stage, type StageOptions, TENANT } from '../given.ts';
import { openShelf, posteriorOf, stateFrom, textOf, watched } from '../posterior.ts';
import {
  allOf,
  anything,
  bucketsOf,
  foldedFrom,
  newCourse,
  onlyLearning,
  onlyThese,
  type Step,
  take,
  timelineOf,
  variantsOf,
} from './histories.ts';

/** Naps are short, and time passes by the requests alone. */
const sleep: StageOptions['sleep'] = (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 2)));

/** A domain with a past. */
async function withPast(policy: NonNullable<DomainConfigInput['policy']>) {
  const variants = variantsOf(policy);
  const watch = watched();
  const snapshots = openShelf();
  const options = { snapshots, makePolicy: watch.makePolicy, sleep, maxLiveBuckets: 1 };
  const course = newCourse();
  const past = { watch, snapshots, course, stage: await given([configured(variants[0])], options) };
  return Object.assign(past, {
    /** Lets all of it happen. */
    async live(steps: readonly Step[]) {
      for (const one of steps) {
        if (one.do === 'restart') {
          const { log, time } = past.stage;
          await past.stage.stop();
          past.stage = await openStage({ ...options, log });
          past.stage.time = time;
          continue;
        }
        const { problem } = await past.stage.when(() => take(past.stage, one, course, variants));
        if (problem !== undefined) expect(problem.code).toBe('reward_already_recorded');
      }
      await past.stage.settled();
    },
  });
}

/** What each bucket holds at the end of the log, by stream: as a live bucket chooses from it, which is as the log has it. */
async function believed({ reckoner, log }: Stage, watch: { readonly last: string }): Promise<Map<string, string>> {
  const beliefs = new Map<string, string>();
  for (const user of [0, 1]) {
    // The first adopts what the domain has come to; the second is made from what it holds then.
    await reckoner.decide(DOMAIN, { context: { user, size: 0.5 } });
    const { bucket } = await reckoner.decide(DOMAIN, { context: { user, size: 0.5 } });
    const stream = (await bucketsOf(log)).find((name) => name.endsWith(bucket)) ?? '';
    beliefs.set(stream, digestOf(watch.last));
    expect(posteriorOf(await stateFrom(log, { stream }))).toBe(watch.last);
  }
  return beliefs;
}

/** Buckets as a log tells them that ends where the domain's revision does. */
async function endedAt(log: EventLog, revision: number): Promise<Map<string, BucketState>> {
  const all = await allOf(log);
  const states = new Map<string, BucketState>();
  for (const stream of await bucketsOf(log)) {
    const own = all.filter((event) => event.stream === stream);
    const end = own.findIndex((event) => {
      const decoded = decode(event);
      return isBucketEvent(decoded) && decoded.data.domainRevision > revision;
    });
    const domain = all.filter((event) => event.stream === domainStream(TENANT, DOMAIN)).slice(0, revision + 1);
    states.set(
      stream,
      await foldedFrom(onlyThese(log, [...domain, ...own.slice(0, end < 0 ? own.length : end)]), stream),
    );
  }
  return states;
}

/** Lets buckets go on with the events that were recorded from a revision of the domain on. */
async function goOn(log: EventLog, states: ReadonlyMap<string, BucketState>, since: number): Promise<void> {
  const timeline = await timelineOf(log);
  for (const event of await allOf(log)) {
    const [state, decoded] = [states.get(event.stream), decode(event)];
    if (state === undefined || !isBucketEvent(decoded) || decoded.data.domainRevision < since) continue;
    const head = { revision: event.revision, hash: state.head.hash };
    evolve(state, decoded, head, (revision) => standingAt(timeline, revision));
  }
}

/** Short enough to be told apart at a glance. */
function digestOf(posterior: string): string {
  return hash('sha256', posterior).slice(0, 12);
}

function posteriorsOf(states: ReadonlyMap<string, BucketState>): Map<string, string> {
  return new Map([...states].map(([stream, state]) => [stream, digestOf(posteriorOf(state))]));
}

describe.each(everySpec)('Given any history of a domain of %s', (_, policy) => {
  test('then each prefix is what time travel finds, snapshots change nothing, nor does what is said twice', async () => {
    await fc.assert(
      fc.asyncProperty(anything, fc.array(fc.nat(), { minLength: 3, maxLength: 3 }), async (steps, cuts) => {
        const past = await withPast(policy);
        await past.live(steps);
        const { stage, snapshots, watch } = past;
        const { log } = stage;
        const beliefs = await believed(stage, watch);
        const all = await allOf(log);
        const timeline = await timelineOf(log);
        for (const cut of cuts.map((at) => all[at % all.length])) {
          const before = all.filter(({ position }) => cut !== undefined && position <= cut.position);
          const domainRevision = before.filter(({ stream }) => stream === domainStream(TENANT, DOMAIN)).length - 1;
          for (const stream of beliefs.keys()) {
            const moment = { domainRevision, position: cut?.position };
            const domain = { timeline, refresh: async () => {} };
            const { state } = await stateAt({ log, snapshots }, domain, stream, moment);
            expect(posteriorOf(state)).toBe(posteriorOf(await foldedFrom(onlyThese(log, before), stream)));
            const upTo = before.filter((event) => event.stream === stream).length;
            for (const end of [upTo, undefined])
              expect(textOf(await stateFrom(log, { stream, upTo: end, snapshots }))).toBe(
                textOf(await stateFrom(log, { stream, upTo: end })),
              );
          }
        }
        expect(stage.failures).toEqual([]);
        await stage.stop();
      }),
      { numRuns: 1, endOnFailure: true },
    );
  }, 60_000);

  test('then a rollback is the log up to there and what followed, and a rollback of it restores', async () => {
    await fc.assert(
      fc.asyncProperty(anything, onlyLearning, fc.nat(), async (steps, following, pick) => {
        const past = await withPast(policy);
        await past.live([...steps, { do: 'freeze' }, { do: 'thaw' }]);
        const before = await believed(past.stage, past.watch);
        const { log } = past.stage;
        await past.stage.settled();
        // A rollback to where the domain stands would record nothing.
        const to = pick % ((await timelineOf(log)).length - 1);
        const expected = await endedAt(log, to);
        const { revision } = await past.stage.reckoner.rollBack(DOMAIN, { to });
        expect(await believed(past.stage, past.watch)).toEqual(posteriorsOf(expected));
        await past.live(following);
        const since = await believed(past.stage, past.watch);
        // Where nothing has turned the domain by then, what followed is learned as anything is.
        if ((await timelineOf(log)).lineageOf(to).turnedAt < 0) {
          await goOn(log, expected, revision);
          expect(since).toEqual(posteriorsOf(expected));
        }

        await past.stage.reckoner.rollBack(DOMAIN, { to: revision - 1 });
        expect(await believed(past.stage, past.watch)).toEqual(before);
        expect(past.stage.failures).toEqual([]);
        await past.stage.stop();
      }),
      { numRuns: 1, endOnFailure: true },
    );
  }, 60_000);
});
