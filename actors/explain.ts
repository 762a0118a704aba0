/** Tells a recorded decision in full: what every arm looked like at that moment, and whether the log still gives the same choice. */
import { decode, type EventData } from '../events/catalogue.ts';
import { eventAt } from '../events/event-at.ts';
import type { BucketState } from './bucket/bucket-state.ts';
import { wasHeldTo } from './bucket/earnings.ts';
import { recall } from './bucket/recall.ts';
import { pacingOf } from './choice/budget.ts';
import { answerOf } from './choice/choose.ts';
import { CONSERVATIVE, standingOf } from './choice/conservative.ts';
import { recompute } from './choice/recompute.ts';
import { BUDGET, termsOf } from './choice/terms/score-terms.ts';
import type { ContextSchema } from './context/features.ts';
import type { CompiledDomain } from './domain/compiled-domain.ts';
import { type FoundDecision, findDecision, type House } from './house.ts';
import type { Explanation } from './messages/explanation.ts';

/** @throws ReckonerError decision_id_invalid, decision_unknown, log_corrupt */
export async function explain(house: House, tenant: string, decisionId: string): Promise<Explanation> {
  const found = await findDecision(house, tenant, decisionId);
  const { stream, address } = found;
  const { data, time, compiled, before } = await recall(house, found);
  const { items, rewards } = await aftermath(house, found);
  return {
    ...answerOf(found.domain.name, compiled.schema.bucketOf(data.features), decisionId, data),
    time: isoOf(time),
    stream,
    revision: address.revision,
    domainRevision: data.domainRevision,
    posteriorRevision: data.posteriorRevision,
    policyVersion: data.policyVersion,
    seed: data.seed,
    floor: data.floor,
    context: compiled.schema.describe(data.features),
    taskType: data.taskType === '' ? null : data.taskType,
    complexity: data.complexity ?? null,
    tokens: data.tokens ?? null,
    excluded: data.excluded,
    budget: budgetOf(compiled, before, data),
    path: data.fallback ? [] : pathOf(before, compiled.schema, data),
    ...armsThen(before, data, compiled),
    conservative: conservativeOf(compiled, before, data),
    restart: await restartOf(house, stream, before),
    items,
    rewards,
  };
}

/** What the bucket's pacer knew then, of the candidates and of those that it set aside. */
function budgetOf(
  domain: CompiledDomain,
  { pacer }: BucketState,
  { pace, candidates, excluded }: EventData<'DecisionMade'>,
): Explanation['budget'] {
  const asked = [...candidates, ...excluded.flatMap(({ arm, constraint }) => (constraint === BUDGET ? [arm] : []))];
  if (pace === undefined) return null;
  const pacing = pacingOf({ domain, pacer }, asked, pace.context);
  if (pacing === undefined) return null;
  const { perRequestUsd, chargedUsd, price } = pace;
  const arms = asked.map((arm, index) => ({
    arm,
    expectedUsd: pacing.costs[index] ?? 0,
    heldReports: Math.abs(pacer?.arms.get(arm)?.held ?? 0),
  }));
  return { perRequestUsd, chargedUsd, balanceUsd: pacer?.balance ?? null, price, arms };
}

/** The last restart of the bucket, where its posterior still is what began then. */
async function restartOf({ log }: House, stream: string, { changes, posteriorSince }: BucketState) {
  const revision = changes?.restartedAt ?? -1;
  if (revision < 0 || posteriorSince !== revision) return null;
  const event = await eventAt(log, stream, revision);
  const decoded = event && decode(event);
  if (decoded?.type !== 'BucketRestarted') return null;
  const { arm, detector, statistic, threshold, meanBefore, meanAfter, pulls } = decoded.data;
  const time = isoOf(decoded.metadata.time);
  return { revision, time, arm, detector, statistic, threshold, meanBefore, meanAfter, pulls };
}

