/**
 * Which revisions of a domain count. Each has a parent: the one before it, or for a rollback the one that it returned to. What a
 * domain knows under a revision is what happened under that revision and its ancestors; the rest is set aside, not gone: where a
 * rollback is rolled back, it counts again.
 */

import type { DomainStanding } from './domain-state.ts';

/** A rollback, as far as it says which revisions count. */
export interface Rollback {
  /** Revision at which it was recorded. */
  readonly at: number;
  /** Revision that it returned to. */
  readonly to: number;
}

/** Rewards that count no more, from a revision on: what an absent part does not ask for is any. */
export interface Voiding {
  /** Revision at which it was recorded. */
  readonly at: number;
  /** Pseudonym of the person, empty for everybody. */
  readonly subject: string;
  /** Recorded then or later, and before: milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** What of a recorded reward says whether it was voided. */
export interface Voidable {
  readonly domainRevision: number;
  readonly subject: string;
  /** When it was recorded. */
  readonly time: number;
}

/** Whether a voiding asks for a reward, which was recorded before it. */
export function concerns({ at, subject, from, to }: Voiding, reward: Voidable): boolean {
  if (reward.domainRevision >= at || reward.time < from || reward.time >= to) return false;
  return subject === '' || subject === reward.subject;
}

/** A revision of a domain and its ancestors. */
export interface Lineage {
  /** The revision. */
  readonly target: number;
  /** Newest rollback or voiding among them, -1 where there is none. */
  readonly turnedAt: number;
  /** Whether a revision is among them. */
  has(revision: number): boolean;
  /** Whether what was folded under a revision still holds: it is among them, and nothing was voided since. */
  keeps(under: number): boolean;
  /** The newest voiding among them, -1 where there is none: rewards of revisions before it may be voided. */
  readonly voidedAt: number;
  /** Whether a recorded reward does not count, because it was voided. */
  voids(reward: Voidable): boolean;
  /** How the domain stood, as far as learning goes: where a policy has learned anew, all is learned with that one. */
  teaches(standing: DomainStanding): DomainStanding;
  /** Whether doubles of contexts that came under a revision mean what they mean under the target, as far as that matters. */
  believes(revision: number): boolean;
}

/** What has turned a domain, each in the order of its revisions. */
export interface Turns {
  readonly rollbacks: readonly Rollback[];
  readonly voidings?: readonly Voiding[];
  /** Revisions at which a policy took over and learned from all that counts. */
  readonly relearnings?: readonly number[];
}

/**
 * @param turns those after the target say nothing of it
 * @param standingAtTarget how the domain stands at the target
 */
export function lineageOf(
  target: number,
  { rollbacks, voidings = [], relearnings = [] }: Turns,
  standingAtTarget: () => DomainStanding | undefined = () => undefined,
): Lineage {
  // From the newest to the oldest: each ends where the one before it began anew.
  const spans: { readonly from: number; readonly to: number }[] = [];
  let end = target;
  for (const { at, to } of rollbacks.toReversed()) {
    if (at > end) continue;
    spans.push({ from: at, to: end });
    end = to;
  }
  spans.push({ from: 0, to: end });
  const has = (revision: number) => spans.some(({ from, to }) => revision >= from && revision <= to);
  const voided = voidings.filter(({ at }) => has(at));
  const voidedAt = voided.at(-1)?.at ?? -1;
  const relearnedAt = relearnings.findLast(has) ?? -1;
  const rolledBackAt = spans.length === 1 ? -1 : (spans[0]?.from ?? -1);
  const taught = relearnedAt < 0 ? undefined : standingAtTarget();
  return {
    target,
    turnedAt: Math.max(rolledBackAt, voidedAt, relearnedAt),
    has,
    keeps: (under) => has(under) && under >= voidedAt && under >= relearnedAt,
    voidedAt,
    voids: (reward) => reward.domainRevision < voidedAt && voided.some((voiding) => concerns(voiding, reward)),
    teaches(standing) {
      if (taught === undefined) return standing;
      const { policy, policyKey, policySince } = taught;
      return { ...standing, policy, policyKey, policySince };
    },
    believes: (revision) => taught === undefined || revision >= taught.meaningSince,
  };
}
