/**
 * Models that lean on a common one as bytes: 'RLN1', the names as JSON, then the two sums of the leaning, the standardisation, the common
 * model, and of every arm its effect and its model. 'RLF1', where the models fade: the same, and last what of the prior is in force.
 */

import type { Standardisation } from './encoding.ts';
import type { LeaningPosterior } from './leaning-models.ts';
import { modelSize, putModel, takeModel } from './linear-bytes.ts';
import { jsonHead, openPosterior, readArms, writePosterior } from './posterior-bytes.ts';
import { putStandardisation, standardisationSize, takeStandardisation } from './standardisation-bytes.ts';

/** The bytes of models of `dimension` coefficients. */
export function writeLeaning(posterior: LeaningPosterior, dimension: number): Uint8Array {
  const { seen, arms, models, effects, common, lean, held } = posterior;
  const size = sizeOf(seen, arms.length, dimension) + (held?.length ?? 0);
  return writePosterior(magicOf(held !== undefined), jsonHead(arms), size, (put) => {
    put(lean.product);
    put(lean.square);
    putStandardisation(seen, put);
    putModel(common, dimension, put);
    for (const [arm, model] of models.entries()) {
      put(effects[arm]!);
      putModel(model, dimension, put);
    }
    held?.forEach(put);
  });
}

/**
 * The models that `writeLeaning` wrote.
 * @param seen a standardisation of as many numbers, which is filled
 * @param fade whether the models fade
 * @throws RangeError for bytes that it cannot have written, or of another dimension
 */
export function readLeaning(
  bytes: Uint8Array,
  dimension: number,
  seen: Standardisation,
  fade: boolean,
): LeaningPosterior {
  const reader = openPosterior(magicOf(fade), bytes, 'a posterior of models that lean on a common one');
  const { arms, index } = readArms(reader);
  reader.expect(sizeOf(seen, arms.length, dimension) + (fade ? dimension : 0));
  const lean = { product: reader.take(), square: reader.takeCount() };
  takeStandardisation(seen, reader);
  const common = takeModel(dimension, reader);
  const effects: number[] = [];
  const models = arms.map(() => {
    effects.push(reader.take());
    return takeModel(dimension, reader);
  });
  const held = fade ? new Float64Array(dimension) : undefined;
  if (held !== undefined) reader.fill(held);
  if (held?.some((precision) => precision <= 0)) throw reader.broken('a precision is not above 0');
  return { seen, arms, index, models, effects, common, lean, held };
}

function magicOf(fade: boolean): string {
  return fade ? 'RLF1' : 'RLN1';
}

function sizeOf(seen: Standardisation, arms: number, dimension: number): number {
  return 2 + standardisationSize(seen) + modelSize(dimension) + arms * (1 + modelSize(dimension));
}
