/** Random histories of a domain, of everything that can happen to what a bucket knows, and the log as a test reads it. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { adopt, type BucketState } from '../../../actors/bucket/bucket-state.ts';
import { foldBucket } from '../../../actors/bucket/fold-bucket.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { createTimeline, type DomainTimeline, standingAt } from '../../../actors/domain/domain-state.ts';
import type { Decision } from '../../../actors/messages/decide.ts';
import { decode } from '../../../events/catalogue.ts';
import type { EventLog, RecordedEvent } from '../../../events/event-log.ts';
import { NO_SNAPSHOTS } from '../../../events/snapshot-store.ts';
import { bucketPrefix, domainStream } from '../../../events/streams.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { DOMAIN, NOON, type Stage, TENANT } from '../given.ts';

export type Step =
  | { readonly do: 'play'; readonly rounds: number; readonly user: number; readonly silent: number }
  | { readonly do: 'reward'; readonly which: number; readonly value: number; readonly kind: 'outcome' | 'implicit' }
  | { readonly do: 'retract'; readonly which: number }
  | { readonly do: 'configure'; readonly variant: number }
  | { readonly do: 'void'; readonly from: number; readonly to: number }
  | { readonly do: 'rollBack'; readonly to: number; readonly keepConfig: boolean }
  | { readonly do: 'freeze' | 'thaw' }
  | { readonly do: 'restart' };

const which = fc.nat();
const configure = fc.record({ do: fc.constant('configure' as const), variant: fc.nat({ max: 4 }) });

const plays = {
  weight: 10,
  arbitrary: fc.record({
    ...{ do: fc.constant('play' as const), rounds: fc.integer({ min: 1, max: 12 }) },
    ...{ user: fc.nat({ max: 1 }), silent: fc.nat({ max: 4 }) },
  }),
} satisfies fc.WeightedArbitrary<Step>;

/** What a bucket learns from, and what says how. */
const learning: fc.WeightedArbitrary<Step>[] = [
  plays,
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ do: fc.constant('reward' as const), which, value: fc.constantFrom(0, 0.25, 0.7, 1) },
      kind: fc.constantFrom('outcome' as const, 'implicit' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('retract' as const), which }) },
  { weight: 1, arbitrary: configure },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step>({ do: 'freeze' }, { do: 'thaw' }, { do: 'restart' }),
  },
];

/** All that can happen. */
export const anything = fc.array(
  fc.oneof(
    ...learning,
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('void' as const), from: fc.nat(), to: fc.integer({ min: 1, max: 40 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('rollBack' as const), to: fc.nat(), keepConfig: fc.boolean() }),
    },
  ),
  { minLength: 15, maxLength: 30 },
);

/** What turns no domain and takes nothing back: silence is taken back by a reward that comes late. */
export const onlyLearning = fc.array(
  fc.oneof(plays, { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'freeze' }, { do: 'thaw' }) }),
  { minLength: 3, maxLength: 8 },
);

/** Configurations that follow one another in a domain of a policy. */
export function variantsOf(policy: NonNullable<DomainConfigInput['policy']>): readonly DomainConfigInput[] {
  const own: DomainConfigInput = {
    arms: ['a', 'b', 'c'],
    context: { user: { type: 'numeric', round: 1 }, size: { type: 'numeric' } },
    bucketBy: ['user'],
    policy,
    exploration: 0.3,
    sharing: { every: 7 },
    reward: { window: { seconds: 60, silence: 'failure' } },
  };
  return [
    own,
    { ...own, arms: ['a', 'c', { name: 'd', prior: { alpha: 3, beta: 1 } }] },
    { ...own, conservative: { baseline: 'a' }, risk: 0.4 },
    { ...own, policy: { name: 'beta_thompson', discount: 0.9 } },
    { ...own, feedback: { click: 'failure' } },
  ];
}

type RewardBody = Parameters<Stage['reckoner']['reward']>[1];

