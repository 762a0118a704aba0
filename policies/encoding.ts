/**
 * From the doubles of a context to the vector that a linear policy learns over: a bias of 1; numbers under a running
 * standardisation, clipped to ±4 and divided by the root of how many there are; booleans 0 or 1 and categories one-hot, divided
 * by the root of how many of them there are; the numbers of each feature that is a vector like numbers, divided by the root of
 * their own count and times its weight. So each of these parts has a length of about 1, or its weight, however many features there are.
 */

/** What a feature is: a number, 0 or 1, the index of one of `values` categories, or a vector of `size` numbers, of which each is a double, and whose part is as long as its weight. */
export type FeatureKind =
  | { readonly type: 'number' }
  | { readonly type: 'boolean' }
  | { readonly type: 'category'; readonly values: number }
  | { readonly type: 'vector'; readonly size: number; readonly weight: number };

/** What one double of a context stands for. */
export type DoubleKind = Exclude<FeatureKind, { readonly type: 'vector' }>;

/** What each double of a context stands for: a vector is its numbers. */
export function doubleKinds(kinds: readonly FeatureKind[]): DoubleKind[] {
  return kinds.flatMap((kind) =>
    kind.type === 'vector' ? Array.from({ length: kind.size }, (): DoubleKind => ({ type: 'number' })) : [kind],
  );
}

/** What has been seen of the numbers, vectors' last: Welford's (1962) running mean and sum of squares, weighted. One entry a number. */
export interface Standardisation {
  /** Sum of the weights. */
  weight: number;
  readonly means: Float64Array;
  readonly squares: Float64Array;
}

/** What a place of a vector is for. */
export type Role = 'bias' | 'flag' | 'number';

export interface Encoder {
  /** Length d of a vector, bias included. */
  readonly dimension: number;
  /** What each place is for. Length d. */
  readonly roles: readonly Role[];
  /** What a flag that is up is written as, in (0, 1]. */
  readonly flag: number;
  /** How many doubles a context has. */
  readonly doubles: number;
  /** How many of them are numbers. */
  readonly numbers: number;
  /** Nothing seen. */
  begin(): Standardisation;
  /** Adds a context to what has been seen, in place. One with another number of doubles is left out. */
  see(seen: Standardisation, features: readonly number[], weight: number): void;
  /**
   * Writes the vector of a context. One with another number of doubles was made under another schema: only its bias is known. What is
   * NaN is not known: a number stands at its mean, and a boolean or category is all of its values alike, so that of what is linear in
   * the vector the mean over them comes out.
   * @param weight with which the context counts as seen already: 1 before it is seen, so that a choice and the lesson that
   *   follows it have one vector; 0 after it
   * @param into length d
   */
  encode(seen: Standardisation, features: readonly number[], weight: number, into: Float64Array): void;
}

/** A model has d * d numbers an arm: with more than this a bucket would no longer be small. */
export const MAX_DIMENSION = 1024;

const CLIP = 4;
/** Beyond this numbers are as good as equal, and their squares stay finite. */
const LARGEST = 1e100;

/** Length d of the vectors of such contexts, bias included. */
export function vectorLength(kinds: readonly FeatureKind[]): number {
  const places = (kind: FeatureKind) =>
    kind.type === 'category' ? kind.values : kind.type === 'vector' ? kind.size : 1;
  return kinds.reduce((sum, kind) => sum + places(kind), 1);
}

/** @throws RangeError where the vectors would be longer than `MAX_DIMENSION` */
export function createEncoder(kinds: readonly FeatureKind[]): Encoder {
  const numbers: number[] = [];
  const parts: number[] = [];
  const inVectors: number[] = [];
  const flags: { readonly from: number; readonly lowest: number; readonly values: number; readonly to: number }[] = [];
  let dimension = 1;
  let doubles = 0;
  for (const kind of kinds) {
    const from = doubles;
    doubles += kind.type === 'vector' ? kind.size : 1;
    if (kind.type === 'number') numbers.push(from);
    else if (kind.type === 'vector') {
      for (let i = from; i < doubles; i++) {
        inVectors.push(i);
        parts.push(kind.weight / Math.sqrt(kind.size));
      }
    } else {
      // A boolean is a category of which only the value 1 has a place.
      const [lowest, values] = kind.type === 'boolean' ? [1, 1] : [0, kind.values];
      flags.push({ from, lowest, values, to: dimension });
      dimension += values;
    }
  }
  const firstNumber = dimension;
  const alone = numbers.length;
  numbers.push(...inVectors);
  dimension += numbers.length;
  if (dimension > MAX_DIMENSION) {
    throw new RangeError(
      `the context makes a vector of ${dimension} numbers, and a linear policy takes at most ${MAX_DIMENSION}: ` +
        'declare fewer categories or dimensions, or bucket by categories with another policy',
    );
  }
  const flag = 1 / Math.sqrt(Math.max(1, flags.length));
  const scales = Float64Array.from(numbers, (_, i) => (i < alone ? 1 / Math.sqrt(alone) : parts[i - alone]!));

  return {
    dimension,
    roles: Array.from({ length: dimension }, (_, i) => (i === 0 ? 'bias' : i < firstNumber ? 'flag' : 'number')),
    flag,
    doubles,
    numbers: numbers.length,
    begin: () => ({ weight: 0, means: new Float64Array(numbers.length), squares: new Float64Array(numbers.length) }),
    see(seen, features, weight) {
      if (features.length !== doubles || !(weight > 0)) return;
      seen.weight += weight;
      for (let i = 0; i < numbers.length; i++) {
        const value = bounded(features[numbers[i]!]!);
        const off = value - seen.means[i]!;
        seen.means[i]! += (off * weight) / seen.weight;
        seen.squares[i]! += weight * off * (value - seen.means[i]!);
      }
    },
    encode(seen, features, weight, into) {
      into.fill(0);
      into[0] = 1;
      if (features.length !== doubles) return;
      for (let k = 0; k < flags.length; k++) {
        const { from, lowest, values, to } = flags[k]!;
        const place = features[from]! - lowest;
        if (place >= 0 && place < values && Number.isInteger(place)) into[to + place] = flag;
        // Of a boolean one of its two values has no place.
        else if (Number.isNaN(place)) into.fill(flag / (values + lowest), to, to + values);
      }
      const total = seen.weight + weight;
      for (let i = 0; i < numbers.length; i++) {
        const given = features[numbers[i]!]!;
        const value = bounded(given);
        const off = value - seen.means[i]!;
        const left = total > 0 ? value - (seen.means[i]! + (off * weight) / total) : 0;
        const square = seen.squares[i]! + weight * off * left;
        const standard = square > 0 && !Number.isNaN(given) ? left / Math.sqrt(square / total) : 0;
        into[firstNumber + i] = Math.max(-CLIP, Math.min(CLIP, standard)) * scales[i]!;
      }
    },
  };
}

/** A finite number near enough; what is none counts as 0. */
function bounded(value: number): number {
  return value > LARGEST ? LARGEST : value < -LARGEST ? -LARGEST : value || 0;
}
