/**
 * Quantiles of many numbers from few counts: the bins of DDSketch (Masson, Rim and Lee 2019, "DDSketch: a fast and
 * fully-mergeable quantile sketch with relative-error guarantees", section 2). Bin i holds the numbers in (γ^(i-1), γ^i]; what is
 * told of it lies within 1 % of each of them. The same numbers give the same bytes, in whatever order they came: a table that is
 * rebuilt equals the one that was kept.
 *
 * That is why no library does it. `@datadog/sketches-js` 2.1.1, of the same authors, works its γ out anew when it reads its own bytes:
 * after a rest it tells other quantiles, from the eleventh digit on. It also writes a kilobyte for a single number, where this
 * writes eight bytes. What `tdigest` 0.1.3 keeps depends on the order in which the numbers came.
 */

/** How far a quantile may be off, relatively. */
const ACCURACY = 0.01;
const LOG_GAMMA = Math.log((1 + ACCURACY) / (1 - ACCURACY));
/** Numbers up to this one count as 0; those above the largest count as it. */
const SMALLEST = 1e-3;
const LARGEST = 1e12;
/** Index of the bin of zeros: below that of the smallest number. */
const ZERO = Math.ceil(Math.log(SMALLEST) / LOG_GAMMA) - 1;
/** A bin is stored as its distance from that of zeros and its count, 32 bits each. */
const BIN_BYTES = 8;

export interface QuantileSketch {
  /** Counts a number, 0 or above. What is no number is left out. */
  accept(value: number): void;
  /** @param q in [0, 1]; null where nothing was counted */
  quantile(q: number): number | null;
  serialise(): Uint8Array;
}

/** @param bytes what `serialise` gave; empty for an empty one */
export function quantileSketch(bytes: Uint8Array = new Uint8Array(0)): QuantileSketch {
  const counts = new Map<number, number>();
  let total = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + BIN_BYTES <= bytes.length; at += BIN_BYTES) {
    const count = view.getUint32(at + 4, true);
    counts.set(ZERO + view.getUint32(at, true), count);
    total += count;
  }
  const inOrder = () => [...counts].sort(([left], [right]) => left - right);

  return {
    accept(value) {
      if (Number.isNaN(value)) return;
      const bin = value <= SMALLEST ? ZERO : Math.ceil(Math.log(Math.min(value, LARGEST)) / LOG_GAMMA);
      counts.set(bin, (counts.get(bin) ?? 0) + 1);
      total += 1;
    },
    quantile(q) {
      const rank = q * (total - 1);
      let seen = 0;
      for (const [bin, count] of inOrder()) {
        seen += count;
        if (seen > rank) return middleOf(bin);
      }
      return null;
    },
    serialise() {
      const bins = inOrder();
      const written = new Uint8Array(bins.length * BIN_BYTES);
      const into = new DataView(written.buffer);
      for (const [index, [bin, count]] of bins.entries()) {
        into.setUint32(index * BIN_BYTES, bin - ZERO, true);
        into.setUint32(index * BIN_BYTES + 4, count, true);
      }
      return written;
    },
  };
}

/** The number that is relatively as far from the lower end of its bin as from the upper one. */
function middleOf(bin: number): number {
  return bin === ZERO ? 0 : (2 * Math.exp(bin * LOG_GAMMA)) / (Math.exp(LOG_GAMMA) + 1);
}
