/**
 * What a node of EventStoreDB keeps, in memory: one log of records in order of position, streams as lists into it, and the rules by
 * which an append is taken, recognised or refused (after `IndexWriter.CheckCommit` of the server).
 */
import { randomUUID } from 'node:crypto';

export interface Proposal {
  readonly id: string;
  readonly type: string;
  readonly json: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface StoredRecord extends Proposal {
  readonly stream: string;
  readonly revision: number;
  /** Where its bytes begin in the log, and where the next record begins: positions are offsets, not counts. */
  readonly position: number;
  readonly end: number;
  /** Where it was committed, which comes before its position in the order of all; the position itself but in transactions. */
  readonly commit: number;
  /** Milliseconds since 1970. */
  readonly created: number;
}

export type Expected = number | 'noStream' | 'any' | 'exists';

export interface Place {
  readonly commit: number;
  readonly prepare: number;
}

export type Decision =
  | { readonly kind: 'written' | 'idempotent'; readonly revision: number; readonly at: Place | undefined }
  | { readonly kind: 'wrong'; readonly head: number }
  | { readonly kind: 'deleted' };

/** What to do with an append before it is done: take it, or answer. */
type Checked = { readonly kind: 'take' } | Decision;

/** Of a stream: where its reading begins, by its metadata. */
interface Limits {
  readonly before: number;
  readonly maxCount: number;
}

const NO_LIMITS: Limits = { before: 0, maxCount: Number.POSITIVE_INFINITY };
/** Revision of a stream that was deleted for good, and what `$tb` says of one that was deleted softly: the greatest int64. */
const DELETED = 2 ** 63;
const NONE = -1;
/** Bytes that a server gives to the cache of recent ids (`ESConsts.CommitedEventsMemCacheLimit`). */
const CACHE_BYTES = 8 * 1024 * 1024;

export class DoubleStore {
  readonly records: StoredRecord[] = [];
  readonly #streams = new Map<string, StoredRecord[]>();
  readonly #tombstones = new Set<string>();
  /** Ids of recent events and the one place each was last written: all that knows them when `any` is expected. */
  readonly #committed = new Map<string, { readonly stream: string; readonly revision: number }>();
  #committedBytes = 0;
  readonly #cacheBytes: number;
  readonly #transactions: boolean;
  readonly #waiting = new Set<() => void>();

  /** @param options `transactions`: events of one append are committed together, at the last, as those written over TCP are */
  constructor({ cacheBytes = CACHE_BYTES, systemEvents = 3, transactions = false } = {}) {
    this.#cacheBytes = cacheBytes;
    this.#transactions = transactions;
    this.noise(systemEvents);
  }

  /** Where the next record will begin. */
  get end(): number {
    return this.records.at(-1)?.end ?? 0;
  }

  /** Writes what every server writes of its own accord: who reads $all without a filter meets it. */
  noise(events: number): void {
    for (let index = 0; index < events; index++) {
      this.#write('$stats-127.0.0.1:2113', [systemEvent('$statsCollected', { 'proc-cpu': index })]);
    }
  }

  /** What a restart loses: ids of events are then only known by their place. */
  forgetCommitted(): void {
    this.#committed.clear();
    this.#committedBytes = 0;
  }

