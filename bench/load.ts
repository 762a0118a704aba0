/** Callers that each decide, wait for the answer, give the reward, wait again, and begin anew. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { DecideBody } from '../actors/messages/decide.ts';
import type { Reckoner } from '../actors/reckoner.ts';
import { contextOf, DOMAIN, outcomeOf } from './deciding-domain.ts';

export interface LoadOptions {
  readonly inFlight: number;
  /** The bucket of the next decision; undefined where there shall be no more. */
  readonly next: () => number | undefined;
  readonly propensity?: DecideBody['propensity'];
  readonly seed: number;
}

export interface LoadResult {
  /** Decisions that were made; each was followed by its reward. */
  readonly decisions: number;
  /** How long each decide call took, in milliseconds. */
  readonly latencies: readonly number[];
}

/** Keeps `inFlight` callers busy until `next` has no more. Any refusal ends the bench: what is refused is fast, and not measured. */
export async function driveLoad(reckoner: Reckoner, options: LoadOptions): Promise<LoadResult> {
  const { inFlight, next, propensity, seed } = options;
  const random = xoroshiro128plus(seed);
  const latencies: number[] = [];

  const caller = async () => {
    for (let bucket = next(); bucket !== undefined; bucket = next()) {
      const context = contextOf(bucket, random.next() >>> 0);
      const asked = performance.now();
      const { decisionId, arm } = await reckoner.decide(DOMAIN, { context, propensity });
      latencies.push(performance.now() - asked);
      await reckoner.reward(decisionId, { value: outcomeOf(arm, (random.next() >>> 0) / 2 ** 32) });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { decisions: latencies.length, latencies };
}

/** Buckets at random, as long as `more` says so. */
export function randomBuckets(buckets: number, seed: number, more: () => boolean): () => number | undefined {
  const random = xoroshiro128plus(seed);
  return () => (more() ? (random.next() >>> 0) % buckets : undefined);
}

/** True so many times. */
export function times(count: number): () => boolean {
  let left = count;
  return () => left-- > 0;
}

/** True for so long. */
export function forSeconds(seconds: number): () => boolean {
  const end = performance.now() + seconds * 1000;
  return () => performance.now() < end;
}
