/**
 * Thompson sampling with Normal-Inverse-Gamma posteriors: what is drawn is the mean of an arm whose variance is learned too,
 * so that arms whose rewards hardly vary are told apart in few pulls (the conjugate update as in Murphy 2007, "Conjugate
 * Bayesian analysis of the Gaussian distribution", section 3; as a bandit: Riquelme, Tucker & Snoek 2018).
 */

import {
  type ArmMoments,
  forgetMoments,
  learnMoments,
  momentParameters,
  noArmMoments,
  readMoments,
  writeMoments,
} from './arm-moments.ts';
import { BETA_PRIOR_WIDTH, betaPrior } from './beta-counts.ts';
import { atBucketLevel } from './bucket-effect.ts';
import type { Belief, Choice, Policy, Situation } from './policy.ts';
import { exploredChoice, rankBy } from './ranking.ts';
import { drawUniform, randomness } from './sampling.ts';
import { firstScorePropensities, rankScorePropensities, type ScoreArms } from './score-propensity.ts';
import { checkSituation, checkSize, shiftOf, withFloor } from './situation.ts';
import { drawStudent, student975 } from './student-t.ts';

/** Parameters of `nigThompson`. */
export interface NigThompsonParameters {
  /** As in `beta_thompson`: the lent mean m0 is worth k0 pulls. */
  readonly shrinkage: number;
  /** Shape of the Inverse-Gamma prior of an arm's variance, >= 0.5: half the pulls that the prior variance is worth. */
  readonly a0: number;
  /** Its scale, > 0: the prior variance is about b0 / a0. */
  readonly b0: number;
  /** As in `beta_thompson`. */
  readonly sharpness?: number | undefined;
  readonly bucketEffect?: number | undefined;
}

/** The policy `nig_thompson`. */
export function nigThompson(parameters: NigThompsonParameters): Policy<ArmMoments> {
  const { shrinkage, a0, b0, sharpness = 1, bucketEffect = 0 } = parameters;
  const marginals = (moments: ArmMoments, situation: Situation) => {
    const level = levelled(moments, situation, bucketEffect);
    return situation.candidates.map((_, i) => marginalOf(moments, level, i, a0, b0));
  };
  /** Without the floor, but with the shifts. */
  const scores = (moments: ArmMoments, situation: Situation): ScoreArms & { readonly freedom: number[] } => {
    const all = marginals(moments, situation);
    const narrower = Math.sqrt(1 / sharpness);
    return {
      location: all.map(({ location }, i) => location + shiftOf(situation, i)),
      scale: all.map(({ scale }) => scale * narrower),
      freedom: all.map(({ freedom }) => freedom),
    };
  };
  return {
    name: 'nig_thompson',
    version: 1,
    priorWidth: BETA_PRIOR_WIDTH,
    deterministic: false,
    init: noArmMoments,
    learn: learnMoments,
    forget: forgetMoments,
    serialise: writeMoments,
    restore: readMoments,
    parameters: momentParameters,
    prior: (candidates, source) => betaPrior(candidates, source, shrinkage),
    choose(moments, situation, seed, size): Choice {
      const { location, scale, freedom } = scores(moments, situation);
      const count = freedom.length;
      checkSize(size, count);
      const random = randomness(seed);
      if (drawUniform(random) < situation.floor) {
        return exploredChoice(random, count, size);
      }
      const drawn = freedom.map((nu, i) => location[i]! + scale[i]! * drawStudent(random, nu));
      return { ranking: rankBy(count, size, (i, j) => drawn[j]! - drawn[i]!), scores: drawn, explored: false };
    },
    propensities(moments, situation) {
      const exact = firstScorePropensities(scores(moments, situation));
      return exact.map((p) => withFloor(p, situation.floor, exact.length));
    },
    rankPropensities(moments, situation, ranking) {
      const exact = rankScorePropensities(scores(moments, situation), ranking);
      return exact.map((p) => withFloor(p, situation.floor, situation.candidates.length));
    },
    belief(moments, situation, candidate): Belief {
      const arm = situation.candidates[candidate];
      if (arm === undefined) throw new RangeError(`there is no candidate ${candidate}`);
      // Of this candidate alone: whoever tells of all asks for each of them.
      const level = levelled(moments, situation, bucketEffect);
      const { location, scale, freedom } = marginalOf(moments, level, candidate, a0, b0);
      const half = scale * student975(freedom);
      // A mean of rewards in [0, 1] is there too, though the normal model does not know it.
      const clipped = (x: number) => Math.min(1, Math.max(0, x));
      const at = moments.index.get(arm);
      return {
        mean: clipped(location),
        lower: clipped(location - half),
        upper: clipped(location + half),
        pulls: at === undefined ? 0 : moments.pulls[at]!,
      };
    },
  };
}

/** The marginal posterior of a mean: location + scale * Student's t. */
interface Marginal {
  readonly location: number;
  readonly scale: number;
  readonly freedom: number;
}

function levelled(moments: ArmMoments, situation: Situation, strength: number): Situation {
  checkSituation(situation, BETA_PRIOR_WIDTH);
  if (strength === 0) return situation;
  const at = situation.candidates.map((arm) => moments.index.get(arm) ?? -1);
  const pulls = at.map((i) => moments.pulls[i] ?? 0);
  const sums = at.map((i) => moments.sums[i] ?? 0);
  return atBucketLevel(situation, pulls, sums, strength);
}

/**
 * kn = k0 + n, mn = (k0 m0 + n xbar) / kn, an = a0 + n / 2, bn = b0 + SS / 2 + k0 n (xbar - m0)^2 / (2 kn), and the mean
 * is mn + sqrt(bn / (an kn)) t with 2 an degrees of freedom.
 */
function marginalOf(
  moments: ArmMoments,
  { candidates, prior }: Situation,
  candidate: number,
  a0: number,
  b0: number,
): Marginal {
  const arm = candidates[candidate]!;
  const alpha = prior[2 * candidate]!;
  const k0 = alpha + prior[2 * candidate + 1]!;
  if (!(k0 > 0 && k0 < Number.POSITIVE_INFINITY && alpha >= 0 && alpha <= k0)) {
    throw new RangeError(
      `the prior of arm '${arm}' is (${alpha}, ${prior[2 * candidate + 1]}): both must be positive and finite`,
    );
  }
  const at = moments.index.get(arm);
  const n = at === undefined ? 0 : moments.pulls[at]!;
  const kn = k0 + n;
  const an = a0 + 0.5 * n;
  let bn = b0;
  let sum = 0;
  if (at !== undefined && n > 0) {
    sum = moments.sums[at]!;
    const apart = sum / n - alpha / k0;
    bn += 0.5 * Math.max(0, moments.squares[at]! - (sum / n) * sum) + (0.5 * k0 * n * apart * apart) / kn;
  }
  return { location: (alpha + sum) / kn, scale: Math.sqrt(bn / (an * kn)), freedom: 2 * an };
}
