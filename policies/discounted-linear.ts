/**
 * Linear models that forget by step, as D-LinUCB does (Russac, Vernade & Cappe 2019, algorithm 1): with each lesson
 * A <- g A + w x x' + (1 - g) lambda I for its arm, and the same without x for every other one, so that what is not tried any more
 * becomes unsure again. The whole ridge cannot be put back into an inverse in O(d^2), a part of it can: each lesson puts back what
 * is missing along a few axes in turn, as observations of coefficients of 0 (Gay 1996, "Dynamically regularized fast RLS"). With
 * enough axes a lesson each comes round before it has lost more than about a quarter. O((1 + axes) d^2) an arm and lesson.
 */

import { carried } from './carried.ts';
import type { LinearArm } from './linear-arm.ts';
import type { LinearPosterior } from './linear-models.ts';
import type { AnyPolicy, Policy } from './policy.ts';
import { openPosterior, writePosterior } from './posterior-bytes.ts';
import { checkLesson } from './situation.ts';

/** Parameters of `discountedLinear`. */
export interface DiscountedLinearParameters {
  /** Factor of all that was learned with each whole pull, in [0.5, 1]; undefined: nothing fades. */
  readonly discount: number | undefined;
  /** Ridge, > 0. */
  readonly lambda: number;
}

/** Models, and the axis whose ridge is put back next. */
interface Discounted {
  posterior: LinearPosterior;
  next: number;
}

/** So many axes come round while a quarter of what was learned fades, for every dimension. */
const ROUNDS = 4;

/** The policy with models that forget; without a discount, the policy itself. */
export function discountedLinear(
  policy: Policy<LinearPosterior>,
  { discount, lambda }: DiscountedLinearParameters,
): AnyPolicy {
  // A policy is only ever given posteriors of its own, whatever they are.
  return (discount === undefined ? policy : discounted(policy, discount, lambda)) as AnyPolicy;
}

function discounted(policy: Policy<LinearPosterior>, discount: number, lambda: number): Policy<Discounted> {
  const logarithm = Math.log(discount);
  return {
    ...carried(policy),
    init: () => ({ posterior: policy.init(), next: 0 }),
    learn(state, lesson) {
      checkLesson(lesson);
      // A part of a pull is a part of a step.
      const factor = lesson.share === 1 ? discount : Math.exp(lesson.share * logarithm);
      const { models } = state.posterior;
      const size = models[0]?.theta.length ?? 0;
      const axes = Math.min(size, Math.ceil(ROUNDS * size * (1 - factor)));
      for (const model of models) {
        fade(model, factor);
        for (let i = 0; i < axes; i++) {
          restoreRidge(model, (state.next + i) % size, ((1 - factor) * lambda * size) / axes);
        }
      }
      if (size > 0) state.next = (state.next + axes) % size;
      state.posterior = policy.learn(state.posterior, lesson);
      return state;
    },
    serialise: ({ posterior, next }) => writePosterior('RDL1', policy.serialise(posterior), 1, (put) => put(next)),
    restore(bytes) {
      const reader = openPosterior('RDL1', bytes, 'a posterior of discounted models');
      reader.expect(1);
      const next = reader.takeCount();
      const posterior = policy.restore(reader.head);
      const size = posterior.models[0]?.theta.length ?? 1;
      if (!Number.isInteger(next) || next >= size) throw reader.broken(`it goes on at axis ${next}`);
      return { posterior, next };
    },
  };
}

/** A <- factor A, and b with it: the coefficients stay. */
function fade(model: LinearArm, factor: number): void {
  const { inverse } = model;
  const wider = 1 / factor;
  for (let i = 0; i < inverse.length; i++) inverse[i]! *= wider;
  model.pulls *= factor;
  model.residual *= factor;
}

/** A <- A + weight e e' along one axis, in place: an observation of the coefficient as 0. */
function restoreRidge(model: LinearArm, axis: number, weight: number): void {
  const { inverse, theta } = model;
  const size = theta.length;
  const column = inverse.slice(axis * size, (axis + 1) * size);
  const gain = weight / (1 + weight * Math.max(0, column[axis]!));
  const off = theta[axis]!;
  for (let i = 0; i < size; i++) {
    const left = gain * column[i]!;
    if (left === 0) continue;
    theta[i]! -= left * off;
    const row = i * size;
    for (let j = i; j < size; j++) {
      const entry = inverse[row + j]! - left * column[j]!;
      inverse[row + j] = entry;
      inverse[j * size + i] = entry;
    }
  }
  model.residual += gain * off * off;
}
