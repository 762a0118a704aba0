/** Goes back to a recorded decision: the bucket as it was then, folded from the log. */
import type { EventData } from '../../events/catalogue.ts';
import { CONSERVATIVE } from '../choice/conservative.ts';
import type { CompiledDomain } from '../domain/compiled-domain.ts';
import { type FoundDecision, type House, readDecision } from '../house.ts';
import type { BucketState } from './bucket-state.ts';
import { bucketUnder } from './fold-bucket.ts';

export interface Recalled {
  /** All that was recorded of it. */
  readonly data: EventData<'DecisionMade'>;
  /** When it was made, in milliseconds since 1970. */
  readonly time: number;
  /** The configuration that it was made under. */
  readonly compiled: CompiledDomain;
  /** The state that it was made from. */
  readonly before: BucketState;
}

/** @throws ReckonerError decision_unknown, log_corrupt */
export async function recall(house: House, { domain, stream, address }: FoundDecision): Promise<Recalled> {
  const { log, snapshots } = house;
  const { timeline, refresh } = domain;
  const { data, metadata } = await readDecision(house, stream, address.revision);
  // First: where another node configured the domain since, the timeline is read on here.
  const compiled = await domain.compiledAt(data.domainRevision);
  const source = { log, snapshots, timeline, refresh };
  const before = await bucketUnder(source, stream, address.revision, data.domainRevision);
  return { data, time: metadata.time, compiled, before };
}

/**
 * The candidates of a decision, best first, as its own draw ranked them: a function of what the log holds, whoever asks and
 * whenever.
 */
export async function rankingOf(house: House, decision: FoundDecision): Promise<readonly string[]> {
  const { data, before } = await recall(house, decision);
  if (data.fallback) return data.candidates;
  const { ranking } = before.domain.policy.choose(before.posterior, data, data.seed, data.candidates.length);
  const ranked = ranking.flatMap((index) => data.candidates[index] ?? []);
  // Where the baseline itself fails, what could not be risked beside it is better than no answer.
  return [...ranked, ...data.excluded.filter(({ constraint }) => constraint === CONSERVATIVE).map(({ arm }) => arm)];
}
