/**
 * Labelled rows as a bandit problem: the arm is the label, the reward 1 where it is right (Beygelzimer & Langford 2009). A file has
 * columns x0, x1, … and label; an empty cell is a missing one.
 */
import { readCsv } from '../../adapters/datasets/csv.ts';
import { decimalOf } from '../../adapters/datasets/decimal.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { Problem, Row } from './problem.ts';

/** Sets whose columns are codes of categories although they look like numbers. */
const CODED = new Set(['soybean', 'mushroom', 'dna']);
const MISSING = '(none)';

export function isLabelled(header: readonly string[]): boolean {
  return header.at(-1) === 'label' && header.length > 1 && header.slice(0, -1).every((name, i) => name === `x${i}`);
}

/** @throws ReckonerError request_invalid for a cell of a number that is missing, or no rows */
export async function readLabelled(path: string, name: string): Promise<Problem> {
  const cells: (readonly string[])[] = [];
  let header: readonly string[] | undefined;
  for await (const record of readCsv(path)) {
    if (header === undefined) header = record.cells;
    else cells.push(record.cells);
  }
  const features = (header ?? []).slice(0, -1);
  const coded = CODED.has(name.split('/').at(-1) ?? name);
  const categorical = features.map(
    (_, i) => coded || cells.some((row) => row[i] !== '' && Number.isNaN(decimalOf(row[i] ?? ''))),
  );
  const labels = [...new Set(cells.map((row) => row.at(-1) ?? ''))].sort((one, other) => Number(one) - Number(other));
  if (cells.length === 0 || labels.length < 2) {
    throw new ReckonerError('request_invalid', `${path} has no rows of two labels.`, {
      remedy: 'Give x0, x1, … and label.',
    });
  }
  const valueIn = (cell: string, column: number): number | string => {
    if (categorical[column]) return cell === '' ? MISSING : cell;
    const value = decimalOf(cell);
    if (Number.isFinite(value)) return value;
    throw new ReckonerError(
      'request_invalid',
      `${path}: a cell of ${features[column]} is empty, the others are numbers.`,
      {
        remedy: 'Fill the cell, or leave the row out.',
      },
    );
  };
  const rows = cells.map(
    (row): Row => ({
      context: Object.fromEntries(features.map((feature, i) => [feature, valueIn(row[i] ?? '', i)])),
      rewards: labels.map((label) => (label === row.at(-1) ? 1 : 0)),
    }),
  );
  return {
    name,
    arms: labels,
    costs: labels.map(() => 0),
    context: Object.fromEntries(
      features.map((feature, i) => [
        feature,
        categorical[i]
          ? { type: 'categorical' as const, values: [...new Set(rows.map(({ context }) => String(context[feature])))] }
          : { type: 'numeric' as const },
      ]),
    ),
    bucketBy: [],
    rows,
  };
}
