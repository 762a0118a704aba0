/** What was decided, and what came of it. */
import type { DecodedEvent } from '../events/catalogue.ts';
import { eventId } from '../events/ids.ts';
import { bucketPrefix, createOwners, type Owner } from '../events/streams.ts';
import { DECISIONS, type DecisionRow, decidedRow, decisionRows } from './decision-rows.ts';
import { DOMAIN_TURNS, type DomainTurn, domainTurns } from './domain-turns.ts';
import { EXPLORATION } from './exploration-tables.ts';
import { addShare, type Performance, performanceBy, type Standing } from './performance.ts';
import { PERFORMANCE, PERFORMANCE_LATENCIES } from './performance-tables.ts';
import { startOf } from './period.ts';
import type { Projection, Tables } from './projection.ts';
import {
  countFor,
  REWARD_COUNTS,
  REWARDS,
  type RewardRow,
  rewardCounts,
  rewardRow,
  rewardRows,
} from './reward-rows.ts';
import { rollbackPoints } from './rollback-points.ts';
import { POINT_HOURS, POINT_STARTS, ROLLBACK_POINTS } from './rollback-tables.ts';
import { bounded, boundedOrNull, flag, textOrNull, timeOf } from './told.ts';

const TYPES = [
  'DomainConfigured',
  'RollbackPointMarked',
  'RolledBack',
  'RewardVoided',
  'DecisionMade',
  'RewardObserved',
  'RewardRetracted',
  'AgentCallSucceeded',
  'AgentCallFailed',
] as const;

type Folded = Extract<DecodedEvent, { type: (typeof TYPES)[number] }>;
type Of<T extends Folded['type']> = Extract<Folded, { type: T }>;

/**
 * One projection and not several, because they hang together: what is taken back, by itself or with a thousand others, leaves its
 * decision, its hour and its day, and which those are only the row of the reward tells.
 */
export const outcomes: Projection = {
  name: 'outcomes',
  version: 2,
  about:
    'What was decided, what came back for it, what the arms did with it by hour and by day, and how a domain did around each point ' +
    'that it can be returned to.',
  tables: [
    DECISIONS,
    REWARDS,
    REWARD_COUNTS,
    PERFORMANCE.hour,
    PERFORMANCE.day,
    EXPLORATION.hour,
    EXPLORATION.day,
    PERFORMANCE_LATENCIES.hour,
    PERFORMANCE_LATENCIES.day,
    DOMAIN_TURNS,
    ROLLBACK_POINTS,
    POINT_HOURS,
    POINT_STARTS,
  ],
  types: TYPES,
  ordered: true,
  open(tables) {
    const fold = foldInto(tables);
    return {
      apply(event) {
        const decoded = event.decoded();
        if (decoded !== undefined && isFolded(decoded)) fold.apply(decoded);
      },
      flush: fold.flush,
      reset: fold.reset,
    };
  },
};

function isFolded(event: DecodedEvent): event is Folded {
  return (TYPES as readonly string[]).includes(event.type);
}

