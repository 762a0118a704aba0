/**
 * What the doubly robust bandit learned, as bytes: 'RDR1', the names as JSON, then the weight, means and squares of the standardisation; of
 * every arm its pulls, residual, shares, squares, rate, theta, outcome model and the upper half of A^-1 by rows; then the history.
 */

import { ENTRY_HEAD, emptyRobust, emptyRobustArm, type RobustArm, type RobustPosterior } from './doubly-robust-arms.ts';
import type { Encoder } from './encoding.ts';
import { jsonHead, openPosterior, type PosteriorReader, readArms, writePosterior } from './posterior-bytes.ts';
import { putStandardisation, standardisationSize, takeStandardisation } from './standardisation-bytes.ts';
import { halfSize, putSymmetric, takeSymmetric } from './symmetric-bytes.ts';

/** The bytes of a posterior. */
export function writeRobust({ seen, arms, models, history }: RobustPosterior, { dimension }: Encoder): Uint8Array {
  const count = standardisationSize(seen) + arms.length * armSize(dimension) + history.length;
  return writePosterior('RDR1', jsonHead(arms), count, (put) => {
    putStandardisation(seen, put);
    for (const { pulls, residual, shares, squares, rate, theta, outcome, inverse } of models) {
      for (const number of [pulls, residual, shares, squares, rate]) put(number);
      theta.forEach(put);
      outcome.forEach(put);
      putSymmetric(inverse, dimension, put);
    }
    history.forEach(put);
  });
}

/**
 * The posterior that `writeRobust` wrote.
 * @param longest how many lessons its history may have
 * @throws RangeError for bytes that it cannot have written, or of other features
 */
export function readRobust(bytes: Uint8Array, encoder: Encoder, longest: number): RobustPosterior {
  const reader = openPosterior('RDR1', bytes, 'a posterior of the doubly robust bandit');
  const { arms, index } = readArms(reader);
  const { seen } = emptyRobust(encoder);
  const { dimension, doubles } = encoder;
  const entrySize = ENTRY_HEAD + doubles;
  const entries = (reader.count - standardisationSize(seen) - arms.length * armSize(dimension)) / entrySize;
  if (!(Number.isInteger(entries) && entries >= arms.length && entries <= longest)) {
    throw reader.broken(`its history has ${entries} lessons of ${arms.length} arms`);
  }
  takeStandardisation(seen, reader);
  const models = arms.map(() => takeArm(dimension, reader));
  const history = Array.from({ length: entries * entrySize }, reader.take);
  for (let at = 0; at < history.length; at += entrySize) {
    if (arms[history[at]!] === undefined) throw reader.broken(`its history has an arm ${history[at]}`);
  }
  return { seen, arms, index, models, history };
}

function takeArm(dimension: number, reader: PosteriorReader): RobustArm {
  const arm = emptyRobustArm(dimension, 0);
  arm.pulls = reader.takeCount();
  arm.residual = reader.takeCount();
  arm.shares = reader.takeCount();
  arm.squares = reader.takeCount();
  arm.rate = reader.takeCount();
  reader.fill(arm.theta);
  reader.fill(arm.outcome);
  takeSymmetric(arm.inverse, dimension, reader);
  return arm;
}

/** Numbers an arm. */
function armSize(dimension: number): number {
  return 5 + 2 * dimension + halfSize(dimension);
}
