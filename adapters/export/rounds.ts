/** The decisions of a domain in the order of the log, each with its exact propensity and with what came back for it. */
import type { BucketState } from '../../actors/bucket/bucket-state.ts';
import { createForwardRecall } from '../../actors/bucket/recall-forward.ts';
import type { CompiledDomain } from '../../actors/domain/compiled-domain.ts';
import { type DomainHistory, readDomainHistory } from '../../actors/domain/domain-history.ts';
import { decisionId } from '../../actors/identity/decision-id.ts';
import type { ContextValue } from '../../actors/messages/fields.ts';
import { type DecodedEvent, decode, type EventData } from '../../events/catalogue.ts';
import type { EventLog, Position } from '../../events/event-log.ts';
import type { SnapshotStore } from '../../events/snapshot-store.ts';
import { bucketOfStream, bucketPrefix } from '../../events/streams.ts';
import { type DomainOutline, outlineOf } from './domain-outline.ts';
import { combined, gatherRewards, type RewardSheet, type SheetReward } from './reward-sheet.ts';

/** One place of a decision: the chosen arm, or one arm of its slate. */
export interface Place {
  readonly arm: string;
  /** Index of the arm among all that the domain ever had; -1 for one that no configuration names. */
  readonly action: number;
  /** From 0, the first one. */
  readonly position: number;
  /** P(this arm at this place), exact; undefined where this version cannot compute it. */
  readonly pscore: number | undefined;
  /** In [0, 1]; undefined where nothing came, or nothing that counts. */
  readonly reward: number | undefined;
}

export interface Round {
  /** Empty where the installation's key is not at hand. */
  readonly decisionId: string;
  readonly eventId: string;
  readonly bucket: string;
  /** When it was decided, milliseconds since 1970. */
  readonly time: number;
  readonly candidates: readonly string[];
  /** P(candidate is chosen) for each; undefined where it was not asked for, or this version cannot compute it. */
  readonly propensities: readonly number[] | undefined;
  /** One, or as many as its slate has. */
  readonly places: readonly Place[];
  /** The context in words; of texts and embeddings the numbers that were kept. */
  readonly context: Readonly<Record<string, ContextValue>>;
  /** The context as named doubles, categories and booleans in words. */
  readonly features: ReadonlyMap<string, ContextValue>;
  readonly policy: string;
  readonly policyVersion: number;
  readonly domainRevision: number;
  /** Empty where the domain does not gate. */
  readonly mode: string;
  readonly expectedReward: number;
  readonly expectedCostUsd: number | undefined;
  /** What its call has cost, as first reported. */
  readonly costUsd: number | undefined;
  /** No candidate met the constraints: the policy was not asked. */
  readonly fallback: boolean;
  /** Nothing else could have been chosen, but for ties: counterfactual estimates have nothing to weigh by. */
  readonly deterministic: boolean;
  /** Rewards that count, of all its arms, in the order in which they came. */
  readonly rewards: readonly SheetReward[];
}

