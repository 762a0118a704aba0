/** Every byte of every event's row in a real log file, each of its bits changed: an audit must find it, and say where it is. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { auditFile } from '../../../adapters/cli/audit-file.ts';
import type { FileFinding } from '../../../adapters/cli/audit-part.ts';
import { openNode } from '../../../adapters/cli/compose.ts';

/** A data directory with few events of many kinds. @returns the log's file */
export async function smallLog(dataDir: string, decisions: number): Promise<string> {
  const node = await openNode({ dataDir, seed: 11 });
  const arms = ['hello', 'hi'];
  await node.reckoner.configure('greeting', { arms, context: { day: { type: 'numeric' } }, bucketBy: [] });
  for (let day = 0; day < decisions; day++) {
    const { decisionId } = await node.reckoner.decide('greeting', {
      context: { day },
      k: day % 3 === 2 ? 2 : undefined,
    });
    const { rewardId } = await node.reckoner.reward(decisionId, { value: 0.75 });
    if (day % 2 === 1) await node.reckoner.retract(decisionId, rewardId, { reason: 'a test' });
  }
  await node.close();
  const file = join(dataDir, 'events.db');
  const database = new Database(file);
  database.pragma('journal_mode = DELETE');
  database.close();
  return file;
}

export interface Place {
  /** Offset in the file. */
  readonly offset: number;
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  /** Bytes from the beginning of the row. */
  readonly at: number;
}

interface Row {
  readonly position: number;
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: Buffer;
  readonly metadata: Buffer;
}

/** Where the bytes of all rows are: what SQLite says of the columns (their types and lengths), then the columns themselves. */
export function placesIn(file: string): Place[] {
  const database = new Database(file, { readonly: true });
  const rows = database.prepare<[], Row>('SELECT * FROM events').all();
  database.close();
  const bytes = readFileSync(file);
  return rows.flatMap(({ position, id, stream, revision, type, data, metadata }) => {
    // 0 and 1 are told by their types alone.
    const number = revision < 2 ? [] : revision < 128 ? [revision] : [revision >> 8, revision & 255];
    const content = Buffer.concat([Buffer.from(id + stream), Buffer.from(number), Buffer.from(type), data, metadata]);
    const start = occurrences(bytes, content).find((offset) => isRead(file, position, id, offset));
    if (start === undefined) throw new Error(`row ${position} is not in one piece`);
    let header = 8;
    while (bytes[start - header] !== header) header++;
    const place = { position: String(position).padStart(16, '0'), stream, revision };
    const all = Array.from({ length: header + content.length }, (_, at) => ({
      ...place,
      at,
      offset: start - header + at,
    }));
    // The second byte keeps a place for the position, which SQLite takes from elsewhere: whatever it says, no event is another.
    return all.filter(({ at }) => at !== 1);
  });
}

function occurrences(bytes: Buffer, wanted: Buffer): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) found.push(at);
  return found;
}

/** Whether it is here that SQLite reads the row: splitting pages leaves copies behind, which nobody reads. */
function isRead(file: string, position: number, id: string, offset: number): boolean {
  const flip = () => put(file, offset, (readFileSync(file)[offset] ?? 0) ^ 1);
  flip();
  const database = new Database(file, { readonly: true });
  const read = database.prepare<[number], string>('SELECT id FROM events NOT INDEXED WHERE position = ?').pluck();
  const changed = read.get(position) !== id;
  database.close();
  flip();
  return changed;
}

function put(file: string, offset: number, value: number): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.of(value), 0, 1, offset);
  closeSync(handle);
}

/** What an audit finds while one bit of the file is changed. */
export async function foundWith(file: string, { offset }: Place, bit: number): Promise<FileFinding[]> {
  const byte = readFileSync(file)[offset] ?? 0;
  put(file, offset, byte ^ (1 << bit));
  try {
    return await findingsIn(file);
  } finally {
    put(file, offset, byte);
  }
}

export async function findingsIn(file: string): Promise<FileFinding[]> {
  const findings: FileFinding[] = [];
  await auditFile(file, { share: 1, found: (finding) => findings.push(finding) });
  return findings;
}

/** Whether one of the findings says which event it is. */
export function isLocated(findings: readonly FileFinding[], { position, stream, revision }: Place): boolean {
  return findings.some((one) => one.position === position || (one.stream === stream && one.revision === revision));
}
