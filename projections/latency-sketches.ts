/** The latencies behind percentiles, in a table of their own: one sketch for each row of another table. */
import type { Row, Table, Tables, Value } from './projection.ts';
import { type QuantileSketch, quantileSketch } from './quantile-sketch.ts';
import type { Rows } from './rows.ts';

export interface LatencySketches {
  /** Counts a latency, milliseconds, for the row with this key. */
  accept(latencyMs: number, ...key: Value[]): void;
  /** Puts the sketches that changed, and the percentiles into the rows that they belong to. */
  flush(): void;
  reset(): void;
}

/** Columns that it fills. */
type Percentiles = Row & { latency_p50_ms: number | null; latency_p95_ms: number | null };

/** Sketches that are remembered after a batch: each takes some kilobytes. */
const REMEMBERED = 256;

/** @param rows of a table with the same key; they are put by whoever has them */
export function latencySketches(tables: Tables, { name, key }: Table, rows: Rows<Percentiles>): LatencySketches {
  const known = new Map<string, { readonly key: readonly Value[]; readonly sketch: QuantileSketch }>();
  const dirty = new Set<string>();

  return {
    accept(latencyMs, ...values) {
      const place = values.join('\u0000');
      let entry = known.get(place);
      if (entry === undefined) {
        const stored = tables.get(name, keyed(key, values))?.sketch;
        entry = { key: values, sketch: quantileSketch(stored instanceof Uint8Array ? stored : undefined) };
        known.set(place, entry);
      }
      entry.sketch.accept(latencyMs);
      dirty.add(place);
    },
    flush() {
      for (const place of dirty) {
        const entry = known.get(place);
        if (entry === undefined) continue;
        tables.put(name, { ...keyed(key, entry.key), sketch: entry.sketch.serialise() });
        const row = rows.find(...entry.key);
        if (row === undefined) continue;
        row.latency_p50_ms = entry.sketch.quantile(0.5);
        row.latency_p95_ms = entry.sketch.quantile(0.95);
        rows.changed(row);
        known.delete(place);
        known.set(place, entry);
      }
      dirty.clear();
      for (const place of known.keys()) {
        if (known.size <= REMEMBERED) break;
        known.delete(place);
      }
    },
    reset() {
      known.clear();
      dirty.clear();
    },
  };
}

function keyed(key: readonly string[], values: readonly Value[]): Row {
  return Object.fromEntries(key.map((column, index) => [column, values[index] ?? null]));
}
