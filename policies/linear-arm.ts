/** A weighted ridge regression of the reward on the features, kept by its inverse: the model that linear policies have of one arm. */

/** What was learned of one arm. */
export interface LinearArm {
  /** A^-1, symmetric to the bit, by rows. Length d * d. */
  readonly inverse: Float64Array;
  /** Length d. */
  readonly theta: Float64Array;
  /** Sum of weights. */
  pulls: number;
  /** What the model leaves unexplained: sum w (r - x'theta)^2 + lambda |theta|^2. */
  residual: number;
}

/** Nothing learned: A = lambda I. */
export function emptyLinearArm(dimension: number, lambda: number): LinearArm {
  return emptyRidge(new Float64Array(dimension).fill(lambda));
}

/** Nothing learned: A has the precisions on its diagonal. @param precisions above 0, length d */
export function emptyRidge(precisions: Float64Array): LinearArm {
  const dimension = precisions.length;
  const inverse = new Float64Array(dimension * dimension);
  for (let i = 0; i < dimension; i++) inverse[i * dimension + i] = 1 / precisions[i]!;
  return { inverse, theta: new Float64Array(dimension), pulls: 0, residual: 0 };
}

/**
 * One observation, in place (Sherman & Morrison 1950; recursive least squares). O(d^2). With u = A^-1 x and k = w / (1 + w x'u), A^-1 -= k u u' and theta += k (r - x'theta) u.
 * @param product scratch of length d
 */
export function learnLinearArm(
  model: LinearArm,
  x: Float64Array,
  value: number,
  weight: number,
  product: Float64Array,
): void {
  const { inverse, theta } = model;
  const size = x.length;
  const variance = multiply(inverse, x, product);
  const gain = weight / (1 + weight * Math.max(0, variance));
  const off = value - dot(theta, x);
  for (let i = 0; i < size; i++) {
    const left = gain * product[i]!;
    if (left === 0) continue;
    theta[i]! += left * off;
    const row = i * size;
    // One half is computed and mirrored, so that the matrix stays symmetric to the bit.
    for (let j = i; j < size; j++) {
      const entry = inverse[row + j]! - left * product[j]!;
      inverse[row + j] = entry;
      inverse[j * size + i] = entry;
    }
  }
  model.pulls += weight;
  model.residual += gain * off * off;
}

/**
 * into = M x of a symmetric matrix, without the rows of which x has nothing.
 * @param into length d
 * @returns x' M x
 */
export function multiply(matrix: Float64Array, x: Float64Array, into: Float64Array): number {
  const size = x.length;
  into.fill(0);
  for (let j = 0; j < size; j++) {
    const value = x[j]!;
    if (value === 0) continue;
    const row = j * size;
    for (let i = 0; i < size; i++) into[i]! += matrix[row + i]! * value;
  }
  return dot(x, into);
}

/** sqrt(x' A^-1 x): the standard deviation of x'theta, in units of a reward's. */
export function widthAt({ inverse }: LinearArm, x: Float64Array): number {
  return Math.sqrt(Math.max(0, quadratic(inverse, x)));
}

/** x' A^-1 e, with e the vector of an average context: the bias alone. */
export function averageCovariance({ inverse }: LinearArm, x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += inverse[i]! * x[i]!;
  return sum;
}

/** x' M x of a symmetric matrix: by its upper half, without the rows of which x has nothing. */
function quadratic(matrix: Float64Array, x: Float64Array): number {
  const size = x.length;
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const value = x[i]!;
    if (value === 0) continue;
    const row = i * size;
    let half = 0;
    for (let j = i + 1; j < size; j++) half += matrix[row + j]! * x[j]!;
    sum += value * (2 * half + matrix[row + i]! * value);
  }
  return sum;
}

/** The inner product of two vectors of one length. */
export function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!;
  return sum;
}
