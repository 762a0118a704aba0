/** An experiment: entrants on one problem, shuffle by shuffle, measured by one or more figures. */
import { fixedArms } from './fixed-arms.ts';
import type { Learner } from './learner.ts';
import { meanUtility, playShuffle } from './play.ts';
import type { Problem } from './problem.ts';
import { add, type Estimate, estimateOf, noMoments } from './welford.ts';

export interface Entrant {
  readonly name: string;
  /** References are what the others are compared with. */
  readonly reference: boolean;
  readonly make: (problem: Problem) => Learner;
}

/** What is measured of an entrant, and what is known of it without learning; null where there is no such thing. */
export interface Figure {
  readonly name: string;
  readonly better: 'higher' | 'lower';
  /** What 1 of utility a request is in units of this figure: margins are given in utility. */
  readonly scale: number;
  /** The best single arm, or the best fixed mix of arms. */
  readonly bestSingleArm: number | null;
  readonly perBucketHindsight: number | null;
  readonly oracle: number | null;
}

export interface Experiment {
  readonly figures: readonly Figure[];
  /** The figures of one shuffle: of every entrant, in their order, in the order of `figures`. */
  readonly shuffle: (shuffle: number) => number[][];
}

/** Mean utility of a request; or the total that is missing to the best arm of every request. */
export function utilityExperiment(
  problem: Problem,
  entrants: readonly Entrant[],
  name: string,
  as: 'utility' | 'regret' | 'error' = 'utility',
): Experiment {
  const learners = entrants.map(({ make }) => make(problem));
  const { perArm, best, perBucket, oracle } = fixedArms(problem);
  const count = problem.rows.length;
  const told = (utility: number) =>
    as === 'utility' ? utility : as === 'error' ? 1 - utility : (oracle - utility) * count;
  const figure: Figure = {
    name,
    better: as === 'utility' ? 'higher' : 'lower',
    scale: as === 'regret' ? count : 1,
    bestSingleArm: told(perArm[best]!),
    perBucketHindsight: problem.bucketBy.length === 0 ? null : told(perBucket),
    oracle: told(oracle),
  };
  return {
    figures: [figure],
    shuffle: (shuffle) => playShuffle(problem, learners, shuffle).map((earned) => [told(meanUtility(earned))]),
  };
}

/** What an experiment says of one figure. */
export interface Finding {
  readonly figure: Figure;
  readonly entrants: readonly EntrantFinding[];
}

export interface EntrantFinding extends Estimate {
  readonly name: string;
  readonly reference: boolean;
  /** This one less each reference, shuffle by shuffle. Not with itself. */
  readonly differences: Readonly<Record<string, Estimate>>;
}

/** Keeps moments of figures and of paired differences, shuffle by shuffle. */
export interface ShuffleRecord {
  /** @param values what `Experiment.shuffle` gave */
  add(values: readonly (readonly number[])[]): void;
  findings(): Finding[];
}

export function startRecord(figures: readonly Figure[], entrants: readonly Entrant[]): ShuffleRecord {
  const own = figures.map(() => entrants.map(noMoments));
  const paired = figures.map(() => entrants.map(() => entrants.map(noMoments)));
  return {
    add(values) {
      for (const figure of figures.keys()) {
        for (const entrant of entrants.keys()) {
          const value = values[entrant]![figure]!;
          add(own[figure]![entrant]!, value);
          for (const other of entrants.keys()) {
            if (other !== entrant && entrants[other]!.reference) {
              add(paired[figure]![entrant]![other]!, value - values[other]![figure]!);
            }
          }
        }
      }
    },
    findings: () =>
      figures.map((figure, f) => ({
        figure,
        entrants: entrants.map(({ name, reference }, e) => ({
          name,
          reference,
          ...estimateOf(own[f]![e]!),
          differences: Object.fromEntries(
            entrants.flatMap((other, o) =>
              other.reference && o !== e ? [[other.name, estimateOf(paired[f]![e]![o]!)] as const] : [],
            ),
          ),
        })),
      })),
  };
}