  /** Revision of the last event, -1 where there is none. */
  head(stream: string): number {
    if (this.#tombstones.has(stream)) return DELETED;
    return this.#streams.get(stream)?.at(-1)?.revision ?? NONE;
  }

  append(stream: string, expected: Expected, proposals: readonly Proposal[]): Decision {
    const decision = this.#check(stream, expected, proposals);
    if (decision.kind !== 'take') return decision;
    if (proposals.length === 0) return { kind: 'written', revision: this.head(stream), at: undefined };
    const softlyDeleted = this.#softlyDeleted(stream);
    const first = this.head(stream) + 1;
    const last = this.#write(stream, proposals);
    // The stream lives again, from the revision after the last that was deleted.
    if (softlyDeleted) this.#write(`$$${stream}`, [systemEvent('$metadata', { $tb: first })]);
    return { kind: 'written', revision: last.revision, at: placeOf(last) };
  }

  /** Softly: a later append continues the stream. For good (`tombstone`): the name is never free again. */
  delete(stream: string, expected: Expected, tombstone: boolean): Decision {
    const decision = this.#check(stream, expected, []);
    if (decision.kind === 'deleted' || decision.kind === 'wrong') return decision;
    const last = tombstone
      ? this.#write(stream, [systemEvent('$streamDeleted', {})])
      : this.#write(`$$${stream}`, [systemEvent('$metadata', { $tb: DELETED })]);
    if (tombstone) this.#tombstones.add(stream);
    return { kind: 'written', revision: last.revision, at: placeOf(last) };
  }

  /** Events of a stream that may be read, in order; 'none' where it does not exist (any more), 'deleted' after a tombstone. */
  readable(stream: string): readonly StoredRecord[] | 'none' | 'deleted' {
    if (this.#tombstones.has(stream)) return 'deleted';
    const events = this.#streams.get(stream);
    if (!events || this.#softlyDeleted(stream)) return 'none';
    const { before, maxCount } = this.#limits(stream);
    const from = Math.max(before, events.length - maxCount);
    return from === 0 ? events : events.slice(from);
  }

  /** Index of the first record at or after the place; undefined where it is inside of a record. */
  indexOf({ commit, prepare }: Place): number | undefined {
    let [low, high] = [0, this.records.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const record = this.records[middle]!;
      if (record.commit < commit || (record.commit === commit && record.position < prepare)) low = middle + 1;
      else high = middle;
    }
    const previousEnd = this.records[low - 1]?.end ?? 0;
    return commit < previousEnd && this.records[low - 1]?.commit !== commit ? undefined : low;
  }

  /** Calls once, when something has been written or `wake` was called; returns how to take that back. */
  onceWritten(call: () => void): () => void {
    this.#waiting.add(call);
    return () => this.#waiting.delete(call);
  }

  #check(stream: string, expected: Expected, proposals: readonly Proposal[]): Checked {
    const head = this.head(stream);
    if (head === DELETED) return { kind: 'deleted' };
    if (expected === 'exists') {
      if (this.#softlyDeleted(stream)) return { kind: 'deleted' };
      // A stream that only has metadata counts as one that exists.
      if (head === NONE && this.head(`$$${stream}`) === NONE) return { kind: 'wrong', head };
    }
    if (expected === 'any' || expected === 'exists') return this.#checkAny(stream, head, proposals);
    const revision = expected === 'noStream' ? NONE : expected;
    if (revision > head) return { kind: 'wrong', head };
    if (revision === head) return { kind: 'take' };
    return this.#checkRepetition(stream, revision, head, proposals);
  }

  #checkAny(stream: string, head: number, proposals: readonly Proposal[]): Checked {
    let last = NONE;
    for (const [index, { id }] of proposals.entries()) {
      const place = this.#committed.get(id);
      if (place?.stream !== stream) return index === 0 ? { kind: 'take' } : { kind: 'wrong', head };
      last = place.revision;
    }
    if (last === NONE) return { kind: 'take' };
    return { kind: 'idempotent', revision: last, at: placeOf(this.#at(stream, last)) };
  }

  /** The stream has moved past what was expected: a repetition if every id is at its very place, else a conflict. */
  #checkRepetition(stream: string, expected: number, head: number, proposals: readonly Proposal[]): Checked {
    for (const [index, { id }] of proposals.entries()) {
      if (this.#at(stream, expected + 1 + index)?.id === id) continue;
      if (index === 0 && expected === NONE && this.#softlyDeleted(stream)) return { kind: 'take' };
      return { kind: 'wrong', head };
    }
    if (proposals.length === 0) return { kind: 'wrong', head };
    const revision = expected + proposals.length;
    return { kind: 'idempotent', revision, at: placeOf(this.#at(stream, revision)) };
  }

  #at(stream: string, revision: number): StoredRecord | undefined {
    return this.#streams.get(stream)?.[revision];
  }

  #softlyDeleted(stream: string): boolean {
    return this.#limits(stream).before === DELETED;
  }

  #limits(stream: string): Limits {
    // Of the metadata of a stream only the last counts.
    if (stream.startsWith('$$')) return { before: 0, maxCount: 1 };
    const last = this.#streams.get(`$$${stream}`)?.at(-1);
    if (!last) return NO_LIMITS;
    const said: unknown = JSON.parse(Buffer.from(last.data).toString('utf8'));
    const number = (key: string): number | undefined => {
      const value = typeof said === 'object' && said !== null ? Reflect.get(said, key) : undefined;
      return typeof value === 'number' ? value : undefined;
    };
    return { before: number('$tb') ?? 0, maxCount: number('$maxCount') ?? Number.POSITIVE_INFINITY };
  }

  #write(stream: string, proposals: readonly Proposal[]): StoredRecord {
    const events = this.#streams.get(stream) ?? [];
    this.#streams.set(stream, events);
    const ends = proposals.map((proposal) => 60 + stream.length + sizeOnDisk(proposal));
    for (const [index, bytes] of ends.entries()) ends[index] = bytes + (ends[index - 1] ?? this.end);
    const lastBegins = ends.at(-2) ?? this.end;
    let last = events.at(-1);
    for (const [index, proposal] of proposals.entries()) {
      const position = this.end;
      last = {
        ...proposal,
        stream,
        revision: events.length,
        position,
        end: ends[index] ?? position,
        commit: this.#transactions ? lastBegins : position,
        created: Date.now(),
      };
      events.push(last);
      this.records.push(last);
      this.#remember(proposal.id, stream, last.revision);
    }
    if (!last) throw new Error('nothing to write');
    for (const wake of [...this.#waiting]) wake();
    return last;
  }

  #remember(id: string, stream: string, revision: number): void {
    if (!this.#committed.delete(id)) this.#committedBytes += cacheBytes(stream);
    this.#committed.set(id, { stream, revision });
    for (const [oldest, place] of this.#committed) {
      if (this.#committedBytes <= this.#cacheBytes) return;
      this.#committed.delete(oldest);
      this.#committedBytes -= cacheBytes(place.stream);
    }
  }
}

function placeOf(record: StoredRecord | undefined): Place | undefined {
  return record && { commit: record.commit, prepare: record.position };
}

/** What an event counts for against the greatest append. */
export function sizeOnDisk({ type, data, metadata }: Pick<Proposal, 'type' | 'data' | 'metadata'>): number {
  return type.length * 2 + data.length + metadata.length;
}

function cacheBytes(stream: string): number {
  return 28 + 2 * stream.length;
}

function systemEvent(type: string, data: object): Proposal {
  return {
    id: randomUUID(),
    type,
    json: true,
    data: Buffer.from(JSON.stringify(data)),
    metadata: Buffer.from('{}'),
  };
}
