/** An experiment: learners on one problem, shuffle by shuffle, measured by one or more figures that higher is better for. */
import type { Learner } from './learner.ts';
import { type Earned, meanUtility, playShuffle } from './play.ts';
import type { Problem } from './problem.ts';
import { add, type Estimate, estimateOf, noMoments } from './welford.ts';

export interface Entrant {
  readonly name: string;
  /** References are what the others are compared with. */
  readonly reference: boolean;
  readonly make: (problem: Problem) => Learner;
}

export interface Experiment {
  /** Names of the figures. */
  readonly figures: readonly string[];
  /** The figures of one shuffle: of every entrant, in their order, in the order of `figures`. */
  readonly shuffle: (shuffle: number) => number[][];
}

/** Mean utility of a request. */
export function utilityExperiment(problem: Problem, entrants: readonly Entrant[]): Experiment {
  const learners = entrants.map(({ make }) => make(problem));
  return {
    figures: ['utility'],
    shuffle: (shuffle) => playShuffle(problem, learners, shuffle).map((earned: Earned) => [meanUtility(earned)]),
  };
}

/** What an experiment says of one figure. */
export interface Finding {
  readonly figure: string;
  readonly entrants: readonly EntrantFinding[];
}

export interface EntrantFinding extends Estimate {
  readonly name: string;
  readonly reference: boolean;
  /** This one less each reference, shuffle by shuffle. Not with itself. */
  readonly differences: Readonly<Record<string, Estimate>>;
}

/** Runs all shuffles and keeps moments only. */
export function runExperiment(
  { figures, shuffle }: Experiment,
  entrants: readonly Entrant[],
  shuffles: number,
): Finding[] {
  const own = figures.map(() => entrants.map(noMoments));
  const paired = figures.map(() => entrants.map(() => entrants.map(noMoments)));
  for (let index = 0; index < shuffles; index++) {
    const values = shuffle(index);
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
  }
  return figures.map((figure, f) => ({
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
  }));
}
