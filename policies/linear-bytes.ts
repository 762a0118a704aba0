/**
 * Linear models as bytes: 'RLM1', the names as JSON, then the weight, means and squares of the standardisation, and of every arm
 * its pulls, residual, theta and the upper half of A^-1 by rows.
 */

import type { Standardisation } from './encoding.ts';
import type { LinearPosterior } from './linear-models.ts';
import {
  jsonHead,
  openPosterior,
  type PosteriorReader,
  type Put,
  readArms,
  writePosterior,
} from './posterior-bytes.ts';
import type { RidgeModel } from './ridge-model.ts';
import { putStandardisation, standardisationSize, takeStandardisation } from './standardisation-bytes.ts';
import { halfSize, putSymmetric, takeSymmetric } from './symmetric-bytes.ts';

/** The bytes of models of `dimension` coefficients. */
export function writeModels({ seen, arms, models }: LinearPosterior, dimension: number): Uint8Array {
  const count = standardisationSize(seen) + arms.length * modelSize(dimension);
  return writePosterior('RLM1', jsonHead(arms), count, (put) => {
    putStandardisation(seen, put);
    for (const model of models) putModel(model, dimension, put);
  });
}

/**
 * The models that `writeModels` wrote.
 * @param seen a standardisation of as many numbers, which is filled
 * @throws RangeError for bytes that it cannot have written, or of another dimension
 */
export function readModels(bytes: Uint8Array, dimension: number, seen: Standardisation): LinearPosterior {
  const reader = openPosterior('RLM1', bytes, 'a posterior of linear models');
  const { arms, index } = readArms(reader);
  reader.expect(standardisationSize(seen) + arms.length * modelSize(dimension));
  takeStandardisation(seen, reader);
  const models = arms.map(() => takeModel(dimension, reader));
  return { seen, arms, index, models };
}

/** A model among the numbers of a stored posterior. */
export function putModel({ pulls, residual, theta, inverse }: RidgeModel, dimension: number, put: Put): void {
  put(pulls);
  put(residual);
  theta.forEach(put);
  putSymmetric(inverse, dimension, put);
}

/** @throws RangeError where a sum is below zero */
export function takeModel(dimension: number, reader: PosteriorReader): RidgeModel {
  const [pulls, residual] = [reader.takeCount(), reader.takeCount()];
  const theta = new Float64Array(dimension);
  reader.fill(theta);
  const inverse = new Float64Array(dimension * dimension);
  takeSymmetric(inverse, dimension, reader);
  return { inverse, theta, pulls, residual };
}

/** Numbers a model. */
export function modelSize(dimension: number): number {
  return 2 + dimension + halfSize(dimension);
}
