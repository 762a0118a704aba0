/**
 * Linear models that forget by step, as D-LinUCB does (Russac, Vernade & Cappe 2019, algorithm 1): with each lesson
 * A <- g A + w x x' + (1 - g) lambda I for its arm, and the same without x for every other one, so that what is not tried any more
 * becomes unsure again. The whole ridge cannot be put back into an inverse in O(d^2), a part of it can: each lesson puts back what
 * is missing along a few axes in turn, as observations of coefficients of 0 (Gay 1996, "Dynamically regularized fast RLS"). With
 * enough axes a lesson each comes round before it has lost more than about a quarter. O((1 + axes) d^2) an arm and lesson.
 */

import { carried } from './carried.ts';
import type { LinearPosterior } from './linear-models.ts';
import type { AnyPolicy, Policy } from './policy.ts';
import { openPosterior, writePosterior } from './posterior-bytes.ts';
import { fadeModel, restoreRidge } from './ridge-model.ts';
import { checkLesson } from './situation.ts';

/** What of a posterior of linear models fades. */
export interface Fadings<P> {
  /** How many axes its models have; 0 where there is no model yet. */
  readonly size: (posterior: P) => number;
  /** Multiplies all that was learned by a factor in (0, 1], ridge and all, in place. */
  readonly fade: (posterior: P, factor: number) => void;
  /** Puts back what is missing to the ridge along one axis, in place. @param missing how much, of a ridge of so much */
  readonly restore: (posterior: P, axis: number, missing: (ridge: number) => number) => void;
}

/** Models, and the axis whose ridge is put back next. */
interface Discounted<P> {
  posterior: P;
  next: number;
}

/** So many axes come round while a quarter of what was learned fades, for every dimension. */
const ROUNDS = 4;

/**
 * The policy with models that forget; without a discount, the policy itself.
 * @param discount factor of all that was learned with each whole pull, in [0.5, 1]; undefined: nothing fades
 */
export function discountedLinear<P>(policy: Policy<P>, discount: number | undefined, fadings: Fadings<P>): AnyPolicy {
  // A policy is only ever given posteriors of its own, whatever they are.
  return (discount === undefined ? policy : discounted(policy, discount, fadings)) as AnyPolicy;
}

/** Of models of which each arm has its own, with one ridge along all axes. @param lambda that ridge, > 0 */
export function fadingModels(lambda: number): Fadings<LinearPosterior> {
  return {
    size: ({ models }) => models[0]?.theta.length ?? 0,
    fade({ models }, factor) {
      for (const model of models) fadeModel(model, factor);
    },
    restore({ models }, axis, missing) {
      const weight = missing(lambda);
      for (const model of models) restoreRidge(model, axis, weight);
    },
  };
}

function discounted<P>(policy: Policy<P>, discount: number, fadings: Fadings<P>): Policy<Discounted<P>> {
  const logarithm = Math.log(discount);
  return {
    ...carried(policy),
    init: () => ({ posterior: policy.init(), next: 0 }),
    learn(state, lesson) {
      checkLesson(lesson);
      const { posterior } = state;
      // A part of a pull is a part of a step.
      const factor = lesson.share === 1 ? discount : Math.exp(lesson.share * logarithm);
      const size = fadings.size(posterior);
      const axes = Math.min(size, Math.ceil(ROUNDS * size * (1 - factor)));
      const missing = (ridge: number) => ((1 - factor) * ridge * size) / axes;
      fadings.fade(posterior, factor);
      for (let i = 0; i < axes; i++) fadings.restore(posterior, (state.next + i) % size, missing);
      if (size > 0) state.next = (state.next + axes) % size;
      state.posterior = policy.learn(posterior, lesson);
      return state;
    },
    serialise: ({ posterior, next }) => writePosterior('RDL1', policy.serialise(posterior), 1, (put) => put(next)),
    restore(bytes) {
      const reader = openPosterior('RDL1', bytes, 'a posterior of discounted models');
      reader.expect(1);
      const next = reader.takeCount();
      const posterior = policy.restore(reader.head);
      if (!Number.isInteger(next) || next >= Math.max(1, fadings.size(posterior))) {
        throw reader.broken(`it goes on at axis ${next}`);
      }
      return { posterior, next };
    },
  };
}