export interface RoundsOptions {
  readonly log: EventLog;
  readonly snapshots: SnapshotStore;
  /** The installation's key of decision ids; without it they are left away. */
  readonly key?: Uint8Array | undefined;
  readonly tenant: string;
  readonly domain: string;
  /** Decided at this time or later, milliseconds since 1970. */
  readonly from?: number | undefined;
  /** Decided before this time. Rewards count whenever they came. */
  readonly to?: number | undefined;
  /** Whether the propensities of all candidates are wanted, not only that of the chosen arm. */
  readonly allPropensities?: boolean;
  /** Whether rewards are worth what the definition in force makes of them, as posteriors were learned anew by it; default as recorded. */
  readonly asRelearned?: boolean;
  /** Told how far it is. @param pass rewards are read first, then decisions */
  readonly onProgress?: (pass: 'rewards' | 'decisions', position: Position, until: Position) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Rounds {
  readonly outline: DomainOutline;
  /** Memory does not grow with their number. Leaving the loop ends it. */
  [Symbol.asyncIterator](): AsyncIterator<Round>;
}

/** @throws ReckonerError domain_unknown, log_corrupt */
export async function readRounds(options: RoundsOptions): Promise<Rounds> {
  const { log, tenant, domain } = options;
  // What is written from here on is for the next export: all decisions have the rewards up to one and the same position.
  const until = await log.head();
  const history = await readDomainHistory(log, tenant, domain);
  const outline = await outlineOf(log, history);
  return { outline, [Symbol.asyncIterator]: () => rounds(options, history, outline, until) };
}

const REPORT_EVERY = 500;

async function* rounds(
  options: RoundsOptions,
  history: DomainHistory,
  outline: DomainOutline,
  until: Position,
): AsyncGenerator<Round, void, undefined> {
  const { log, snapshots, tenant, domain, onProgress, signal } = options;
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = options;
  const streamPrefix = bucketPrefix(tenant, domain);
  const sheet = await gatherRewards(log, {
    ...{ streamPrefix, until, signal },
    isVoided: outline.isVoided,
    worth: options.asRelearned ? outline.relearned : undefined,
    onProgress: (position) => onProgress?.('rewards', position, until),
  });
  try {
    const recall = createForwardRecall({ log, snapshots }, history);
    let seen = 0;
    for await (const event of log.readAll({ streamPrefix, types: ['DecisionMade'] })) {
      if (event.position > until) break;
      signal?.throwIfAborted();
      if (seen++ % REPORT_EVERY === 0) onProgress?.('decisions', event.position, until);
      const decoded = decode(event);
      if (decoded?.type !== 'DecisionMade') continue;
      const { time } = decoded.metadata;
      if (time < from || time >= to) continue;
      const compiled = await history.compiledAt(decoded.data.domainRevision);
      const lacking = isLacking(decoded.data, options.allPropensities ?? false);
      const before = lacking ? await recall.before(event.stream, event.revision, decoded.data) : undefined;
      yield roundOf(options, outline, sheet, compiled, decoded, before);
    }
    onProgress?.('decisions', until, until);
  } finally {
    sheet.close();
  }
}

/** Whether something is wanted that the decision did not record. */
function isLacking({ fallback, propensity, slate }: EventData<'DecisionMade'>, all: boolean): boolean {
  if (fallback) return false;
  return all || propensity === undefined || slate.some(({ rankPropensity }) => rankPropensity === undefined);
}

function roundOf(
  { key, tenant, domain }: Pick<RoundsOptions, 'key' | 'tenant' | 'domain'>,
  outline: DomainOutline,
  sheet: RewardSheet,
  { schema, policy }: CompiledDomain,
  { id, stream, revision, metadata, data }: Extract<DecodedEvent, { type: 'DecisionMade' }>,
  before: BucketState | undefined,
): Round {
  const bucketId = bucketOfStream(stream)?.bucketId ?? '';
  const rewards = sheet.of(stream, revision);
  const computed = computedOf(data, before);
  const chosen = { arm: data.arm, pscore: data.propensity ?? computed?.chosen };
  const ranked =
    data.slate.length === 0
      ? [chosen]
      : data.slate.map(({ arm, rankPropensity }, rank) => ({ arm, pscore: rankPropensity ?? computed?.ranks[rank] }));
  return {
    decisionId: key === undefined ? '' : decisionId(key, tenant, { domain, bucketId, revision }),
    eventId: id,
    bucket: bucketId,
    time: metadata.time,
    candidates: data.candidates,
    propensities: data.fallback ? [1] : computed?.all,
    places: ranked.map(({ arm, pscore }, position) => ({
      arm,
      pscore,
      position,
      action: outline.actionOf(arm),
      reward: combined(rewards.filter((reward) => reward.arm === arm)),
    })),
    context: schema.describe(data.features),
    features: new Map(data.features.map((double, index) => schema.tell(index, double))),
    policy: data.policy,
    policyVersion: data.policyVersion,
    domainRevision: data.domainRevision,
    mode: data.mode,
    expectedReward: data.expectedReward,
    expectedCostUsd: data.expectedCostUsd,
    costUsd: sheet.costOf(stream, revision),
    fallback: data.fallback,
    deterministic: data.fallback || data.candidates.length === 1 || (policy.deterministic && data.floor === 0),
    rewards,
  };
}

/** Propensities from the posterior of that moment; undefined where it is not at hand, or a newer policy would give others. */
function computedOf(data: EventData<'DecisionMade'>, before: BucketState | undefined) {
  if (before === undefined) return undefined;
  const { policy } = before.domain;
  if (policy.name !== data.policy || policy.version !== data.policyVersion) return undefined;
  const all = policy.propensities(before.posterior, data);
  const indices = new Map(data.candidates.map((arm, index) => [arm, index]));
  const ranking = data.slate.map(({ arm }) => indices.get(arm) ?? -1);
  return {
    all,
    chosen: all[indices.get(data.arm) ?? -1],
    ranks: ranking.length === 0 ? [] : policy.rankPropensities(before.posterior, data, ranking),
  };
}
