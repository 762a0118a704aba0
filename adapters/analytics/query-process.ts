/**
 * The process that answers one statement: `query.ts` starts it and ends it when it takes too long or too much, because nothing
 * else can stop SQLite in the middle of a statement. It speaks JSON lines: columns, rows, and an end.
 */
import { once } from 'node:events';
import type Database from 'better-sqlite3';
import { problemOf } from '../../events/errors.ts';
import { building, connectReadOnly, openReadModels, readingFailure, tablesOnTheWay } from '../projector/reader.ts';
import { prepareReading, saidOf } from './guard.ts';
import type { QueryLine, QueryRequest } from './query-lines.ts';

async function answer(request: QueryRequest): Promise<void> {
  try {
    await answerWhole(request);
  } catch (thrown) {
    throw readingFailure(saidOf(thrown), request.file);
  }
}

async function answerWhole({ file, sql, limit }: QueryRequest): Promise<void> {
  const models = openReadModels(file);
  const shown = models.shown();
  models.close();
  const database = connectReadOnly(file);
  const tables = shown.flatMap(({ tables }) => tables.map(({ name }) => name));
  const { statement, reads } = prepared(database, sql, tables);
  const asOf = shown
    .filter(({ tables }) => tables.some(({ name }) => reads.includes(name)))
    .map(({ position, time = null }) => ({ position, time }))
    .sort((one, other) => (one.position < other.position ? -1 : 1))[0];
  const columns = statement.columns().map(({ name }) => name);
  await say({ kind: 'columns', columns, asOf: asOf ?? null });
  let rows = 0;
  let more = false;
  for (const row of statement.raw().iterate() as Iterable<unknown[]>) {
    if (rows === limit) {
      more = true;
      break;
    }
    rows += 1;
    await say({ kind: 'row', row: row.map(plain) });
  }
  await say({ kind: 'end', more });
}

/** @throws ReckonerError projections_building where it asks for what is still on its way: SQLite would say that there is no such table */
function prepared(database: Database.Database, sql: string, tables: readonly string[]) {
  try {
    return prepareReading(database, sql, tables);
  } catch (thrown) {
    const missing = /^no such table: (?:main\.)?(\w+)/.exec(thrown instanceof Error ? thrown.message : '')?.[1];
    if (missing === undefined || !tablesOnTheWay(database).includes(missing.toLowerCase())) throw thrown;
    throw building(`The table ${missing} is still being built.`);
  }
}

/** Bytes as hex, as SQLite writes them. */
function plain(value: unknown): string | number | null {
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return value === null || value === undefined ? null : String(value);
}

async function say(line: QueryLine): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, 'drain');
}

process.once('message', (request) => {
  // What query.ts sends it.
  answer(request as QueryRequest)
    .catch((thrown: unknown) => say({ kind: 'problem', problem: problemOf(thrown) }))
    .finally(() => process.disconnect());
});
