/**
 * The processes that `restart.ts` measures, from the moment when their modules are loaded: `node restart-child.js scan {dataDir}`
 * reads the log once, `… open {dataDir} {bucket}` opens a node and asks for one decision. Prints one JSON line.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { dataFiles } from '../adapters/cli/compose/data-files.ts';
import { openNode } from '../adapters/cli/compose.ts';
import { contextOf, DOMAIN } from './deciding-domain.ts';

export interface Scanned {
  readonly ms: number;
  readonly rows: number;
}

export interface Opened {
  /** From opening until the decision was answered. */
  readonly ms: number;
  readonly openMs: number;
  readonly decideMs: number;
}

const [kind, directory = '', bucket = '0'] = process.argv.slice(2);
console.log(JSON.stringify(kind === 'scan' ? scan(directory) : await open(directory, Number(bucket))));

function scan(dataDir: string): Scanned {
  const began = performance.now();
  const log = new Database(join(dataDir, dataFiles.log), { readonly: true });
  // In pages, as the log itself reads: a statement that is stepped row by row from JavaScript takes a third longer.
  const page = log
    .prepare<[number], [position: number, ...unknown[]]>(
      `SELECT position, id, stream, revision, type, data, metadata FROM events WHERE position > ? ORDER BY position LIMIT 500`,
    )
    .raw();
  let rows = 0;
  for (let last = 0, read = page.all(last); read.length > 0; read = page.all(last)) {
    rows += read.length;
    last = read.at(-1)?.[0] ?? last;
  }
  log.close();
  return { ms: performance.now() - began, rows };
}

async function open(dataDir: string, first: number): Promise<Opened> {
  const began = performance.now();
  const node = await openNode({ dataDir });
  const opened = performance.now();
  await node.reckoner.decide(DOMAIN, { context: contextOf(first, 1) });
  const decided = performance.now();
  await node.close();
  return { ms: decided - began, openMs: opened - began, decideMs: decided - opened };
}
