/** The number that a decimal says, NaN where it is none: `Number()` alone would also take blanks, hexadecimals and Infinity. */
export function decimalOf(text: string): number {
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}
