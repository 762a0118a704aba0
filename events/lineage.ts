/**
 * Which revisions of a domain count, as its stream tells. Each has a parent: the one before it, or for a rollback the one that it
 * returned to. What a domain knows under a revision is what happened under that revision and its ancestors; the rest is set aside,
 * not gone: where a rollback is rolled back, it counts again.
 */

/** A rollback, as far as it says which revisions count. */
export interface Rollback {
  /** Revision at which it was recorded. */
  readonly at: number;
  /** Revision that it returned to: one before it. */
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

/** A revision and its ancestors. */
export interface Ancestry {
  /** Newest rollback among them, -1 where there is none. */
  readonly rolledBackAt: number;
  /** What that returned to, -1 where there is none. */
  readonly rolledBackTo: number;
  /** Revisions at which what counts begins or ends, in no order. */
  readonly edges: readonly number[];
  /** Whether a revision is among them. */
  has(revision: number): boolean;
}

/** @param rollbacks in the order of their revisions; those after the target say nothing of it */
export function ancestryOf(target: number, rollbacks: readonly Rollback[]): Ancestry {
  // From the newest to the oldest: each ends where the one before it began anew.
  const spans: { readonly from: number; readonly to: number }[] = [];
  let end = target;
  for (const { at, to } of rollbacks.toReversed()) {
    if (at > end) continue;
    spans.push({ from: at, to: end });
    end = to;
  }
  spans.push({ from: 0, to: end });
  return {
    rolledBackAt: spans.length === 1 ? -1 : (spans[0]?.from ?? -1),
    rolledBackTo: spans[1]?.to ?? -1,
    edges: spans.flatMap(({ from, to }) => [from, to + 1]),
    has: (revision) => spans.some(({ from, to }) => revision >= from && revision <= to),
  };
}
