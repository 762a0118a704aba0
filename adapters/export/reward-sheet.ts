/**
 * What came back for the decisions of a domain, gathered before they are written down: a reward may come a month after its
 * decision, with everything else between them. It lies in a temporary file that SQLite takes away with the connection, so that
 * memory does not grow with the log.
 */
import Database from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { type DecodedEvent, decode, type EventData } from '../../events/catalogue.ts';
import type { EventLog, Position } from '../../events/event-log.ts';

/** A reward that counts. */
export interface SheetReward {
  readonly arm: string;
  readonly item: string;
  /** In [0, 1]. */
  readonly value: number;
  /** The part of one pull, in [0, 1]; 0 for neutral feedback. */
  readonly share: number;
  readonly kind: string;
  readonly feedback: string;
  /** When it was recorded, milliseconds since 1970. */
  readonly time: number;
}

export interface RewardSheet {
  /** What counts for a decision, in the order in which it came. */
  of(stream: string, revision: number): SheetReward[];
  /** What somebody reported first that the decision's call has cost, in dollars; undefined where nobody did. */
  costOf(stream: string, revision: number): number | undefined;
  close(): void;
}

const TYPES = ['RewardObserved', 'RewardRetracted'] as const;

const SCHEMA = `
  CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE rewards (
    stream INTEGER, decision INTEGER, revision INTEGER, arm TEXT, item TEXT, value REAL, share REAL, kind TEXT,
    feedback TEXT, time REAL, PRIMARY KEY (stream, decision, revision)
  ) WITHOUT ROWID;
  CREATE TABLE costs (stream INTEGER, decision INTEGER, usd REAL, PRIMARY KEY (stream, decision)) WITHOUT ROWID;
`;

export interface RewardSheetOptions {
  /** What the streams of the domain's buckets begin with. */
  readonly streamPrefix: string;
  /** The last position to be read. */
  readonly until: Position;
  /** Whether the domain's log takes this reward out (`RewardVoided`). */
  readonly isVoided: (reward: EventData<'RewardObserved'>, time: number) => boolean;
  /** What a reward is worth; default as it was recorded. */
  readonly worth?:
    | ((reward: EventData<'RewardObserved'>) => Pick<EventData<'RewardObserved'>, 'value' | 'share'>)
    | undefined;
  /** Told how far it is, now and then. */
  readonly onProgress?: (position: Position) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Reads all rewards of a domain. @throws ReckonerError log_corrupt */
export async function gatherRewards(log: EventLog, options: RewardSheetOptions): Promise<RewardSheet> {
  const database = new Database('');
  try {
    database.pragma('journal_mode = OFF');
    database.pragma('synchronous = OFF');
    database.pragma('cache_size = -32768');
    database.exec(SCHEMA);
    await fill(database, log, options);
    return sheet(database);
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

async function fill(
  database: Database.Database,
  log: EventLog,
  { streamPrefix, until, isVoided, worth = (reward) => reward, onProgress, signal }: RewardSheetOptions,
): Promise<void> {
  const newStream = database.prepare('INSERT OR IGNORE INTO streams (name) VALUES (?)');
  const numberOf = numbersOf(database);
  const observe = database.prepare('INSERT OR REPLACE INTO rewards VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const retract = database.prepare('DELETE FROM rewards WHERE stream = ? AND decision = ? AND revision = ?');
  const cost = database.prepare('INSERT OR IGNORE INTO costs VALUES (?, ?, ?)');
  const put = (event: DecodedEvent) => {
    const { revision } = event;
    let stream = numberOf(event.stream);
    if (stream === undefined) {
      newStream.run(event.stream);
      stream = numberOf(event.stream);
    }
    if (event.type === 'RewardObserved') {
      const { decisionRevision, arm, item, kind, feedback, costUsd } = event.data;
      if (costUsd !== undefined) cost.run(stream, decisionRevision, costUsd);
      if (isVoided(event.data, event.metadata.time)) return;
      const { value, share } = worth(event.data);
      observe.run(stream, decisionRevision, revision, arm, item, value, share, kind, feedback, event.metadata.time);
    } else if (event.type === 'RewardRetracted') {
      retract.run(stream, event.data.decisionRevision, event.data.rewardRevision);
    }
  };
  const putAll = database.transaction((batch: readonly DecodedEvent[]) => batch.forEach(put));
  let batch: DecodedEvent[] = [];
  for await (const event of log.readAll({ streamPrefix, types: TYPES })) {
    if (event.position > until) break;
    signal?.throwIfAborted();
    const decoded = decode(event);
    if (decoded !== undefined) batch.push(decoded);
    if (batch.length < 1_000) continue;
    putAll(batch);
    batch = [];
    onProgress?.(event.position);
  }
  putAll(batch);
}

/** Streams by number; those that came last are remembered. */
function numbersOf(database: Database.Database): (stream: string) => number | undefined {
  const lookUp = database.prepare<[string], number>('SELECT id FROM streams WHERE name = ?').pluck();
  const known = new LRUCache<string, number>({ max: REMEMBERED });
  return (stream) => {
    const number = known.get(stream) ?? lookUp.get(stream);
    if (number !== undefined) known.set(stream, number);
    return number;
  };
}

const REMEMBERED = 20_000;

function sheet(database: Database.Database): RewardSheet {
  const numberOf = numbersOf(database);
  const where = 'WHERE stream = ? AND decision = ?';
  const rewards = database.prepare<[number, number], SheetReward>(
    `SELECT arm, item, value, share, kind, feedback, time FROM rewards ${where} ORDER BY revision`,
  );
  const cost = database.prepare<[number, number], number>(`SELECT usd FROM costs ${where}`).pluck();
  return {
    of(stream, revision) {
      const number = numberOf(stream);
      return number === undefined ? [] : rewards.all(number, revision);
    },
    costOf(stream, revision) {
      const number = numberOf(stream);
      return number === undefined ? undefined : cost.get(number, revision);
    },
    close: () => database.close(),
  };
}

/**
 * Several rewards as one: their mean, each by its share of a pull. Undefined where there is none, or only what counts for
 * nothing (neutral feedback).
 */
export function combined(rewards: readonly Pick<SheetReward, 'value' | 'share'>[]): number | undefined {
  let shares = 0;
  let sum = 0;
  for (const { value, share } of rewards) {
    shares += share;
    sum += share * value;
  }
  // Rounding must not leave the range.
  return shares === 0 ? undefined : Math.min(1, Math.max(0, sum / shares));
}