function foldInto(tables: Tables) {
  const decisions = decisionRows(tables);
  const rewards = rewardRows(tables);
  const counts = rewardCounts(tables);
  const turns = domainTurns(tables);
  const periods: readonly Performance[] = [performanceBy('hour', tables), performanceBy('day', tables)];
  const points = rollbackPoints(tables);
  const parts = [decisions, rewards, counts, turns, ...periods, points];
  const owners = createOwners();

  function flush(): void {
    for (const part of parts) part.flush();
  }

  function apply(event: Folded): void {
    if (event.type === 'AgentCallSucceeded' || event.type === 'AgentCallFailed') called(event);
    const owner = owners(event.stream);
    if (owner === undefined) return;
    if (event.type === 'DecisionMade') decided(event, owner);
    if (event.type === 'RewardObserved') rewarded(event, owner);
    if (event.type === 'RewardRetracted') retracted(event);
    if (event.type === 'RollbackPointMarked' || event.type === 'RolledBack') points.marked(event, owner);
    if (event.type === 'DomainConfigured' || event.type === 'RolledBack' || event.type === 'RewardVoided')
      turned(event, owner);
  }

  function decided(event: Of<'DecisionMade'>, owner: Owner): void {
    const row = decidedRow(event, owner, turns.configuredAt(owner, event.data.domainRevision));
    decisions.insert(row);
    for (const period of periods) period.decided(row);
    points.decided(owner, row.time);
  }

  function rewarded(event: Of<'RewardObserved'>, owner: Owner): void {
    const reward = rewards.insert(rewardRow(event, owner));
    const count = countFor(counts, reward);
    count.observed += 1;
    count.outdated += reward.outdated;
    count.set_aside += reward.set_aside;
    if (reward.share === 0) count.neutral += 1;
    counts.changed(count);
    const decision = decisions.find(reward.stream, reward.decision_revision);
    if (decision !== undefined) {
      decision.last_reward_at = reward.time;
      decisions.changed(decision);
      if (decision.cost_usd === null && reward.cost_usd !== null) {
        decision.cost_usd = reward.cost_usd;
        const { tenant, domain } = owner;
        for (const period of periods) period.paid(tenant, domain, reward.arm, reward.time, reward.cost_usd);
        points.paid(owner, reward.time, reward.cost_usd);
      }
    }
    if (reward.share > 0) points.rewarded(reward);
    stand(reward, 'counts');
    // Made before it was recorded that such rewards do not count, and come after.
    const voiding = turns.voidOf(owner, reward);
    if (voiding !== undefined) takeOut(reward, voiding);
  }

  function retracted({ stream, data, metadata }: Of<'RewardRetracted'>): void {
    const reward = rewards.find(stream, data.decisionRevision, data.rewardRevision);
    if (reward === undefined || reward.reward_id !== data.rewardId || reward.retracted_at !== null) return;
    reward.retracted_at = timeOf({ metadata });
    rewards.changed(reward);
    if (reward.voided_at !== null) return;
    const count = countFor(counts, reward);
    count.retracted += 1;
    counts.changed(count);
    stand(reward, 'retracted');
  }

  /** A reward begins to count, or ceases to: in its decision, its hour and its day. One with no share never does. */
  function stand(reward: RewardRow, standing: Standing): void {
    if (reward.share === 0) return;
    const sign = standing === 'counts' || standing === 'restored' ? 1 : -1;
    const count = countFor(counts, reward);
    addShare(count, reward, sign);
    counts.changed(count);
    for (const period of periods) period.rewarded(reward, standing);
    const decision = decisions.find(reward.stream, reward.decision_revision);
    if (decision === undefined) return;
    addShare(decision, reward, sign);
    if (standing === 'retracted') decision.retracted += 1;
    if (standing === 'voided') decision.voided += 1;
    if (standing === 'restored') decision.voided -= 1;
    decisions.changed(decision);
  }

  function takeOut(reward: RewardRow, { revision, time }: DomainTurn): void {
    reward.voided_at = time;
    reward.voided_by = revision;
    rewards.changed(reward);
    if (reward.retracted_at !== null) return;
    const count = countFor(counts, reward);
    count.voided += 1;
    counts.changed(count);
    stand(reward, 'voided');
  }

  function restore(reward: RewardRow): void {
    reward.voided_at = null;
    reward.voided_by = null;
    rewards.changed(reward);
    if (reward.retracted_at !== null) return;
    const count = countFor(counts, reward);
    count.voided -= 1;
    counts.changed(count);
    stand(reward, 'restored');
  }

  function turned(event: Of<'DomainConfigured' | 'RolledBack' | 'RewardVoided'>, owner: Owner): void {
    const before = turns.voidings(owner);
    turns.note(turnOf(event, owner));
    const after = turns.voidings(owner);
    // A rollback goes back behind what was taken out since, and its own rollback takes it out again.
    const changed = [
      ...before.filter(({ revision }) => !after.some((other) => other.revision === revision)),
      ...after.filter(({ revision }) => !before.some((other) => other.revision === revision)),
    ];
    for (const voiding of changed) reconsider(owner, voiding);
  }

  /** Looks at each reward that this may have taken out, whether it is taken out now. */
  function reconsider({ tenant, domain }: Owner, { subject, from_time, to_time }: DomainTurn): void {
    flush(); // what this batch holds back is to be found, too
    const look = (found: Iterable<unknown>) => {
      for (const row of found) {
        const { stream, decision_revision, revision } = row as RewardRow; // as this projection put it
        const reward = rewards.find(stream, decision_revision, revision);
        if (reward === undefined) continue;
        const voiding = turns.voidOf(reward, reward);
        if (voiding?.revision === (reward.voided_by ?? undefined)) continue;
        if (reward.voided_at !== null) restore(reward);
        if (voiding !== undefined) takeOut(reward, voiding);
      }
      flush();
    };
    if (subject !== null) {
      look(tables.select(REWARDS.name, { tenant, domain, subject }));
      return;
    }
    // Hour by hour: all of a domain's rewards at once might be millions.
    const hours = new Set<number>();
    for (const row of tables.select(REWARD_COUNTS.name, { tenant, domain })) hours.add(Number(row.start));
    const [first, last] = [startOf('hour', from_time ?? -Infinity), to_time ?? Infinity];
    for (const hour of hours)
      if (hour >= first && hour < last) look(tables.select(REWARDS.name, { tenant, domain, hour }));
  }

  function called(event: Of<'AgentCallSucceeded' | 'AgentCallFailed'>): void {
    const decision = decisionOf(event);
    if (decision === undefined) return;
    const { data } = event;
    const succeeded = event.type === 'AgentCallSucceeded';
    const outcome = succeeded ? 'succeeded' : event.data.category;
    const latencyMs = bounded(data.latencyMs);
    const costUsd = succeeded ? bounded(event.data.costUsd) : 0;
    const arm = data.arm === '' ? decision.arm : data.arm; // the first logs do not name it, and had no stand-ins
    decision.calls += 1;
    decision.agent_outcome = outcome;
    if (succeeded) {
      decision.cost_usd = (decision.cost_usd ?? 0) + costUsd;
      decision.latency_ms = latencyMs;
      decision.answered_by = arm;
    }
    decisions.changed(decision);
    const end = { time: timeOf(event), arm, outcome, latencyMs, costUsd };
    if (succeeded) points.paid(decision, end.time, costUsd);
    for (const period of periods) period.called(decision.tenant, decision.domain, end);
  }

  /** The decision that a call was made for. Its id does not tell the tenant: where several have such a bucket, its cause does. */
  function decisionOf({ data, metadata }: Of<'AgentCallSucceeded' | 'AgentCallFailed'>): DecisionRow | undefined {
    const [domain = '', bucket = '', revision36 = ''] = data.decisionId.split('.');
    const revision = Number.parseInt(revision36, 36);
    if (domain === '' || bucket === '' || !Number.isSafeInteger(revision)) return undefined;
    const found: DecisionRow[] = [];
    for (const tenant of turns.tenantsOf(domain)) {
      const row = decisions.find(bucketPrefix(tenant, domain) + bucket, revision);
      if (row !== undefined) found.push(row);
    }
    if (found.length <= 1) return found[0];
    return found.find(
      ({ tenant, request_id }) => eventId(tenant, domain, request_id, 'DecisionMade') === metadata.causationId,
    );
  }

  return {
    apply,
    flush,
    reset() {
      for (const part of parts) part.reset();
    },
  };
}

function turnOf(event: Of<'DomainConfigured' | 'RolledBack' | 'RewardVoided'>, { tenant, domain }: Owner): DomainTurn {
  const turn = { domain, tenant, revision: event.revision, time: timeOf(event) };
  const nothing = { to_revision: null, subject: null, from_time: null, to_time: null };
  switch (event.type) {
    case 'DomainConfigured':
      return { ...turn, kind: 'configured', configures: 1, ...nothing };
    case 'RolledBack': {
      const { toDomainRevision, configKept } = event.data;
      return { ...turn, kind: 'rolled_back', configures: flag(!configKept), ...nothing, to_revision: toDomainRevision };
    }
    case 'RewardVoided': {
      const { subject, fromTime, toTime } = event.data;
      const span = { from_time: boundedOrNull(fromTime), to_time: boundedOrNull(toTime) };
      return { ...turn, kind: 'voided', configures: 0, ...nothing, subject: textOrNull(subject), ...span };
    }
  }
}
