/**
 * Moving old events out of the live log. In this order, so that a process that dies anywhere loses nothing and shows nothing twice:
 *
 * 1. `writeSegment` copies the events to a new file, with the hash of all of them, and makes it durable under its name. Nobody
 *    knows of it yet; a run that died here is begun anew, and clears away what it left.
 * 2. `registerSegment` writes it into the live log: from then on readers find every event of it there.
 * 3. `drainSegment` deletes from the live log, in short transactions, what it finds in the segment byte for byte, and writes in the
 *    same transaction down which revisions are gone, their ids, and the base of each bucket. A run that died here is gone on with.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import type { RecordedEvent } from '../../events/event-log.ts';
import { chainHash } from '../../events/seal.ts';
import type { Snapshot } from '../../events/snapshot-store.ts';
import { hashFile, sync } from '../files/durable.ts';
import { ARCHIVED_KINDS, idBytes, pathOf, type Segment } from './archive.ts';
import { applicationId, openDatabase } from './database.ts';
import { failureOf } from './failures.ts';
import { patience, patiently } from './patience.ts';
import { logFile, positionOf } from './schema.ts';

/** Where tests kill the process. */
export type ArchivePoint = 'segmentWritten' | 'segmentPlaced' | 'registered' | 'chunkDrained' | 'drained';

/** Revisions of one stream that are live up to a position, oldest and newest. */
export interface LiveSpan {
  readonly stream: string;
  readonly first: number;
  readonly last: number;
}

/** What is known of a segment before it is registered. */
export type SegmentFacts = Omit<Segment, 'id' | 'drained'>;

export interface Archiver {
  /** Streams of buckets and agents, of those that begin so, that have two events or more up to this row. */
  spansUpTo(row: number, streamPrefix?: string): LiveSpan[];
  /**
   * Copies of each stream the live revisions below the given one; undefined where that is none.
   * @param verify told of each event, in order; what it throws ends the writing
   * @throws ReckonerError log_corrupt, log_full, log_unusable
   */
  writeSegment(options: WriteOptions): Promise<SegmentFacts | undefined>;
  /** @throws ReckonerError conflict where another process has archived meanwhile */
  registerSegment(facts: SegmentFacts): Promise<Segment>;
  /** Segments that are registered, and not yet gone from the live log. */
  undrained(): Segment[];
  /** @returns events deleted */
  drainSegment(segment: Segment, options: DrainOptions): Promise<number>;
  /** Streams that have a base. */
  basedStreams(): string[];
  baseOf(stream: string): Snapshot | undefined;
  /** Puts another one of the same revision in its place. */
  putBase(stream: string, base: Snapshot): Promise<void>;
  /** Bytes within the live file that new events will take before it grows. */
  freeBytes(): number;
  close(): void;
}

export interface WriteOptions {
  /** An existing directory, or one to be made. */
  readonly directory: string;
  /** What is written down of it: relative to the log's directory, or absolute. */
  readonly registeredAs: string;
  /** For each stream the revision that stays: what is before it goes. */
  readonly keepFrom: ReadonlyMap<string, number>;
  /** Last row to be looked at. */
  readonly upTo: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly verify?: (event: RecordedEvent) => void;
  /** Told of the share that is done, in [0, 1]. */
  readonly progress?: (share: number) => void;
}

export interface DrainOptions {
  /** A bucket's state at a revision; undefined where the stream is no bucket's. */
  readonly baseOf: (stream: string, revision: number) => Promise<Snapshot | undefined>;
  readonly progress?: (share: number) => void;
}

export interface ArchiverOptions {
  /** The live log's file. */
  readonly file: string;
  /** Events deleted in one transaction, default 500: how long others may have to wait for the lock. */
  readonly chunk?: number;
  readonly onPoint?: (name: ArchivePoint) => void;
}

type Row = [position: number, id: string, stream: string, revision: number, type: string, data: Buffer, meta: Buffer];
type Piece = { readonly stream: string; readonly first: number; readonly from: number; readonly to: number };
type Based = Piece & { readonly base: Snapshot | undefined };

const COLUMNS = 'position, id, stream, revision, type, data, metadata';
const PAGE = 1_000;

const SEGMENT_TABLES = `
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    id       TEXT    NOT NULL UNIQUE,
    stream   TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    type     TEXT    NOT NULL,
    data     BLOB    NOT NULL,
    metadata BLOB    NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
  CREATE TABLE segment (root TEXT NOT NULL) STRICT`;

/** Drafts of processes that are gone, or of this one. */
function abandoned(directory: string): string[] {
  return readdirSync(directory).filter((name) => {
    const [, pid] = /^segment-(\d+)\.tmp(?:-journal)?$/.exec(name) ?? [];
    return pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)));
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'; // somebody else's
  }
}

