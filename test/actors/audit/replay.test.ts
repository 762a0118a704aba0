/** The log made again in one pass: every decision meets the state that it was made from. */
import { describe, expect, test } from 'vitest';
import { createReplay, type PassingDecision, type StateShelf } from '../../../actors/audit/replay.ts';
import { recompute } from '../../../actors/choice/recompute.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import type { RewardCommand } from '../../../actors/messages/reward.ts';
import { decode } from '../../../events/catalogue.ts';
import type { EventLog, RecordedEvent } from '../../../events/event-log.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { everySpec } from '../../policies/every-policy.ts';
import { configured, DOMAIN, given, type Stage } from '../given.ts';

const CONTEXT: NonNullable<DomainConfigInput['context']> = {
  topic: { type: 'categorical', values: ['x', 'y', 'z'] },
  size: { type: 'numeric' },
};

/** Decisions, rewards and retractions over three buckets, through a freeze, a configuration, and rollbacks there and back, and a voiding. */
async function play({ reckoner, settled }: Stage, config: DomainConfigInput): Promise<void> {
  const newest = async () => (await reckoner.domain(DOMAIN)).revision;
  let [early, late] = [0, 0];
  let spam: [decisionId: string, rewardId: string] = ['', ''];
  for (let round = 0; round < 60; round++) {
    const context = { topic: 'xyz'[round % 3] ?? 'x', size: round % 7 };
    const k = round % 5 === 4 ? 2 : undefined;
    const propensity = round % 4 === 3 ? ('lazy' as const) : undefined;
    const decision = await reckoner.decide(DOMAIN, { context, k, propensity });
    const value = (round % 10) / 10;
    const { rewardId } = await reckoner.reward(decision.decisionId, {
      value,
      subject: round % 7 === 0 ? 'spammer' : undefined,
    });
    if (round === 49) spam = [decision.decisionId, rewardId];
    if (round % 6 === 5) await reckoner.retract(decision.decisionId, rewardId, { reason: 'a test' });
    if (round === 20) await reckoner.freeze(DOMAIN, { reason: 'a test' });
    if (round === 26) await reckoner.thaw(DOMAIN, { reason: 'a test' });
    if (round === 40) await reckoner.configure(DOMAIN, { ...config, exploration: 0.3 });
    if (round === 30) early = await newest();
    if (round === 46) {
      late = await newest();
      await reckoner.rollBack(DOMAIN, { to: early, reason: 'a test' });
    }
    if (round === 51) await reckoner.voidRewards(DOMAIN, { subject: 'spammer', reason: 'a test' });
    if (round === 52) await reckoner.retract(...spam, { reason: 'voided already' });
    if (round === 54) await reckoner.rollBack(DOMAIN, { to: late, reason: 'a test' });
    await settled();
  }
}

async function replayed(
  log: EventLog,
  visit: (passing: PassingDecision) => void,
  more: { readonly liveBuckets?: number; readonly shelf?: StateShelf } = {},
): Promise<void> {
  const replay = createReplay({ log, makePolicy: createPolicy, visit, ...more });
  for await (const event of log.readAll()) await replay.next(event, decode(event));
}

describe.each(everySpec)('given a history of the policy %s', (_, policy) => {
  test('every decision comes out as it was recorded, also where states are put away in between', async () => {
    const config: DomainConfigInput = {
      ...{ arms: ['a', 'b', 'c', 'd'], context: CONTEXT, bucketBy: ['topic'], policy, sharing: { every: 7 } },
      ...{ confidence: { gate: true }, exploration: 0.2 },
    };
    const stage = await given([configured(config)]);
    await play(stage, config);
    for (const liveBuckets of [1, 100]) {
      let decisions = 0;
      const differing: unknown[] = [];
      const visit = ({ decision, before, compiled }: PassingDecision) => {
        decisions += 1;
        const { differences, propensities } = recompute(before, decision.data, compiled);
        if (differences.length > 0) differing.push([decision.revision, differences]);
        expect(propensities?.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 6);
      };
      await replayed(stage.log, visit, { liveBuckets });
      expect(differing).toEqual([]);
      expect(decisions).toBe(60);
    }
    await stage.stop();
  });
});

