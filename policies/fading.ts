/**
 * What a policy still counts of what it learned, where the world moves on. Three ways, of which a policy takes one:
 *
 * - by step: with each lesson all counts shrink by a factor, those of the other arms too (discounted Thompson sampling: Raj & Kalyani
 *   2017), so that what is not tried any more becomes unsure again;
 * - by time: the same by 2^(-dt / half-life), with dt the time since the lesson before;
 * - by a sliding window: the last n lessons count, whatever their arms (Trovo, Paladino, Restelli & Gatti 2020).
 *
 * Nothing fades between lessons: what a choice sees is what the log holds. What has faded cannot be taken back as it was learned:
 * these policies have no `forget`, and the bucket refolds.
 */

import { carried } from './carried.ts';
import type { AnyPolicy, Policy } from './policy.ts';
import { openPosterior, writePosterior } from './posterior-bytes.ts';
import { checkLesson } from './situation.ts';
import { windowed } from './window.ts';

/** Parameters of `fading`: at most one of them. */
export interface FadingParameters {
  /** Factor of all counts with each whole pull that is learned, in (0, 1]. About 1 / (1 - discount) pulls count. */
  readonly discount?: number | undefined;
  /** Hours after which a pull counts half, > 0. */
  readonly halfLifeHours?: number | undefined;
  /** How many lessons count, an integer >= 1. */
  readonly window?: number | undefined;
}

/** Multiplies all that was learned by a factor in [0, 1], in place. */
export type Fade<P> = (posterior: P, factor: number) => void;

const MILLISECONDS_AN_HOUR = 3_600_000;

/** The policy with a memory that fades as the parameters say; without any, the policy itself. */
export function fading<P>(
  policy: Policy<P>,
  { discount, halfLifeHours, window }: FadingParameters,
  fade: Fade<P>,
): AnyPolicy {
  // A policy is only ever given posteriors of its own, whatever they are.
  if (discount !== undefined) return discounted(policy, discount, fade) as AnyPolicy;
  if (halfLifeHours !== undefined) return halving(policy, halfLifeHours * MILLISECONDS_AN_HOUR, fade) as AnyPolicy;
  if (window !== undefined) return windowed(policy, window) as AnyPolicy;
  return policy as AnyPolicy;
}

/** A part of a pull is a part of a step. */
function discounted<P>(policy: Policy<P>, discount: number, fade: Fade<P>): Policy<P> {
  const logarithm = Math.log(discount);
  return {
    ...policy,
    forget: undefined,
    learn(posterior, lesson) {
      checkLesson(lesson);
      fade(posterior, lesson.share === 1 ? discount : Math.exp(lesson.share * logarithm));
      return policy.learn(posterior, lesson);
    },
  };
}

/** A posterior that knows when it learned last. */
interface Timed<P> {
  posterior: P;
  /** Time of the last lesson, 0 before the first. */
  time: number;
}

/** A clock that goes back, as between two nodes, makes nothing fade. */
function halving<P>(policy: Policy<P>, halfLife: number, fade: Fade<P>): Policy<Timed<P>> {
  return {
    ...carried(policy),
    init: () => ({ posterior: policy.init(), time: 0 }),
    learn(timed, lesson) {
      checkLesson(lesson);
      const passed = lesson.time - timed.time;
      if (passed > 0) fade(timed.posterior, Math.exp((-Math.LN2 * passed) / halfLife));
      timed.posterior = policy.learn(timed.posterior, lesson);
      timed.time = lesson.time;
      return timed;
    },
    serialise: ({ posterior, time }) => writePosterior('RHL1', policy.serialise(posterior), 1, (put) => put(time)),
    restore(bytes) {
      const reader = openPosterior('RHL1', bytes, 'a posterior with a half-life');
      reader.expect(1);
      return { posterior: policy.restore(reader.head), time: reader.take() };
    },
  };
}
