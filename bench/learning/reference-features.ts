/**
 * Features of the reference learners: numbers under a running standardisation, clipped to ±4 and divided by sqrt(d); categories
 * one-hot, divided by sqrt(how many are on); and a bias. Nothing of a row is used before the row has come.
 */
import type { Problem } from './problem.ts';

export interface Encoder {
  /** Length of a vector, bias included. */
  readonly size: number;
  /** A fresh start of what runs. */
  begin(): (row: number, into: Float64Array) => void;
}

const CLIP = 4;

export function referenceFeatures(problem: Problem): Encoder {
  const numeric: string[] = [];
  const offsets = new Map<string, Map<string, number>>();
  let size = 0;
  for (const [name, feature] of Object.entries(problem.context)) {
    if (problem.extra?.includes(name)) continue;
    if (feature.type === 'numeric') numeric.push(name);
    else if (feature.type === 'categorical' && feature.values !== undefined)
      offsets.set(name, new Map(feature.values.map((value) => [value, size++] as const)));
    else throw new RangeError(`the references know no feature of type ${feature.type}`);
  }
  const onehots = size;
  const bias = onehots + numeric.length;
  const numbers = problem.rows.map(({ context }) => numeric.map((name) => Number(context[name])));
  const places = problem.rows.map(({ context }) =>
    [...offsets].map(([name, known]) => known.get(String(context[name]))).filter((place) => place !== undefined),
  );
  const scale = 1 / Math.sqrt(Math.max(1, numeric.length));
  return {
    size: bias + 1,
    begin() {
      let count = 0;
      const means = new Float64Array(numeric.length);
      const squares = new Float64Array(numeric.length);
      return (row, into) => {
        into.fill(0);
        const on = places[row]!;
        for (const place of on) into[place] = 1 / Math.sqrt(on.length);
        const values = numbers[row]!;
        count += 1;
        for (let i = 0; i < values.length; i++) {
          const off = values[i]! - means[i]!;
          means[i]! += off / count;
          squares[i]! += off * (values[i]! - means[i]!);
          const deviation = Math.sqrt(squares[i]! / count);
          const standard = deviation > 0 ? (values[i]! - means[i]!) / deviation : 0;
          into[onehots + i] = Math.max(-CLIP, Math.min(CLIP, standard)) * scale;
        }
        into[bias] = 1;
      };
    },
  };
}
