/** Solves M y = v by Gaussian elimination with partial pivoting. */
export function solve(matrix: readonly (readonly number[])[], v: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, v[i]!]);
  const size = rows.length;
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let i = k + 1; i < size; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let i = k + 1; i < size; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= size; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const y = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    let left = rows[i]![size]!;
    for (let j = i + 1; j < size; j++) left -= rows[i]![j]! * y[j]!;
    y[i] = left / rows[i]![i]!;
  }
  return y;
}
