/** Makes a recorded decision again from what the log holds, and tells in what it comes out otherwise. */
import type { EventData } from '../../events/catalogue.ts';
import type { BucketState } from '../bucket/bucket-state.ts';
import type { CompiledDomain } from '../domain/compiled-domain.ts';
import { modeOf } from './choose.ts';
import { wasHeldRightly } from './conservative.ts';
import { addsUp } from './terms/score-terms.ts';

/** One thing that was recorded otherwise than the log gives it now. */
export interface Difference {
  readonly what: string;
  readonly recorded: string | number;
  readonly recomputed: string | number;
}

export interface Recomputed {
  /** Places of the candidates, best first, as many as were asked for. */
  readonly ranking: readonly number[];
  /** What each candidate was drawn with; empty for the fallback. */
  readonly scores: readonly number[];
  readonly explored: boolean;
  /** P(candidate), exact; undefined where they were not asked for. */
  readonly propensities: readonly number[] | undefined;
  /** Nothing where the log gives the same decision, each number to the bit. */
  readonly differences: readonly Difference[];
}

/** What a decision is made again from: the bucket under the revision of its domain that the decision names. */
export type Remembered = Pick<BucketState, 'posterior' | 'posteriorRevision' | 'earnings'> & {
  readonly domain: Pick<BucketState['domain'], 'policy'>;
};

/**
 * @param before the state that the decision was made from
 * @param compiled the configuration that it was made under
 * @param propensities false leaves out the propensities, which take most of the time
 */
export function recompute(
  before: Remembered,
  data: EventData<'DecisionMade'>,
  compiled: CompiledDomain,
  { propensities = true } = {},
): Recomputed {
  return data.fallback ? fallenBack(data, compiled) : chosen(before, data, compiled, propensities);
}

function fallenBack(data: EventData<'DecisionMade'>, { config }: CompiledDomain): Recomputed {
  const found: Difference[] = [];
  compare(found, 'arm', data.arm, data.candidates[0] ?? '');
  compare(found, 'arm', data.arm, config.fallback ?? '');
  if (data.propensity !== undefined) compare(found, 'propensity', data.propensity, 1);
  compare(found, 'mode', data.mode, modeOf(config, data.confidence));
  return { ranking: [0], scores: [], explored: false, propensities: [1], differences: found };
}

function chosen(
  { domain, posterior, posteriorRevision, earnings }: Remembered,
  data: EventData<'DecisionMade'>,
  compiled: CompiledDomain,
  exact: boolean,
): Recomputed {
  const { policy } = domain;
  const { ranking, scores, explored } = policy.choose(posterior, data, data.seed, Math.max(1, data.slate.length));
  const first = ranking[0] ?? -1;
  const found: Difference[] = [];
  compare(found, 'arm', data.arm, data.candidates[first] ?? '');
  compare(found, 'posterior revision', data.posteriorRevision, posteriorRevision);
  for (const [rank, { arm }] of data.slate.entries())
    compare(found, `arm at rank ${rank}`, arm, data.candidates[ranking[rank] ?? -1] ?? '');
  compare(found, 'mode', data.mode, modeOf(compiled.config, data.confidence));
  if (!addsUp(data)) found.push({ what: 'shifts', recorded: data.shifts.join(), recomputed: 'the sum of their terms' });
  if (!wasHeldRightly(compiled, earnings, data)) {
    const recorded = data.candidates.join();
    found.push({ what: 'candidates', recorded, recomputed: 'what conservative mode leaves' });
  }
  const propensities = exact ? policy.propensities(posterior, data) : undefined;
  if (propensities !== undefined) {
    if (data.propensity !== undefined) compare(found, 'propensity', data.propensity, propensities[first] ?? Number.NaN);
    const ranked = data.slate.some(({ rankPropensity }) => rankPropensity !== undefined);
    const ranks = ranked ? policy.rankPropensities(posterior, data, ranking) : [];
    for (const [rank, { rankPropensity }] of data.slate.entries()) {
      if (rankPropensity !== undefined)
        compare(found, `propensity of rank ${rank}`, rankPropensity, ranks[rank] ?? Number.NaN);
    }
  }
  return { ranking, scores, explored, propensities, differences: found };
}

function compare<T extends string | number>(found: Difference[], what: string, recorded: T, recomputed: T): void {
  if (!Object.is(recorded, recomputed)) found.push({ what, recorded, recomputed });
}
