import type { Belief } from '../../policies/policy.ts';
import type { Decision } from './decide.ts';
import type { ContextValue } from './fields.ts';

/** A recorded decision, told in full. */
export interface Explanation extends Decision {
  /** ISO 8601. */
  readonly time: string;
  readonly stream: string;
  readonly revision: number;
  readonly domainRevision: number;
  readonly posteriorRevision: number;
  readonly policyVersion: number;
  readonly seed: number;
  readonly floor: number;
  /** True when the floor, not the posterior, drew the arm. */
  readonly explored: boolean;
  readonly context: Readonly<Record<string, ContextValue>>;
  /** What the policy parted this context from others by, in words; empty where it parts none. */
  readonly path: readonly string[];
  readonly taskType: string | null;
  readonly complexity: number | null;
  readonly tokens: number | null;
  /** Whether recomputing the choice from the log gave the recorded arm and propensity. */
  readonly verified: boolean;
  /** Why the bucket had begun to learn from nothing again, where a change of what an arm earns made it; null where none did. */
  readonly restart: Restart | null;
  /** What every candidate looked like at that moment. */
  readonly arms: readonly (Belief & {
    readonly arm: string;
    readonly shift: number;
    /** What the shift is the sum of, by name; empty where nothing shifts any candidate. */
    readonly terms: Readonly<Record<string, number>>;
    /** The score it drew; null where the floor drew. */
    readonly sample: number | null;
    readonly propensity: number;
    readonly chosen: boolean;
  })[];
  /** Who was set aside, by which constraint, and what that was: a number, the missing capability, the tenant. */
  readonly excluded: readonly { readonly arm: string; readonly constraint: string; readonly limit: string }[];
  /** What the domain's budget said at that moment; null where it had none. */
  readonly budget: {
    readonly perRequestUsd: number;
    /** What the decision was charged with until its cost was known. */
    readonly chargedUsd: number;
    /** What was left before it; null where it was the bucket's first. */
    readonly balanceUsd: number | null;
    /** What a dollar was worth, in units of reward. */
    readonly price: number;
    readonly arms: readonly {
      readonly arm: string;
      readonly expectedUsd: number;
      /** Reports in a row that were more than ten times off, and are not believed yet. */
      readonly heldReports: number;
    }[];
  } | null;
  /** How the bucket stood by conservative mode; null where the domain has none, or the baseline was no candidate. */
  readonly conservative: {
    readonly baseline: string;
    readonly risk: number;
    /** What its decisions so far earned at least, and what they owe with this one: 1 − risk of the baseline’s, at most. */
    readonly earned: number;
    readonly owed: number;
    /** Whether arms were set aside for it. */
    readonly held: boolean;
  } | null;
  readonly items: readonly { readonly item: string; readonly arm: string; readonly position: number }[];
  readonly rewards: readonly {
    readonly rewardId: string;
    readonly time: string;
    readonly arm: string;
    readonly value: number;
    readonly share: number;
    readonly kind: string;
    readonly feedback: string | null;
    readonly item: string | null;
    readonly components: Readonly<Partial<Record<'quality' | 'cost' | 'latency' | 'feedback', number>>>;
    readonly costUsd: number | null;
    readonly retracted: boolean;
    /** True where it told of what was before a change, and moved nothing. */
    readonly outdated: boolean;
    /** True where it came after a rollback had set its decision aside, and moved nothing. */
    readonly setAside: boolean;
  }[];
}

/** The last restart of a bucket before a decision. */
export interface Restart {
  readonly revision: number;
  readonly time: string;
  readonly arm: string;
  readonly detector: string;
  readonly statistic: number;
  readonly threshold: number;
  /** Mean reward of the arm before the change and after it. */
  readonly meanBefore: number;
  readonly meanAfter: number;
  readonly pulls: number;
}