/** What a history has come to, for its next steps. */
export interface Course {
  readonly decisions: Decision[];
  readonly rewards: { readonly decisionId: string; readonly rewardId: string }[];
}

export const newCourse = (): Course => ({ decisions: [], rewards: [] });

/** Does what a step says; a restart is for who opened the stage. */
export async function take(
  stage: Stage,
  one: Exclude<Step, { do: 'restart' }>,
  course: Course,
  variants: readonly DomainConfigInput[],
): Promise<void> {
  const { reckoner } = stage;
  const reward = async (decisionId: string, body: RewardBody) => {
    const recorded = await reckoner.reward(decisionId, body);
    course.rewards.push(recorded);
    // Said twice is said once.
    expect(await reckoner.reward(decisionId, body)).toMatchObject({ rewardId: recorded.rewardId });
  };
  switch (one.do) {
    case 'play':
      for (let round = 0; round < one.rounds; round++) {
        const context = { user: one.user, size: (course.decisions.length % 7) / 7 };
        const decision = await reckoner.decide(DOMAIN, { context });
        course.decisions.push(decision);
        const worth = round % 3 === 1 ? { feedback: 'click' as const } : { value: (round % 4) / 3 };
        if (round % 5 >= one.silent) await reward(decision.decisionId, worth);
      }
      return;
    case 'reward': {
      const decision = course.decisions[one.which % course.decisions.length];
      if (decision !== undefined) await reward(decision.decisionId, { value: one.value, kind: one.kind });
      return;
    }
    case 'retract': {
      const known = course.rewards[one.which % course.rewards.length];
      if (known !== undefined) await reckoner.retract(known.decisionId, known.rewardId);
      return;
    }
    case 'configure':
      await reckoner.configure(DOMAIN, variants[one.variant] ?? { arms: [] });
      return;
    case 'void': {
      const from = NOON + (one.from % Math.max(1, stage.time - NOON));
      const [begin, end] = [from, from + one.to].map((ms) => new Date(ms).toISOString());
      await reckoner.voidRewards(DOMAIN, { from: begin, to: end });
      return;
    }
    case 'rollBack': {
      const { revision } = await reckoner.domain(DOMAIN);
      await reckoner.rollBack(DOMAIN, { to: one.to % (revision + 1), keepConfig: one.keepConfig });
      return;
    }
    default:
      await reckoner[one.do](DOMAIN);
  }
}

export async function allOf(log: EventLog): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of log.readAll()) events.push(event);
  return events;
}

export async function bucketsOf(log: EventLog): Promise<string[]> {
  const streams = new Set((await allOf(log)).map(({ stream }) => stream));
  return [...streams].filter((stream) => stream.startsWith(bucketPrefix(TENANT, DOMAIN)));
}

/** The streams of a log that holds nothing but these events: what came after them is not there to be looked at. */
export function onlyThese(log: EventLog, events: readonly RecordedEvent[]): EventLog {
  return {
    ...log,
    async *readStream(stream, { from = 0, limit = Number.POSITIVE_INFINITY } = {}) {
      yield* events.filter((event) => event.stream === stream && event.revision >= from).slice(0, limit);
    },
  };
}

export async function timelineOf(log: EventLog): Promise<DomainTimeline> {
  const timeline = createTimeline(createPolicy);
  for await (const event of log.readStream(domainStream(TENANT, DOMAIN))) timeline.apply(event.revision, decode(event));
  return timeline;
}

/** A bucket as whoever looks at it at the end of the log sees it, without any cache. */
export async function foldedFrom(log: EventLog, stream: string): Promise<BucketState> {
  const timeline = await timelineOf(log);
  const state = await foldBucket({ log, snapshots: NO_SNAPSHOTS, timeline, refresh: async () => {} }, stream);
  adopt(state, standingAt(timeline, timeline.length - 1));
  return state;
}
