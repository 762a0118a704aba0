/**
 * What was taken back after a state of a bucket. A policy that cannot forget is folded anew without it: from the newest state that
 * never learned it, and not from the beginning, because a person who changes her mind would else cost the bucket its whole log.
 */
import { decode } from '../../events/catalogue.ts';
import type { EventLog } from '../../events/event-log.ts';
import type { DomainTimeline } from '../domain/domain-state.ts';
import type { Lineage } from '../rollback/lineage.ts';
import type { BucketState } from './bucket-state.ts';

/** A retraction, as far as folding looks ahead to it. */
export interface Retraction {
  /** Its revision, and that of the reward. */
  readonly at: number;
  readonly reward: number;
  readonly rewardId: string;
  /** Revision of the domain that it was made under. */
  readonly under: number;
}

export interface TakenBack {
  /** Whether a state has learned nothing that is to be left out, and knows of nothing that comes after the events in question. */
  spares(state: BucketState): Promise<boolean>;
  /** What is to be left out of the events after a revision, and up to which revision that was looked at: more may not be folded, because another node may take back more at any moment. */
  after(revision: number): Promise<{ readonly retractions: readonly Retraction[]; readonly end: number }>;
}

/** Looks no further back than it is asked to. */
export function takenBackIn(
  { log, timeline }: { readonly log: Pick<EventLog, 'readStream'>; readonly timeline: DomainTimeline },
  stream: string,
  upTo: number,
  lineage: Lineage,
): TakenBack {
  const retractions: Retraction[] = [];
  let end: number | undefined;
  let lookedFrom = upTo;

  async function lookBackTo(from: number): Promise<void> {
    if (end !== undefined && from >= lookedFrom) return;
    const found: Retraction[] = [];
    let next = from;
    for await (const event of log.readStream(stream, { from, limit: Math.max(0, lookedFrom - from) })) {
      next = event.revision + 1;
      const decoded = event.type === 'RewardRetracted' ? decode(event) : undefined;
      if (decoded?.type !== 'RewardRetracted') continue;
      const { rewardRevision: reward, rewardId, domainRevision: under } = decoded.data;
      // Where every policy can forget, a state has learned what was taken back; but not what was voided before that.
      const matters = lineage.has(under) && (!timeline.forgets || under < lineage.voidedAt);
      if (matters) found.push({ at: event.revision, reward, rewardId, under });
    }
    retractions.unshift(...found);
    end ??= next;
    lookedFrom = from;
  }

  return {
    async spares({ head: { revision }, amendedThrough }) {
      if (timeline.forgets && lineage.voidedAt < 0) return true;
      await lookBackTo(revision + 1);
      if (amendedThrough >= upTo) return false;
      // Which rewards it passed by because they were voided, no state that was put away tells.
      const isKnown = ({ at, under }: Retraction) => at <= amendedThrough && under >= lineage.voidedAt;
      return !retractions.some((one) => one.reward <= revision && one.at > revision && !isKnown(one));
    },
    async after(revision) {
      if (timeline.forgets && end === undefined) return { retractions: [], end: upTo };
      await lookBackTo(revision + 1);
      const later = timeline.forgets ? [] : retractions.filter(({ at }) => at > revision);
      return { retractions: later, end: end ?? upTo };
    },
  };
}
