/** Runs projections over a log to its end, as the projector does: what their tests look at afterwards. */
import type Database from 'better-sqlite3';
import { createEditions, requireSound } from '../../adapters/projector/editions.ts';
import { openReadModelsFile } from '../../adapters/projector/file.ts';
import { checkpointAfter, foldBatch, seatOf } from '../../adapters/projector/fold.ts';
import { openTables } from '../../adapters/projector/tables.ts';
import type { EventLog, RecordedEvent } from '../../events/event-log.ts';
import type { Projection, Row } from '../../projections/projection.ts';

export interface Projected {
  /** Every row of a table, the internal ones too, in the order of its key. */
  rows(table: string): Row[];
  /** What readers would get. */
  query(sql: string, ...values: (string | number)[]): Row[];
  /** Folds what the log has got since. */
  goOn(): Promise<void>;
  close(): void;
}

export interface ProjectOptions {
  /** Where the read models are kept, for tests of what reads them; default in memory. */
  readonly file?: string;
  /** Events of one transaction, default 100: the tables must not depend on it. */
  readonly batch?: number;
  /** Whether memory is thrown away after each batch, as after a failure: the tables must not depend on that either. */
  readonly forgetful?: boolean;
  /** Whether each batch fails once at its end, and is folded again. */
  readonly clumsy?: boolean;
}

/** @throws whatever a projection throws */
export async function project(
  projections: readonly Projection[],
  log: EventLog,
  { file = ':memory:', batch = 100, forgetful = false, clumsy = false }: ProjectOptions = {},
): Promise<Projected> {
  requireSound(projections);
  const database = openReadModelsFile(file, (error) => {
    throw error;
  });
  const editions = createEditions(database);
  const seats = projections.map((projection) => {
    const edition = inTransaction(database, () => editions.begin(projection));
    return seatOf(projection, edition, projection.open(openTables(database, projection.tables, edition)));
  });

  async function fold(events: readonly RecordedEvent[]): Promise<void> {
    const upTo = events.at(-1)?.position;
    if (upTo === undefined) return;
    database.exec('BEGIN IMMEDIATE');
    if (clumsy) {
      await foldBatch(seats, events);
      database.exec('ROLLBACK; BEGIN IMMEDIATE');
      for (const { handler } of seats) handler.reset();
    }
    await foldBatch(seats, events);
    for (const seat of seats) {
      seat.checkpoint = checkpointAfter(seat, events, upTo);
      editions.checkpoint(seat.edition, seat.checkpoint);
    }
    database.exec('COMMIT');
    if (forgetful) for (const { handler } of seats) handler.reset();
  }

  async function goOn(): Promise<void> {
    let gathered: RecordedEvent[] = [];
    for await (const event of log.readAll({ after: seats[0]?.checkpoint.position })) {
      gathered.push(event);
      if (gathered.length < batch) continue;
      await fold(gathered);
      gathered = [];
    }
    await fold(gathered);
  }

  await goOn();
  inTransaction(database, () => {
    for (const { edition } of seats) editions.show(edition);
  });
  return {
    rows(table) {
      const declared = projections.flatMap(({ tables }) => tables).find(({ name }) => name === table);
      const seat = seats.find(({ projection }) => projection.tables.some(({ name }) => name === table));
      if (declared === undefined || seat === undefined) throw new Error(`no projection declares ${table}`);
      return [...openTables(database, [declared], seat.edition).select(table, {})];
    },
    query: (sql, ...values) => database.prepare<(string | number)[], Row>(sql).all(...values),
    goOn,
    close: () => database.close(),
  };
}

function inTransaction<T>(database: Database.Database, run: () => T): T {
  return database.transaction(run).immediate();
}
