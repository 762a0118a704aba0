/** One choice of a bucket, as the data of its event. */
import type { Belief, Situation } from '../../policies/policy.ts';
import type { DecisionMade } from '../../proto/generated/events.ts';
import { sharedSince } from '../bucket/bucket-changes.ts';
import type { BucketView } from '../bucket/bucket-state.ts';
import type { DomainConfig } from '../config/domain-config.ts';
import type { Bucket } from '../context/features.ts';
import type { DomainState } from '../domain/domain-state.ts';
import type { DecideCommand, Decision } from '../messages/decide.ts';
import { type PacedCandidates, paceCandidates } from './budget.ts';
import { noCandidate, siftCandidates } from './candidates.ts';
import { holdBack } from './conservative.ts';
import { configuredPrior, taskAdjustment } from './expected-quality.ts';
import { shiftsOf, UNSHIFTED } from './terms/score-terms.ts';

/** A decide command on its way to its bucket: validated, its features encoded, its subject a pseudonym. */
export interface DecideRequest {
  readonly tenant: string;
  readonly command: DecideCommand;
  readonly requestId: string;
  /** Empty where the request brought no id: it cannot be repeated. */
  readonly requestHash: Uint8Array;
  readonly features: readonly number[];
  readonly subject: string;
  readonly seed: number;
}

/** Up to so many candidates the exact propensity is computed at once. */
const EAGER_UP_TO = 8;
/** The same where it is asked for: the work grows with them, and nobody else is answered meanwhile. */
const EAGER_AT_MOST = 32;

const NO_PRIOR: readonly number[] = [];

/**
 * Chooses. A function of (posterior, prior, context, candidates, seed): everything but the posterior is in what it returns.
 * @throws ReckonerError arm_unknown, candidates_none
 */
export function makeDecision(state: BucketView, request: DecideRequest): DecisionMade {
  const { domain } = state;
  const { command } = request;
  const { kept, excluded } = holdBack(domain, state.earnings, siftCandidates(domain, request));
  const fallback = kept.length === 0 ? domain.config.fallback : undefined;
  if (kept.length === 0 && fallback === undefined) throw noCandidate(excluded);
  const paced = paceCandidates(state, fallback === undefined ? kept : [fallback], request.features);
  const choice =
    fallback === undefined
      ? byPolicy(state, paced?.candidates ?? kept, request, paced)
      : byFallback(domain, fallback, command.k, paced);
  const known = domain.arms.get(choice.arm);
  // One literal: spreading this many fields together costs as much as choosing.
  return {
    domainRevision: domain.revision,
    requestId: request.requestId,
    requestHash: request.requestHash,
    candidates: choice.candidates,
    shifts: choice.shifts,
    prior: choice.prior,
    features: request.features,
    floor: choice.floor,
    seed: request.seed,
    posteriorRevision: state.posteriorRevision,
    policy: choice.policy,
    policyVersion: choice.policyVersion,
    arm: choice.arm,
    propensity: choice.propensity,
    confidence: choice.confidence,
    mode: modeOf(domain.config, choice.confidence),
    expectedReward: choice.expectedReward,
    expectedCostUsd: known?.costUsd,
    expectedLatencyMs: known?.latencyMs,
    slate: choice.slate,
    excluded: paced === undefined ? excluded : [...excluded, ...paced.excluded],
    subject: request.subject,
    taskType: command.taskType ?? '',
    complexity: command.complexity,
    tokens: command.tokens,
    fallback: fallback !== undefined,
    run: command.run !== undefined,
    terms: choice.terms,
    pace: choice.pace,
  };
}

/** What the policy or the fallback decides of a decision. */
type Chosen = Pick<
  DecisionMade,
  | 'candidates'
  | 'shifts'
  | 'terms'
  | 'prior'
  | 'floor'
  | 'policy'
  | 'policyVersion'
  | 'arm'
  | 'propensity'
  | 'confidence'
  | 'expectedReward'
  | 'slate'
  | 'pace'
>;

function byPolicy(
  state: BucketView,
  candidates: readonly string[],
  request: DecideRequest,
  paced: PacedCandidates | undefined,
): Chosen {
  const { domain, posterior } = state;
  const { policy } = domain;
  const { command, features, seed } = request;
  const wish = command.propensity ?? domain.config.propensity;
  const eager = policy.needsPropensity === true || isEager(wish, candidates.length);
  const { shifts, terms } = shiftsOf(state, request, candidates, paced?.shifts);
  const prior = priorOf(domain, candidates, command.taskType, state.lentBefore);
  const situation: Situation = { candidates, shifts, prior, features, floor: domain.config.exploration };
  const { ranking } = policy.choose(posterior, situation, seed, Math.min(command.k ?? 1, candidates.length));
  const chosen = ranking[0] ?? 0;
  const belief = policy.belief(posterior, situation, chosen);
  return {
    candidates,
    shifts,
    terms,
    prior,
    floor: situation.floor,
    policy: policy.name,
    policyVersion: policy.version,
    arm: candidates[chosen] ?? '',
    propensity: eager ? policy.propensities(posterior, situation)[chosen] : undefined,
    confidence: confidenceOf(belief),
    expectedReward: belief.mean,
    slate: command.k === undefined ? [] : slateOf(state, situation, ranking, eager),
    pace: paced?.paceOf(chosen),
  };
}

