/**
 * What a projection is: a fold of the log into tables that can be thrown away and made again. It says which tables it fills and
 * how each event changes them; where they are stored, and when, is the projector's business.
 */
import type { DecodedEvent, EventType } from '../events/catalogue.ts';
import type { RecordedEvent } from '../events/event-log.ts';

/** A cell. Times are milliseconds since 1970; a boolean is 0 or 1. */
export type Value = string | number | null | Uint8Array;

/** A row, or a part of one: value by column. */
export type Row = Readonly<Record<string, Value>>;

export interface Column {
  readonly type: 'text' | 'integer' | 'real' | 'blob';
  /** Whether it may be null; default false. */
  readonly nullable?: boolean;
  /** What it holds, unit and range, for whoever queries it. */
  readonly about: string;
}

export interface Table {
  /** As readers see it, in snake case; unique among all projections. */
  readonly name: string;
  /** What one row is, in a sentence. */
  readonly about: string;
  readonly columns: Readonly<Record<string, Column>>;
  /** Columns that name a row. */
  readonly key: readonly string[];
  /** Further columns, in order, that rows are looked up by. */
  readonly indexes?: readonly (readonly string[])[];
  /** The projection's own working state: not shown to readers. */
  readonly internal?: boolean;
}

/** The tables of one version of one projection, within the transaction of a batch: what is put is seen by the next read. */
export interface Tables {
  /** The row with this key (a value for each key column), undefined where there is none. */
  get(table: string, key: Row): Row | undefined;
  /** Inserts the row, or replaces the one with its key. Columns that it leaves out are null. */
  put(table: string, row: Row): void;
  /** Changes columns of the row with this key; false where there is none. */
  update(table: string, key: Row, changes: Row): boolean;
  /** Adds to numbers of the row with this key; where there is none it begins with them, other columns from `rest`. */
  add(table: string, key: Row, amounts: Readonly<Record<string, number>>, rest?: Row): void;
  /** False where there was no row with this key. */
  delete(table: string, key: Row): boolean;
  /** Rows whose columns have these values, ordered by the key; an index should begin with the columns. */
  select(table: string, where: Row): Iterable<Row>;
}

/** A stored event on its way through projections; decoded once for all of them, and only where one asks. */
export interface ProjectedEvent {
  readonly record: RecordedEvent;
  /** Undefined where its type is unknown to this version. @throws ReckonerError log_corrupt */
  readonly decoded: () => DecodedEvent | undefined;
}

export interface Projection {
  /** In kebab case. */
  readonly name: string;
  /** Raised when its tables or their meaning change: the new version is built beside the old one, then takes its place. */
  readonly version: number;
  /** What its readers learn from it, in a sentence. */
  readonly about: string;
  readonly tables: readonly Table[];
  /** Event types that it folds. */
  readonly types: readonly EventType[];
  /**
   * Whether every event must be folded at its place in the log. Then one that failed cannot be folded late: it takes building the
   * projection anew. Default false: a dead letter may be folded whenever it is retried.
   */
  readonly ordered?: boolean;
  /** Begins to fold, on empty tables or on those that it left behind. */
  open(tables: Tables): Handler;
}

/** A projection at work. It may remember what it has put; it never knows anything that its tables do not. */
export interface Handler {
  /** Folds one event, in log order. A throw sends the event to the dead letters, or stops a rebuild. */
  apply(event: ProjectedEvent): void | Promise<void>;
  /** The batch ends: puts what was held back, in the same transaction. */
  flush?(): void | Promise<void>;
  /** The transaction was rolled back: forgets what it remembers, and goes on from the tables. */
  reset(): void;
}