test('a policy that takes over learns from what was before, and its decisions come out as they were recorded', async () => {
  const config: DomainConfigInput = {
    ...{
      arms: ['a', 'b', 'c'],
      context: CONTEXT,
      bucketBy: ['topic'],
      policy: { name: 'beta_thompson' },
      exploration: 0.1,
    },
  };
  const stage = await given([configured(config)]);
  const round = async (topic: string, reward: RewardCommand) => {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { topic, size: 1 } });
    return stage.reckoner.reward(decisionId, reward);
  };
  const changes: Partial<DomainConfigInput>[] = [
    ...(['beta_thompson', 'epsilon_greedy', 'nig_thompson', 'beta_thompson'] as const).map((name) => ({
      policy: { name },
    })),
    // Also what rewards are worth: those that were recorded, and those that were taken back.
    { feedback: { click: 'failure' } },
    { feedback: { click: 'neutral' }, policy: { name: 'nig_thompson' } },
  ];
  for (const change of changes) {
    await stage.reckoner.configure(DOMAIN, { ...config, ...change });
    for (let at = 0; at < 24; at++) {
      const { decisionId, rewardId } = await round(
        'xyz'[at % 3] ?? 'x',
        at % 4 === 0 ? { feedback: 'click' } : { value: (at % 5) / 5 },
      );
      if (at % 8 === 4) await stage.reckoner.retract(decisionId, rewardId);
    }
  }
  for (const liveBuckets of [1, 100]) {
    const differing: unknown[] = [];
    const visit = ({ decision, before, compiled }: PassingDecision) => {
      const { differences } = recompute(before, decision.data, compiled);
      if (differences.length > 0) differing.push([decision.revision, differences[0]]);
    };
    await replayed(stage.log, visit, { liveBuckets });
    expect(differing).toEqual([]);
  }
  await stage.stop();
});

const SIMPLE: DomainConfigInput = { arms: ['red', 'blue'], bucketBy: [], context: {} };

test('one bit of a reward makes a later decision come out otherwise', async () => {
  const stage = await given([configured(SIMPLE)]);
  for (let round = 0; round < 40; round++) {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
    await stage.reckoner.reward(decisionId, { value: 0.5 });
  }
  const found: string[] = [];
  const replay = createReplay({
    log: stage.log,
    makePolicy: createPolicy,
    visit: ({ decision, before, compiled }) => {
      for (const { what } of recompute(before, decision.data, compiled).differences) found.push(what);
    },
  });
  for await (const event of stage.log.readAll()) {
    const decoded = decode(event);
    if (decoded?.type !== 'RewardObserved' || decoded.revision !== 1) await replay.next(event, decoded);
    else await replay.next(event, { ...decoded, data: { ...decoded.data, value: 0.5 + Number.EPSILON } });
  }
  expect(found).toContain('propensity');
  await stage.stop();
});

test('what cannot follow is refused, and only its own stream is passed over from there', async () => {
  const context: DomainConfigInput['context'] = { topic: { type: 'categorical', values: ['x', 'y'] } };
  const stage = await given([configured({ ...SIMPLE, context, bucketBy: ['topic'] })]);
  for (const topic of ['x', 'y', 'x', 'y', 'x', 'y', 'x']) await stage.reckoner.decide(DOMAIN, { context: { topic } });
  const events: RecordedEvent[] = [];
  for await (const event of stage.log.readAll()) events.push(event);
  const met: string[] = [];
  const visit = ({ decision: { stream, revision } }: PassingDecision) => met.push(`${stream} ${revision}`);
  const replay = createReplay({ log: stage.log, makePolicy: createPolicy, visit });
  const [, x, y] = events.map(({ stream }) => stream);
  const refused: string[] = [];
  for (const event of events) {
    if (event.stream === x && event.revision === 1) continue;
    try {
      await replay.next(event, decode(event));
    } catch (thrown) {
      refused.push((thrown as Error).message);
    }
  }
  expect(refused).toEqual([`The event at revision 2 of ${x} does not follow the one before it.`]);
  expect(met).toEqual([`${x} 0`, `${y} 0`, `${y} 1`, `${y} 2`]);
  expect([replay.isLost(x ?? ''), replay.isLost(y ?? '')]).toEqual([true, false]);
  await stage.stop();
});
