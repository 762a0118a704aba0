/**
 * Models that lean on a common one as bytes: 'RLN1', the names as JSON, then the two sums of the leaning, the standardisation, the common
 * model, and of every arm its effect and its model.
 */

import type { Standardisation } from './encoding.ts';
import type { LeaningPosterior } from './leaning-models.ts';
import { putRidge, ridgeSize, takeRidge } from './linear-bytes.ts';
import { jsonHead, openPosterior, readArms, writePosterior } from './posterior-bytes.ts';
import { putStandardisation, standardisationSize, takeStandardisation } from './standardisation-bytes.ts';

/** The bytes of models of `dimension` coefficients. */
export function writeLeaning(posterior: LeaningPosterior, dimension: number): Uint8Array {
  const { seen, arms, models, effects, common, lean } = posterior;
  return writePosterior('RLN1', jsonHead(arms), sizeOf(seen, arms.length, dimension), (put) => {
    put(lean.product);
    put(lean.square);
    putStandardisation(seen, put);
    putRidge(common, dimension, put);
    for (const [arm, model] of models.entries()) {
      put(effects[arm]!);
      putRidge(model, dimension, put);
    }
  });
}

/**
 * The models that `writeLeaning` wrote.
 * @param seen a standardisation of as many numbers, which is filled
 * @throws RangeError for bytes that it cannot have written, or of another dimension
 */
export function readLeaning(bytes: Uint8Array, dimension: number, seen: Standardisation): LeaningPosterior {
  const reader = openPosterior('RLN1', bytes, 'a posterior of models that lean on a common one');
  const { arms, index } = readArms(reader);
  reader.expect(sizeOf(seen, arms.length, dimension));
  const lean = { product: reader.take(), square: reader.takeCount() };
  takeStandardisation(seen, reader);
  const common = takeRidge(dimension, reader);
  const effects: number[] = [];
  const models = arms.map(() => {
    effects.push(reader.take());
    return takeRidge(dimension, reader);
  });
  return { seen, arms, index, models, effects, common, lean };
}

function sizeOf(seen: Standardisation, arms: number, dimension: number): number {
  return 2 + standardisationSize(seen) + ridgeSize(dimension) + arms * (1 + ridgeSize(dimension));
}
