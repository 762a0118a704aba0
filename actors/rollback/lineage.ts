/** What counts under a revision of a domain, and how: its ancestry, less what was voided, learned with the policy that learned anew. */
import { ancestryOf, concerns, type Rollback, type Voidable, type Voiding } from '../../events/lineage.ts';
import type { RewardObserved } from '../../proto/generated/events.ts';
import type { DomainStanding } from '../domain/domain-state.ts';
import { worthUnder } from './revaluation.ts';

/** A revision of a domain and its ancestors. */
export interface Lineage {
  /** The revision. */
  readonly target: number;
  /** Newest rollback or voiding among them, -1 where there is none. */
  readonly turnedAt: number;
  /** Newest rollback among them, and what it returned to; -1 where there is none. */
  readonly rolledBackAt: number;
  readonly rolledBackTo: number;
  /** Revisions at which what counts begins or ends, in no order. */
  readonly edges: readonly number[];
  /** Whether a revision is among them. */
  has(revision: number): boolean;
  /** Whether what was folded under a revision still holds: it is among them, and nothing was voided since. */
  keeps(under: number): boolean;
  /** The newest voiding among them, -1 where there is none: rewards of revisions before it may be voided. */
  readonly voidedAt: number;
  /** Whether a recorded reward does not count, because it was voided. */
  voids(reward: Voidable): boolean;
  /** The newest revision among them from which on earlier rewards are worth what its definition says, -1 where there is none. */
  readonly revaluedAt: number;
  /** A recorded reward with what it is worth now. @param then how the domain stood when it was recorded */
  valued(reward: RewardObserved, then: DomainStanding): RewardObserved;
  /** How the domain stood, as far as learning goes: where a policy has learned anew, all is learned with that one. */
  teaches(standing: DomainStanding): DomainStanding;
  /** How events up to a revision are learned, where they are learned anew; empty where they are not. Equal for whom they come to the same. */
  taughtAs(under: number): string;
  /** Whether doubles of contexts that came under a revision mean what they mean under the target, as far as that matters. */
  believes(revision: number): boolean;
}

/** What has turned a domain, each in the order of its revisions. */
export interface Turns {
  readonly rollbacks: readonly Rollback[];
  readonly voidings?: readonly Voiding[];
  /** Revisions at which a policy took over, or what rewards are worth, and all that counts is learned anew. */
  readonly relearnings?: readonly number[];
  /** Those of them at which that was what rewards are worth. */
  readonly revaluations?: readonly number[];
}

/**
 * @param turns those after the target say nothing of it
 * @param standingAt how the domain stands at the target, or at a revision before it
 */
export function lineageOf(
  target: number,
  { rollbacks, voidings = [], relearnings = [], revaluations = [] }: Turns,
  standingAt: (revision: number) => DomainStanding | undefined = () => undefined,
): Lineage {
  const { has, rolledBackAt, rolledBackTo, edges } = ancestryOf(target, rollbacks);
  const voided = voidings.filter(({ at }) => has(at));
  const voidedAt = voided.at(-1)?.at ?? -1;
  const relearnedAt = relearnings.findLast(has) ?? -1;
  const taught = relearnedAt < 0 ? undefined : standingAt(target);
  const revaluedAt = revaluations.findLast(has) ?? -1;
  const rewards = revaluedAt < 0 ? undefined : standingAt(revaluedAt)?.rewards;
  return {
    target,
    turnedAt: Math.max(rolledBackAt, voidedAt, relearnedAt),
    rolledBackAt,
    rolledBackTo,
    edges,
    has,
    keeps: (under) => has(under) && under >= voidedAt && under >= relearnedAt,
    voidedAt,
    voids: (reward) => reward.domainRevision < voidedAt && voided.some((voiding) => concerns(voiding, reward)),
    revaluedAt,
    valued(reward, then) {
      if (rewards === undefined || reward.domainRevision >= revaluedAt) return reward;
      const { value, share } = worthUnder(rewards, then.rewards, reward);
      return value === reward.value && share === reward.share ? reward : { ...reward, value, share };
    },
    teaches(standing) {
      if (taught === undefined) return standing;
      const { policy, policyKey, policySince } = taught;
      return { ...standing, policy, policyKey, policySince };
    },
    taughtAs(under) {
      if (taught === undefined) return '';
      // Whatever comes after that revision is the same to what came before it.
      const seen = (revision: number) => (revision > under ? 'later' : revision);
      const { policyKey, policySince, meaningSince } = taught;
      const worth = [seen(revaluedAt), revaluedAt < 0 ? '' : (standingAt(revaluedAt)?.rewardKey ?? '')];
      return JSON.stringify([policyKey, seen(policySince), seen(meaningSince), ...worth]);
    },
    believes: (revision) => taught === undefined || revision >= taught.meaningSince,
  };
}
