/** An event as folding its bucket takes it: of decisions and plain rewards no more is read than that looks at. */
import { decode, type Traced, traceDecision, traceReward } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/event-log.ts';
import type { DomainStanding } from '../domain/domain-state.ts';
import { type BucketEvent, type BucketState, isBucketEvent } from './bucket-state.ts';

/**
 * @param domainAt how the domain stood at a revision, with the policy that learns; undefined where that is not known: then the event is
 *   read whole
 * @param revaluedAt rewards of before this revision are worth something else now, which the whole of them tells
 * @returns undefined for what is no event of a bucket that is known to this version
 */
export function readToFold(
  event: RecordedEvent,
  state: Pick<BucketState, 'open' | 'domain'>,
  domainAt: (revision: number) => DomainStanding | undefined,
  revaluedAt: number,
): BucketEvent | undefined {
  if (event.type === 'DecisionMade') {
    const traced = traceDecision(event);
    const domain = traced && domainAt(traced.data.domainRevision);
    // Which arms could be chosen is only counted in conservative mode.
    if (traced !== undefined && domain !== undefined && !counts(domain) && !counts(state.domain))
      return partOf(event, traced, traced.data);
  }
  if (event.type === 'RewardObserved' && state.open.size === 0) {
    const traced = traceReward(event);
    const domain = traced && domainAt(traced.data.domainRevision);
    // What it was given for matters to who waits for it or values it anew, its context to policies that learn about features.
    const plain = domain !== undefined && isPlain(domain) && isPlain(state.domain);
    if (traced !== undefined && plain && traced.data.domainRevision >= revaluedAt)
      return partOf(event, traced, Object.assign(traced.data, FEATURELESS));
  }
  const decoded = decode(event);
  return isBucketEvent(decoded) ? decoded : undefined;
}

const FEATURELESS: { readonly features: readonly number[] } = { features: [] };

function counts({ conservative }: DomainStanding): boolean {
  return conservative !== undefined;
}

function isPlain({ window, policy }: DomainStanding): boolean {
  return window === undefined && policy.usesFeatures !== true;
}

function partOf({ id, type }: RecordedEvent, { time }: Traced<unknown>, data: object): BucketEvent {
  return { id, type, data, metadata: { time } } as BucketEvent; // all of it that folding it looks at, as was just found out
}
