/** What models say of the candidates of a situation, in arrays that are kept from one choice to the next. */

/** Scratch: good until the next prediction. The first `count` entries count. */
export interface Predictions {
  /** K. */
  count: number;
  /** Means of the reward, without the shift. */
  means: Float64Array;
  /** Standard deviations of those; in which units, whoever predicts says. */
  widths: Float64Array;
}

/** Room for a few candidates. */
export function noPredictions(): Predictions {
  return { count: 0, means: new Float64Array(16), widths: new Float64Array(16) };
}

/** Makes room for so many candidates. Their entries are what was there before. */
export function roomForPredictions(predictions: Predictions, count: number): void {
  predictions.count = count;
  if (predictions.means.length >= count) return;
  predictions.means = new Float64Array(2 * count);
  predictions.widths = new Float64Array(2 * count);
}
