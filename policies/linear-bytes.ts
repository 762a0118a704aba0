/**
 * Linear models as bytes: 'RLM1', the length of the names (uint32), the names as JSON in UTF-8, then float64s: the weight, means and
 * squares of the standardisation, and of every arm its pulls, residual, theta and the upper half of A^-1 by rows. Little-endian
 * throughout; equal models give equal bytes, and not a bit is lost.
 */

import type { Standardisation } from './encoding.ts';
import type { LinearPosterior } from './linear-models.ts';

const MAGIC = [0x52, 0x4c, 0x4d, 0x31];
const HEADER = 8;

/** The bytes of models of `dimension` coefficients. */
export function writeModels({ seen, arms, models }: LinearPosterior, dimension: number): Uint8Array {
  const names = new TextEncoder().encode(JSON.stringify(arms));
  const doubles = 1 + 2 * seen.means.length + arms.length * doublesOf(dimension);
  const bytes = new Uint8Array(HEADER + names.length + 8 * doubles);
  bytes.set(MAGIC);
  bytes.set(names, HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, names.length, true);
  let at = HEADER + names.length;
  const put = (value: number) => {
    view.setFloat64(at, value, true);
    at += 8;
  };
  put(seen.weight);
  seen.means.forEach(put);
  seen.squares.forEach(put);
  for (const { pulls, residual, theta, inverse } of models) {
    put(pulls);
    put(residual);
    theta.forEach(put);
    for (let i = 0; i < dimension; i++) for (let j = i; j < dimension; j++) put(inverse[i * dimension + j]!);
  }
  return bytes;
}

/**
 * The models that `writeModels` wrote.
 * @param seen a standardisation of as many numbers, which is filled
 * @throws RangeError for bytes that it cannot have written, or of another dimension
 */
export function readModels(bytes: Uint8Array, dimension: number, seen: Standardisation): LinearPosterior {
  if (bytes.length < HEADER || MAGIC.some((byte, i) => bytes[i] !== byte)) throw broken('they do not begin as such');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = HEADER + view.getUint32(4, true);
  if (at > bytes.length) throw broken('their names are cut off');
  const arms = readNames(bytes.subarray(HEADER, at));
  const doubles = 1 + 2 * seen.means.length + arms.length * doublesOf(dimension);
  if (bytes.length !== at + 8 * doubles) throw broken(`they have the wrong length for ${arms.length} arms`);
  const index = new Map(arms.map((arm, place) => [arm, place]));
  if (index.size < arms.length) throw broken('an arm is there twice');
  const take = () => {
    const value = view.getFloat64(at, true);
    if (!Number.isFinite(value)) throw broken(`a number is ${value}`);
    at += 8;
    return value;
  };
  const takeCount = () => {
    const value = take();
    if (value < 0) throw broken(`a sum of squares or shares is ${value}`);
    return value;
  };
  seen.weight = takeCount();
  for (let i = 0; i < seen.means.length; i++) seen.means[i] = take();
  for (let i = 0; i < seen.squares.length; i++) seen.squares[i] = takeCount();
  const models = arms.map(() => {
    const [pulls, residual] = [takeCount(), takeCount()];
    const theta = new Float64Array(dimension).map(take);
    const inverse = new Float64Array(dimension * dimension);
    for (let i = 0; i < dimension; i++) {
      for (let j = i; j < dimension; j++) {
        const entry = take();
        inverse[i * dimension + j] = entry;
        inverse[j * dimension + i] = entry;
      }
    }
    return { inverse, theta, pulls, residual };
  });
  return { seen, arms, index, models };
}

/** Numbers an arm. */
function doublesOf(dimension: number): number {
  return 2 + dimension + (dimension * (dimension + 1)) / 2;
}

function readNames(bytes: Uint8Array): string[] {
  let names: unknown;
  try {
    names = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw broken('their names are not JSON');
  }
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw broken('their names are not strings');
  }
  return names;
}

function broken(why: string): RangeError {
  return new RangeError(`this is not a posterior of linear models: ${why}. Drop the snapshot and refold the log.`);
}