function byFallback(
  domain: DomainState,
  arm: string,
  k: number | undefined,
  paced: PacedCandidates | undefined,
): Chosen {
  return {
    candidates: [arm],
    shifts: UNSHIFTED.shifts,
    terms: UNSHIFTED.terms,
    prior: NO_PRIOR,
    floor: 0,
    policy: 'fixed',
    policyVersion: 1,
    arm,
    propensity: 1,
    confidence: 0,
    expectedReward: domain.arms.get(arm)?.quality ?? 0,
    slate: k === undefined ? [] : [{ arm, weight: 1, rankPropensity: 1 }],
    pace: paced?.paceOf(0),
  };
}

export function confidenceOf(belief: Pick<Belief, 'lower' | 'upper'>): number {
  return Math.min(1, Math.max(0, 1 - (belief.upper - belief.lower)));
}

/** The prior of all arms is the same for every decision under one revision, and of every type of task that changes nothing. */
const priors = new WeakMap<DomainState, readonly number[]>();

/** @param lentBefore what the domain had shared before the bucket restarted, which may be as stale as what the bucket knew */
export function priorOf(
  domain: DomainState,
  candidates: readonly string[],
  taskType?: string,
  lentBefore?: BucketView['lentBefore'],
): readonly number[] {
  if (candidates !== domain.armNames || taskAdjustment(domain.config, taskType) !== 0)
    return makePrior(domain, candidates, taskType, lentBefore);
  if (lentBefore !== undefined) return priorSince(domain, lentBefore);
  const known = priors.get(domain) ?? makePrior(domain, candidates, undefined, undefined);
  priors.set(domain, known);
  return known;
}

/** The same for a bucket that restarted, as last made. */
const priorsSince = new WeakMap<object, { readonly domain: DomainState; readonly prior: readonly number[] }>();

function priorSince(domain: DomainState, lentBefore: NonNullable<BucketView['lentBefore']>): readonly number[] {
  const known = priorsSince.get(lentBefore);
  if (known?.domain === domain) return known.prior;
  const prior = makePrior(domain, domain.armNames, undefined, lentBefore);
  priorsSince.set(lentBefore, { domain, prior });
  return prior;
}

/** What the domain lends its buckets. A domain of one bucket lends nothing: it would lend the bucket its own rewards. */
function makePrior(
  domain: DomainState,
  candidates: readonly string[],
  taskType: string | undefined,
  lentBefore: BucketView['lentBefore'],
): readonly number[] {
  const { config, arms, policy } = domain;
  const shared = lentBefore === undefined ? domain.shared : sharedSince(domain.shared, lentBefore);
  return policy.prior(candidates, {
    configured: (arm) => configuredPrior(config, arms.get(arm), taskType),
    shared: config.bucketBy.length === 0 ? undefined : shared,
  });
}

function isEager(wish: 'auto' | 'eager' | 'lazy', candidates: number): boolean {
  if (wish === 'lazy') return false;
  return candidates <= (wish === 'auto' ? EAGER_UP_TO : EAGER_AT_MOST);
}

/** What the caller is told to do with a decision; empty where the domain does not gate. */
export function modeOf({ confidence: { gate, autonomous, supervised } }: DomainConfig, confidence: number): string {
  if (!gate) return '';
  return confidence >= autonomous ? 'autonomous' : confidence >= supervised ? 'supervised' : 'escalated';
}

/** The ranked arms with their confidences, normalised over the slate, as weights. */
function slateOf({ domain, posterior }: BucketView, situation: Situation, ranking: readonly number[], eager: boolean) {
  const confidences = ranking.map((index) => confidenceOf(domain.policy.belief(posterior, situation, index)));
  const total = confidences.reduce((sum, confidence) => sum + confidence, 0);
  const ranks = eager ? domain.policy.rankPropensities(posterior, situation, ranking) : [];
  return ranking.map((index, rank) => ({
    arm: situation.candidates[index] ?? '',
    weight: total === 0 ? 1 / ranking.length : (confidences[rank] ?? 0) / total,
    rankPropensity: ranks[rank],
  }));
}

/** The answer to the caller. */
export function answerOf(domain: string, bucket: Bucket, decisionId: string, decision: DecisionMade): Decision {
  const answer: Decision = {
    decisionId,
    domain,
    requestId: decision.requestId,
    arm: decision.arm,
    propensity: decision.propensity ?? null,
    bucket: bucket.id,
    bucketLabel: bucket.label,
    policy: decision.policy,
    confidence: decision.confidence,
    mode: decision.mode === '' ? null : (decision.mode as Decision['mode']), // written by modeOf
    expectedReward: decision.expectedReward,
    expectedCostUsd: decision.expectedCostUsd ?? null,
    expectedLatencyMs: decision.expectedLatencyMs ?? null,
    fallback: decision.fallback,
  };
  if (decision.slate.length === 0) return answer;
  return {
    ...answer,
    slate: decision.slate.map(({ arm, weight, rankPropensity = null }) => ({ arm, weight, rankPropensity })),
  };
}
