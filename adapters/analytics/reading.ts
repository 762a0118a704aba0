/** What a reading of the read models is: SQL with an index behind it, and never more rows than a page asks for. */
import type Database from 'better-sqlite3';
import type { Row, Value } from '../../projections/projection.ts';

/** Where a page ends: what the rows are ordered by. Text and numbers only. */
export type Key = readonly (string | number)[];

/** What a reading is asked for, checked at the door. What is absent does not matter. */
export interface Asked {
  readonly tenant: string;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after?: Key | undefined;
  readonly domain?: string | undefined;
  readonly bucket?: string | undefined;
  readonly arm?: string | undefined;
  readonly agent?: string | undefined;
  /** A pseudonym. */
  readonly subject?: string | undefined;
  /** Milliseconds since 1970: at this time or later… */
  readonly from?: number | undefined;
  /** …and before this one. */
  readonly to?: number | undefined;
  readonly policyVersion?: number | undefined;
  readonly policy?: string | undefined;
  readonly experiment?: string | undefined;
  readonly mode?: string | undefined;
  readonly fallback?: boolean | undefined;
  readonly rewarded?: boolean | undefined;
  readonly kind?: string | undefined;
  /** Stream and revision of a decision. */
  readonly decision?: { readonly stream: string; readonly revision: number } | undefined;
  readonly revision?: number | undefined;
  readonly period?: 'hour' | 'day' | undefined;
  readonly metric?: string | undefined;
}

export interface Slice {
  readonly rows: readonly Row[];
  /** Where it ends, where more may follow. */
  readonly next: Key | undefined;
}

export interface Reading {
  /** The projection that makes its tables: how far that has got is how far the answer has. */
  readonly projection: string;
  /** Tables that it reads. */
  readonly tables: readonly string[];
  read(database: Database.Database, asked: Asked): Slice;
}

/** Rows that one page looks at, at most, for those that a filter without an index leaves over. */
export const LOOKED_AT = 5_000;

/** The end of time, where nothing is said of it. */
export const FOREVER = Number.MAX_SAFE_INTEGER;

/** The statements of a connection, prepared once. */
const prepared = new WeakMap<Database.Database, Map<string, Database.Statement>>();

export function rowsOf(
  database: Database.Database,
  sql: string,
  values: Readonly<Record<string, Value>>,
): IterableIterator<Row> {
  const known = prepared.get(database) ?? new Map<string, Database.Statement>();
  prepared.set(database, known);
  const statement = known.get(sql) ?? database.prepare(sql);
  known.set(sql, statement);
  return statement.iterate(values) as IterableIterator<Row>; // columns of tables hold what Value says
}

/**
 * The first rows that pass, as many as the page takes.
 * @param rows in the order of their keys; LOOKED_AT + 1 of them at most are looked at
 */
export function sliced(
  rows: Iterable<Row>,
  limit: number,
  keyOf: (row: Row) => Key,
  keep: (row: Row) => boolean = () => true,
): Slice {
  const kept: Row[] = [];
  let looked = 0;
  let last: Key | undefined;
  for (const row of rows) {
    if (kept.length === limit || looked === LOOKED_AT) return { rows: kept, next: last };
    looked += 1;
    last = keyOf(row);
    if (keep(row)) kept.push(row);
  }
  return { rows: kept, next: undefined };
}

/** A part of a key as what it is there for. */
export function keyPart(value: Value | undefined): string | number {
  return typeof value === 'string' || typeof value === 'number' ? value : '';
}
