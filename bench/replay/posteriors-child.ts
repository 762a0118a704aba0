/**
 * The processes that `posteriors.ts` measures: `node replay/posteriors-child.js scan {dataDir} {events}` reads so many events of the
 * log and no more, `… rebuild …` folds every posterior from them, `… project …` fills the read model too. Prints one JSON line.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createFolding } from '../../actors/bucket/bucket-folding.ts';
import { replay } from '../../actors/bucket/replay.ts';
import { dataFiles } from '../../adapters/cli/compose/data-files.ts';
import { createEditions } from '../../adapters/projector/editions.ts';
import { openReadModelsFile } from '../../adapters/projector/file.ts';
import { checkpointAfter, foldBatch, seatOf } from '../../adapters/projector/fold.ts';
import { openTables } from '../../adapters/projector/tables.ts';
import { openSqliteEventLog } from '../../adapters/sqlite/event-log.ts';
import type { RecordedEvent } from '../../events/event-log.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { posteriors } from '../../projections/posteriors.ts';

export interface Measured {
  readonly ms: number;
  /** Processor time, of all its threads. */
  readonly cpuMs: number;
  readonly events: number;
  readonly buckets: number;
  /** Most memory that the process ever had, in megabytes. */
  readonly peakMb: number;
}

/** In pages, as the log itself reads: a statement that is stepped row by row from JavaScript takes a third longer. */
function scan(dataDir: string, limit: number) {
  const log = new Database(join(dataDir, dataFiles.log), { readonly: true });
  const page = log
    .prepare<[number, number], [position: number, ...unknown[]]>(
      'SELECT position, id, stream, revision, type, data, metadata FROM events WHERE position > ? ORDER BY position LIMIT ?',
    )
    .raw();
  let events = 0;
  for (let last = 0; events < limit; ) {
    const rows = page.all(last, Math.min(500, limit - events));
    if (rows.length === 0) break;
    events += rows.length;
    last = rows.at(-1)?.[0] ?? last;
  }
  log.close();
  return { events, buckets: 0 };
}

async function rebuild(dataDir: string, limit: number) {
  const log = openSqliteEventLog({ file: join(dataDir, dataFiles.log) });
  const { events, buckets } = await replay(log, createFolding({ log, makePolicy: createPolicy }), limit);
  await log.close();
  return { events, buckets: buckets.size };
}

/** Events of one transaction of the read model. */
const BATCH = 20_000;

/** Into a file of its own: as the projector does it, without what else a projector does. */
async function project(dataDir: string, limit: number) {
  const log = openSqliteEventLog({ file: join(dataDir, dataFiles.log) });
  const file = join(dataDir, `bench-${process.pid}.db`);
  const database = openReadModelsFile(file, (error) => {
    throw error;
  });
  const editions = createEditions(database);
  const projection = posteriors(createFolding({ log, makePolicy: createPolicy }));
  const edition = database.transaction(() => editions.begin(projection)).immediate();
  const seat = seatOf(projection, edition, projection.open(openTables(database, projection.tables, edition)));
  let events = 0;
  let batch: RecordedEvent[] = [];
  const fold = async () => {
    const last = batch.at(-1);
    if (last === undefined) return;
    database.exec('BEGIN IMMEDIATE');
    await foldBatch([seat], batch);
    seat.checkpoint = checkpointAfter(seat, batch, last.position);
    editions.checkpoint(edition, seat.checkpoint);
    database.exec('COMMIT');
    batch = [];
  };
  for await (const event of log.readAll({ limit })) {
    events += 1;
    batch.push(event);
    if (batch.length === BATCH) await fold();
  }
  await fold();
  const buckets = [...openTables(database, projection.tables, edition).select('buckets', {})].length;
  database.close();
  await log.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
  return { events, buckets };
}

const [kind = '', directory = '', limit = '0'] = process.argv.slice(2);
const work = { scan, rebuild, project }[kind];
if (work === undefined) throw new Error(`there is no ${kind} to measure`);
const began = performance.now();
const before = process.cpuUsage();
const { events, buckets } = await work(directory, Number(limit));
const ms = performance.now() - began;
const { user, system } = process.cpuUsage(before);
const measured: Measured = {
  ...{ ms, events, buckets, cpuMs: (user + system) / 1000 },
  peakMb: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(measured));
