/**
 * Rows of one table at hand: each is read once, changed in memory, and put when the batch ends. Sums are so added to in the order
 * of the log, wherever batches end: as floating-point numbers they would come out otherwise if parts were summed apart.
 */
import type { Row, Table, Tables, Value } from './projection.ts';

export interface Rows<R extends Row> {
  /** The row with this key, to be read or changed. */
  find(...key: Value[]): R | undefined;
  /** Adds a row that the table does not have. */
  insert(row: R): R;
  /** To be told of each change to a row that was found. */
  changed(row: R): void;
  /** Puts what is new or was changed, then forgets what was not used for long. */
  flush(): void;
  reset(): void;
}

export interface RowsOptions<R extends Row> {
  /** Columns that change after a row was added, default all that are not in the key. */
  readonly changing?: readonly string[];
  /** Rows that are remembered after a batch, default 1,024. */
  readonly remember?: number;
  /** Fills in what is computed from the other columns, before the row is put. */
  readonly finish?: (row: R) => void;
}

export function rowsOf<R extends Row>(tables: Tables, table: Table, options: RowsOptions<R> = {}): Rows<R> {
  const { key, name } = table;
  const { remember = 1024, finish } = options;
  const changing = options.changing ?? Object.keys(table.columns).filter((column) => !key.includes(column));
  const known = new Map<string, R>();
  const fresh = new Set<R>();
  const dirty = new Set<R>();

  function placeOf(row: R): string {
    return placed(key.map((column) => row[column] ?? null));
  }

  return {
    find(...values) {
      const place = placed(values);
      const found = known.get(place);
      if (found !== undefined) return found;
      const row = tables.get(name, Object.fromEntries(key.map((column, index) => [column, values[index] ?? null])));
      if (row === undefined) return undefined;
      const copy = { ...row } as R; // the table holds what was put into it: rows of this shape
      known.set(place, copy);
      return copy;
    },
    insert(row) {
      known.set(placeOf(row), row);
      fresh.add(row);
      return row;
    },
    changed(row) {
      if (!fresh.has(row)) dirty.add(row);
    },
    flush() {
      for (const row of fresh) {
        finish?.(row);
        tables.put(name, row);
      }
      for (const row of dirty) {
        finish?.(row);
        const changes: Record<string, Value> = {};
        for (const column of changing) changes[column] = row[column] ?? null;
        tables.update(name, row, changes);
        // The newest last: what is forgotten is what was not changed for long.
        const place = placeOf(row);
        known.delete(place);
        known.set(place, row);
      }
      fresh.clear();
      dirty.clear();
      for (const place of known.keys()) {
        if (known.size <= remember) break;
        known.delete(place);
      }
    },
    reset() {
      known.clear();
      fresh.clear();
      dirty.clear();
    },
  };
}

function placed(values: readonly Value[]): string {
  let place = '';
  for (const value of values) place += `${value}\u0000`; // no name contains it
  return place;
}
