/** What the crash child does and its parent repeats: request n of round r, the same in both. */
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import type { DecideBody } from '../../actors/messages/decide.ts';
import type { RewardBody } from '../../actors/messages/reward.ts';

export const CRASH_DOMAIN = 'crashing';

export const crashConfig: DomainConfigInput = {
  arms: ['red', 'green', 'blue'],
  context: { user: { type: 'numeric', round: 1 } },
  bucketBy: ['user'],
  sharing: { every: 20 },
};

/** Requests of one round: all are under way at once. */
export const LANES = 12;

export function crashDecision(round: number, lane: number): DecideBody {
  return { requestId: `decision-${round}-${lane}`, context: { user: lane % 4 } };
}

export function crashReward(round: number, lane: number): RewardBody {
  return { requestId: `reward-${round}-${lane}`, value: ((round * 7 + lane) % 10) / 10 };
}

/** Where the child kills itself, when it gets there for the nth time. `never`: its parent does it at some moment. */
export const crashPoints = ['beforeCommit', 'afterCommit', 'midBatch', 'midSnapshot', 'never'] as const;
export type CrashPoint = (typeof crashPoints)[number];

/** One crash. */
export interface Crash {
  readonly point: CrashPoint;
  /** Passes of the point until it dies; for `never` the milliseconds after its first acknowledgement. */
  readonly times: number;
  /** Its first round, default 0: later crashes in one directory go on with other requests. */
  readonly from?: number;
}

/** Decisions of which every third is rewarded, in a domain that does not wait long. */
export const SILENT_DECISIONS = 24;

export const silentConfig: DomainConfigInput = {
  arms: ['red', 'green', 'blue'],
  context: { user: { type: 'numeric', round: 1 } },
  bucketBy: ['user'],
  reward: { window: { seconds: 0.4, silence: 'failure' } },
};
