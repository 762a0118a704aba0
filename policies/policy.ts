/**
 * The one interface every learner implements. A policy is pure: no clock, no I/O, no hidden randomness. Everything a
 * choice depends on is an argument, so replaying a log is calling `choose` again and comparing.
 */

/**
 * What a choice sees beside the posterior. K = number of candidates. The field names are those of the recorded
 * `DecisionMade`, so that a logged decision *is* a situation.
 */
export interface Situation {
  /** The arms that may be chosen, K >= 1, without duplicates, in the order in which they were offered. */
  readonly candidates: readonly string[];
  /** Added to each candidate's score, in units of reward (a known cost is a negative shift). Length K, or empty for all zero. */
  readonly shifts: readonly number[];
  /** What the bucket borrows from its domain: `priorWidth` numbers a candidate, made by `prior()`. Length K * priorWidth. */
  readonly prior: readonly number[];
  /**
   * The context as doubles, in the order of the domain's schema; a feature that is a vector has several. Only where a belief or a path is
   * asked for some may be NaN: what is not known.
   */
  readonly features: readonly number[];
  /** Probability spread evenly over the candidates, in [0, 1]: each arm's propensity is at least floor / K. */
  readonly floor: number;
}

/** A choice: the ranked candidates and the scores they were ranked by. */
export interface Choice {
  /** Indices into `candidates`, best first, as many as were asked for (at most K). The first one is the chosen arm. */
  readonly ranking: readonly number[];
  /** The score each candidate got in this draw, shifts included. Length K. NaN where the floor drew the arm uniformly. */
  readonly scores: readonly number[];
  /** True when the floor, not the posterior, drew the ranking. */
  readonly explored: boolean;
}

/** One reward, as the posterior sees it. Copied from `RewardObserved`: learning never reads another event. */
export interface Lesson {
  readonly arm: string;
  /** Reward in [0, 1]. */
  readonly value: number;
  /** The part of one pull that this reward is, in [0, 1]. 0 moves nothing. */
  readonly share: number;
  readonly features: readonly number[];
  /** The logged propensity of the decision, or undefined where it was left to be computed later. */
  readonly propensity: number | undefined;
  /** Randomness of learning, from the reward's event id. Unsigned 32 bits. */
  readonly seed: number;
  /** When the event that brought it was recorded, milliseconds since 1970. May go back: the clocks of nodes differ. */
  readonly time: number;
}

/** What is believed of one arm. */
export interface Belief {
  /** Posterior mean of the reward, without the shift. */
  readonly mean: number;
  /** 95 % equal-tailed credible interval of the mean reward. */
  readonly lower: number;
  readonly upper: number;
  /** Pulls that were learned in this bucket (sum of shares). */
  readonly pulls: number;
}

/** What a domain knows of an arm over all its buckets. */
export interface SharedArm {
  readonly arm: string;
  /** Sum of shares learned anywhere in the domain. */
  readonly pulls: number;
  /** Sum of share * value. */
  readonly sum: number;
}

/** What the prior of a decision is made of. */
export interface PriorSource {
  /**
   * The configured prior of an arm as Beta pseudo-counts; alpha = beta = 1 unless the domain says otherwise. `expected`: its mean is what
   * somebody expects of the arm, also where that is 1/2.
   */
  readonly configured: (arm: string) => { readonly alpha: number; readonly beta: number; readonly expected?: boolean };
  /** The domain's shared statistics, or undefined where nothing is shared (yet). */
  readonly shared: ReadonlyMap<string, SharedArm> | undefined;
}

/** What a choice was told apart by: one feature on one side of a value. */
export interface Condition {
  /** Index into the doubles of the features. */
  readonly feature: number;
  readonly relation: 'above' | 'at_most' | 'is' | 'is_not';
  /** As the feature's doubles are. */
  readonly value: number;
}

/** What a posterior holds of one arm, for people: counts, sums, coefficients. */
export type Parameters = Readonly<Record<string, number | readonly number[]>>;

export interface Policy<P> {
  readonly name: string;
  /** Raised whenever the same inputs would choose or learn differently. */
  readonly version: number;
  /** How many numbers of `Situation.prior` belong to each candidate. */
  readonly priorWidth: number;
  /** Whether priors are only believed, and have no say in what is chosen. */
  readonly choosesWithoutPrior?: true;
  /** True when, without the floor, every candidate's propensity is 0 or 1 but for ties: counterfactuals will refuse its logs. */
  readonly deterministic: boolean;
  /** Whether the posterior is about the features of the context: then it is worth nothing under another schema. */
  readonly usesFeatures?: true;
  /** Whether learning weighs a reward by the decision's propensity: then it is always computed with the decision. */
  readonly needsPropensity?: true;

  init(): P;
  /** The prior numbers of the candidates, length K * priorWidth: what shrinkage and warm starts lend to this decision. */
  prior(candidates: readonly string[], source: PriorSource): number[];
  /**
   * Ranks the candidates with randomness from `seed` (unsigned 32 bits) only.
   * @param size how many ranks are wanted, 1..K
   */
  choose(posterior: P, situation: Situation, seed: number, size: number): Choice;
  /** P(candidate is ranked first) for every candidate, floor included. Exact to 1e-8, sums to 1. Length K. */
  propensities(posterior: P, situation: Situation): number[];
  /** P(candidate ranking[r] is ranked at place r) for r = 0..ranking.length-1, floor included. */
  rankPropensities(posterior: P, situation: Situation, ranking: readonly number[]): number[];
  /** The posterior after one reward. May reuse the argument's memory: the caller forgets the old one. An unknown arm is added. */
  learn(posterior: P, lesson: Lesson): P;
  /** The posterior as if the lesson had not been learned (to rounding). Where missing, the bucket refolds without the event. */
  forget?(posterior: P, lesson: Lesson): P;
  /** What is believed of one candidate. */
  belief(posterior: P, situation: Situation, candidate: number): Belief;
  /** The numbers that the posterior holds of an arm, by name; undefined where it knows none. Where missing, they are of no use alone. */
  parameters?(posterior: P, arm: string): Parameters | undefined;
  /** The conditions that led this context to where its arms were compared, first to last. Where missing, the policy parts no contexts. */
  path?(posterior: P, situation: Situation): Condition[];
  /** Restoring gives a posterior that makes the same next choices, bit for bit. */
  serialise(posterior: P): Uint8Array;
  restore(bytes: Uint8Array): P;
}

/** A policy whose posterior type is not known where it is used: its own values are the only ones it is ever given. */
export type AnyPolicy = Policy<unknown>;
