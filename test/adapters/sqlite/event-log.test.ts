import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { eventLogContract } from '../../contracts/event-log.ts';
import { openArchivedLog } from './archived-log.ts';

const directory = mkdtempSync(join(tmpdir(), 'reckoner-'));
let files = 0;
afterAll(() => rmSync(directory, { recursive: true }));

eventLogContract('a SQLite file', {
  create: () => openSqliteEventLog({ file: join(directory, `${files++}.db`) }),
  idsUniqueAcrossStreams: true,
});
eventLogContract("SQLite's memory", {
  create: () => openSqliteEventLog({ file: ':memory:' }),
  idsUniqueAcrossStreams: true,
});
// Small bounds, so that every limit is met: pages, windows, batches, remembered heads.
eventLogContract('a SQLite file with tiny pages', {
  create: () =>
    openSqliteEventLog({ file: join(directory, `${files++}.db`), pageSize: 3, window: 5, maxBatch: 2, heads: 2 }),
  idsUniqueAcrossStreams: true,
});
// All but the newest events of the buckets' streams are in segments.
eventLogContract('a SQLite file that is archived', {
  create: () =>
    openArchivedLog({ file: join(mkdtempSync(join(directory, 'archived-')), 'log.db'), pageSize: 3, window: 5 }),
  idsUniqueAcrossStreams: true,
});