/** Opens the live log to archive from it, beside a node that uses it. @throws ReckonerError log_corrupt, log_newer, log_unusable */
export function openArchiver({ file, chunk = 500, onPoint = () => {} }: ArchiverOptions): Archiver {
  const waits = patience({ limitMs: 30_000 });
  const database = openDatabase(file, logFile(), waits);
  const kinds = ARCHIVED_KINDS.map((kind) => `stream GLOB '${kind}*'`).join(' OR ');
  const rows = database
    .prepare<[number, number], Row>(
      `SELECT ${COLUMNS} FROM events NOT INDEXED WHERE position > ? AND position <= ? ORDER BY position LIMIT ${PAGE}`,
    )
    .raw();

  function spansUpTo(row: number, streamPrefix = ''): LiveSpan[] {
    return database
      .prepare<[number, string, string], LiveSpan>(
        `SELECT stream, min(revision) AS first, max(revision) AS last FROM events
         WHERE position <= ? AND stream >= ? AND stream < ? AND (${kinds}) GROUP BY stream HAVING count(*) > 1`,
      )
      .all(row, streamPrefix, `${streamPrefix}\u{10ffff}`);
  }

  async function writeSegment(options: WriteOptions): Promise<SegmentFacts | undefined> {
    const { directory, keepFrom, upTo, verify = () => {}, progress = () => {} } = options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const draft = join(directory, `segment-${process.pid}.tmp`);
    for (const name of abandoned(directory)) rmSync(join(directory, name), { force: true });
    const copy = new Database(draft);
    const root = createHash('sha256');
    const types = new Set<string>();
    const streams = new Set<string>();
    let [first, last, events] = [0, 0, 0];
    try {
      chmodSync(draft, 0o600);
      // It is worth nothing before it is complete: then it is synced once.
      for (const setting of ['journal_mode = OFF', 'synchronous = OFF', `application_id = ${applicationId('RKNa')}`])
        copy.pragma(setting);
      copy.exec(SEGMENT_TABLES);
      const insert = copy.prepare<Row>('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)');
      copy.exec('BEGIN');
      for (let at = 0; ; ) {
        const page = rows.all(at, upTo);
        for (const row of page) {
          const [position, id, stream, revision, type, data, metadata] = row;
          if (revision >= (keepFrom.get(stream) ?? 0)) continue;
          const event = { position: positionOf(position), id, stream, revision, type, data, metadata };
          verify(event);
          root.update(`${event.position}\0`).update(chainHash(event));
          insert.run(...row);
          if (events++ === 0) first = position;
          last = position;
          types.add(type);
          streams.add(stream);
        }
        at = page.at(-1)?.[0] ?? upTo;
        progress(at / Math.max(1, upTo));
        if (page.length < PAGE) break;
        await sleep(0);
      }
      const sealed = root.digest('hex');
      copy.prepare('INSERT INTO segment VALUES (?)').run(sealed);
      copy.exec('COMMIT');
      copy.close();
      if (events === 0) return undefined;
      sync(draft);
      onPoint('segmentWritten');
      const name = `segment-${positionOf(first)}-${positionOf(last)}-${sealed.slice(0, 8)}.db`;
      const path = join(directory, name);
      const { size } = statSync(draft);
      const { sha256 } = await hashFile(draft);
      const facts = {
        first,
        last,
        events,
        streams: streams.size,
        root: sealed,
        bytes: size,
        sha256,
        made: options.now,
      };
      chmodSync(draft, 0o400);
      renameSync(draft, path);
      writeFileSync(`${path}.json`, `${JSON.stringify({ format: 1, name, ...facts, types: [...types] }, null, 2)}\n`);
      sync(`${path}.json`);
      sync(directory);
      onPoint('segmentPlaced');
      return { ...facts, name, directory: options.registeredAs, types: JSON.stringify([...types]) };
    } catch (thrown) {
      throw failureOf(thrown, draft);
    } finally {
      copy.close();
      rmSync(draft, { force: true });
    }
  }

  const known = Number(database.prepare('SELECT coalesce(max(id), 0) FROM segments').pluck().get());
  const insertSegment = database.prepare(
    `INSERT INTO segments (name, directory, first, last, events, streams, types, root, bytes, sha256, made)
     VALUES (@name, @directory, @first, @last, @events, @streams, @types, @root, @bytes, @sha256, @made)`,
  );
  const newest = database.prepare<[], Segment>('SELECT * FROM segments ORDER BY id DESC LIMIT 1');
  const register = database.transaction((facts: SegmentFacts) => {
    if ((newest.get()?.id ?? 0) !== known) {
      throw new ReckonerError('conflict', 'Another process has archived meanwhile.', {
        remedy: 'Run it again: what the other one left to do is done first.',
      });
    }
    insertSegment.run(facts);
    return newest.get();
  });

  const archivedTo = database
    .prepare<[string, number], number>('SELECT through FROM archived WHERE stream = ? AND segment = ?')
    .pluck();
  const spanOf = `FROM events WHERE stream = ? AND revision BETWEEN ? AND ? ORDER BY revision`;
  const live = database.prepare<[string, number, number], Row>(`SELECT ${COLUMNS} ${spanOf}`).raw();
  const putBase = database.prepare(
    'INSERT OR REPLACE INTO bases (stream, revision, versions, bytes) VALUES (?, ?, ?, ?)',
  );
  const oneBase = database.prepare<[string], Snapshot>('SELECT revision, versions, bytes FROM bases WHERE stream = ?');
  const renewBase = database.prepare<[string, Uint8Array, string, number]>(
    'UPDATE bases SET versions = ?, bytes = ? WHERE stream = ? AND revision = ?',
  );
  const putId = database.prepare<[Uint8Array, number]>('INSERT INTO archived_ids (id, segment) VALUES (?, ?)');
  const putSpan = database.prepare<[string, number, number, number]>(
    `INSERT INTO archived (stream, first, through, segment) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET through = excluded.through`,
  );
  const remove = database.prepare<[string, number, number]>(
    'DELETE FROM events WHERE stream = ? AND revision BETWEEN ? AND ?',
  );

  async function drainSegment(segment: Segment, { baseOf, progress = () => {} }: DrainOptions): Promise<number> {
    const path = pathOf(file, segment);
    if (path === undefined)
      throw new ReckonerError(
        'segment_missing',
        `${segment.name} is gone, and events that were to move there are not.`,
      );
    const copy = new Database(path, { readonly: true, fileMustExist: true });
    const copied = copy.prepare<[string, number, number], Row>(`SELECT ${COLUMNS} ${spanOf}`).raw();
    let moved = 0;

    const drain = database.transaction((pieces: readonly Based[]) => {
      for (const { stream, first, from, to, base } of pieces) {
        if ((archivedTo.get(stream, segment.id) ?? from - 1) !== from - 1) continue; // another process did it
        const [here, there] = [live.all(stream, from, to), copied.all(stream, from, to)];
        if (there.length !== to - from + 1 || !same(here, there)) {
          throw new ReckonerError(
            'log_corrupt',
            `${stream}, revisions ${from} to ${to}: the segment differs from the log.`,
          );
        }
        if (base !== undefined) putBase.run(stream, base.revision, base.versions, base.bytes);
        for (const [, id] of there) putId.run(idBytes(id), segment.id);
        putSpan.run(stream, first, to, segment.id);
        remove.run(stream, from, to);
        moved += there.length;
      }
    });

    async function commit(pieces: readonly Piece[]): Promise<void> {
      const based: Based[] = [];
      for (const piece of pieces) {
        const begins = piece.from === piece.first;
        based.push({ ...piece, base: begins ? await baseOf(piece.stream, lastOf(piece.stream) + 1) : undefined });
      }
      const begun = performance.now();
      await patiently(() => drain.immediate(based), waits);
      onPoint('chunkDrained');
      progress(moved / Math.max(1, segment.events));
      await sleep(performance.now() - begun); // half of the time is for those who decide
    }

    const streams = copy.prepare<[], LiveSpan>(
      'SELECT stream, min(revision) AS first, max(revision) AS last FROM events GROUP BY stream ORDER BY stream',
    );
    const lastRevision = copy.prepare<[string], number>('SELECT max(revision) FROM events WHERE stream = ?').pluck();
    const lastOf = (stream: string) => lastRevision.get(stream) ?? 0;
    try {
      let pieces: Piece[] = [];
      let size = 0;
      for (const { stream, first, last } of streams.all()) {
        for (let from = (archivedTo.get(stream, segment.id) ?? first - 1) + 1; from <= last; ) {
          const to = Math.min(last, from + chunk - size - 1);
          pieces.push({ stream, first, from, to });
          size += to - from + 1;
          from = to + 1;
          if (size < chunk) continue;
          await commit(pieces);
          [pieces, size] = [[], 0];
        }
      }
      if (pieces.length > 0) await commit(pieces);
      await patiently(() => database.prepare('UPDATE segments SET drained = 1 WHERE id = ?').run(segment.id), waits);
      onPoint('drained');
      return moved;
    } catch (thrown) {
      throw failureOf(thrown, file);
    } finally {
      copy.close();
    }
  }

  return {
    spansUpTo,
    writeSegment,
    async registerSegment(facts) {
      const segment = await patiently(() => register.immediate(facts), waits);
      if (segment === undefined) throw new ReckonerError('internal', 'A segment was registered and is not there.');
      onPoint('registered');
      return segment;
    },
    undrained: () => database.prepare<[], Segment>('SELECT * FROM segments WHERE drained = 0 ORDER BY id').all(),
    drainSegment,
    basedStreams: () => database.prepare<[], string>('SELECT stream FROM bases ORDER BY stream').pluck().all(),
    baseOf: (stream) => oneBase.get(stream),
    async putBase(stream, { revision, versions, bytes }) {
      await patiently(() => renewBase.run(versions, bytes, stream, revision), waits);
    },
    freeBytes: () =>
      Number(database.pragma('freelist_count', { simple: true })) *
      Number(database.pragma('page_size', { simple: true })),
    close: () => database.close(),
  };
}

function same(here: readonly Row[], there: readonly Row[]): boolean {
  return (
    here.length === there.length &&
    here.every((row, index) =>
      row.every((value, column) => {
        const other = there[index]?.[column];
        return Buffer.isBuffer(value) ? Buffer.isBuffer(other) && value.equals(other) : value === other;
      }),
    )
  );
}