/** The policy knows features by their place only: the schema has their names. */
function pathOf({ domain, posterior }: BucketState, schema: ContextSchema, data: EventData<'DecisionMade'>): string[] {
  const conditions = domain.policy.path?.(posterior, data) ?? [];
  return conditions.map(({ feature, relation, value }) => {
    const [name, shown] = schema.tell(feature, value);
    // A split lies between values that were seen: its last digits are of rounding.
    return `${name} ${relationWords[relation]} ${typeof shown === 'number' ? Number(shown.toPrecision(6)) : shown}`;
  });
}

const relationWords = { above: 'above', at_most: 'at most', is: 'is', is_not: 'is not' } as const;

/** What every arm looked like, and whether the log still gives the same choice. */
function armsThen(
  before: BucketState,
  data: EventData<'DecisionMade'>,
  compiled: CompiledDomain,
): Pick<Explanation, 'arms' | 'explored' | 'verified'> {
  const { scores, explored, propensities, differences } = recompute(before, data, compiled);
  const verified = differences.length === 0;
  if (data.fallback) {
    const arm = {
      arm: data.arm,
      mean: data.expectedReward,
      lower: 0,
      upper: 1,
      pulls: 0,
      shift: 0,
      terms: {},
      sample: null,
      propensity: 1,
      chosen: true,
    };
    return { arms: [arm], explored, verified };
  }
  const { policy } = before.domain;
  const terms = termsOf(data);
  const samples = explored ? [] : scores;
  return {
    explored,
    verified,
    arms: data.candidates.map((arm, index) => ({
      arm,
      ...policy.belief(before.posterior, data, index),
      shift: data.shifts[index] ?? 0,
      terms: Object.fromEntries(terms.map(({ name, values }) => [name, values[index] ?? 0])),
      sample: finiteOrNull(samples[index]),
      propensity: propensities?.[index] ?? 0,
      chosen: arm === data.arm,
    })),
  };
}

/** How the bucket stood by conservative mode; null where there was nothing to hold the decision to. */
function conservativeOf(
  compiled: CompiledDomain,
  { earnings }: BucketState,
  decision: EventData<'DecisionMade'>,
): Explanation['conservative'] {
  const standing = standingOf(compiled, earnings);
  if (standing === undefined || !wasHeldTo(decision, standing.baseline)) return null;
  const { baseline, risk, earned, owed } = standing;
  return {
    baseline,
    risk,
    earned,
    owed,
    held: decision.excluded.some(({ constraint }) => constraint === CONSERVATIVE),
  };
}

function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** What came after the decision in its stream. */
async function aftermath({ log }: House, { stream, address }: FoundDecision) {
  const items: Explanation['items'][number][] = [];
  const rewards = new Map<string, Explanation['rewards'][number]>();
  for await (const event of log.readStream(stream, { from: address.revision + 1 })) {
    const decoded = event.type === 'DecisionMade' ? undefined : decode(event);
    if (decoded === undefined) continue;
    if (!('decisionRevision' in decoded.data) || decoded.data.decisionRevision !== address.revision) continue;
    if (decoded.type === 'ItemsShown') items.push(...decoded.data.items);
    if (decoded.type === 'RewardObserved') {
      const { arm, value, share, kind, feedback, item, components, costUsd = null, outdated, setAside } = decoded.data;
      rewards.set(decoded.id, {
        rewardId: decoded.id,
        time: isoOf(decoded.metadata.time),
        arm,
        value,
        share,
        kind,
        feedback: feedback === '' ? null : feedback,
        item: item === '' ? null : item,
        components: components ?? {},
        costUsd,
        retracted: false,
        outdated,
        setAside,
      });
    }
    if (decoded.type === 'RewardRetracted') {
      const taken = rewards.get(decoded.data.rewardId);
      if (taken !== undefined) rewards.set(taken.rewardId, { ...taken, retracted: true });
    }
  }
  return { items, rewards: [...rewards.values()] };
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}
