/**
 * The port to the log. A stream is named `{kind}-{...}`, has exactly one writer, and its events have revisions 0, 1, 2, …
 * Every adapter passes the suite in `test/contracts/event-log.ts`.
 */

/** A place in the order of the whole log: opaque, and ordered as strings are (`<`). Never put into a payload. */
export type Position = string & { readonly __position: unique symbol };

/** Before the first event of any log. */
export const START = '' as Position; // the empty string sorts before every position

/** Revision of a stream that has no events: expect it to create the stream. */
export const NO_STREAM = -1;

/** An event as it is stored. */
export interface EventRecord {
  /** UUID, unique in the whole log. */
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface RecordedEvent extends EventRecord {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
}

export type AppendResult =
  /** Durable. `revision` and `position` are those of the last event. */
  | { readonly status: 'appended'; readonly revision: number; readonly position: Position }
  /** These very ids are already at this very place: a repetition, nothing was written. */
  | { readonly status: 'alreadyAppended'; readonly revision: number; readonly position: Position }
  /** Nothing was written: the stream's head is not where it was expected (`actual`)… */
  | { readonly status: 'conflict'; readonly reason: 'revision'; readonly actual: number }
  /** …or an event id is already used at another place. */
  | {
      readonly status: 'conflict';
      readonly reason: 'eventId';
      readonly id: string;
      readonly stream: string;
      readonly revision: number;
    }
  /** The log did not say whether it was written. Retry with the same ids and the same expected revision until it does. */
  | { readonly status: 'outcomeUnknown'; readonly cause: Error };

export interface ReadStreamOptions {
  /** First revision wanted (inclusive), default 0; with `backwards` the default is the last. */
  readonly from?: number;
  /** At most so many events, default all. */
  readonly limit?: number;
  readonly backwards?: boolean;
}

export interface Filter {
  /** Streams whose name begins so; default all. */
  readonly streamPrefix?: string;
  /** Event types wanted; default all. */
  readonly types?: readonly string[];
}

export interface ReadAllOptions extends Filter {
  /** Read on after this position (exclusive), default START. */
  readonly after?: Position;
  readonly limit?: number;
}

export interface SubscribeOptions extends Filter {
  /** Deliver what follows this position (exclusive), default START. */
  readonly after?: Position;
  /** Ends the subscription when aborted: its iteration then finishes without an error. */
  readonly signal?: AbortSignal;
}

/** What a subscription yields: events in order, and a note each time it has delivered all there is. */
export type SubscriptionMessage =
  | { readonly type: 'event'; readonly event: RecordedEvent }
  /** All that was in the log has been delivered; `position` is how far it looked, also past events that the filter left out. */
  | { readonly type: 'caughtUp'; readonly position: Position };

export interface EventLog {
  /**
   * Appends all events or none. Events of one call are contiguous in the stream.
   * @param expectedRevision revision of the last event of the stream, NO_STREAM where it must not exist
   * @throws ReckonerError log_full, log_locked, log_corrupt, log_unusable, shutting_down: nothing was written
   */
  append(stream: string, expectedRevision: number, events: readonly EventRecord[]): Promise<AppendResult>;
  /** The event with this id, wherever it is. */
  find(id: string): Promise<RecordedEvent | undefined>;
  /** Events of one stream in order of revision; none where the stream does not exist. */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<RecordedEvent>;
  /** Events of all streams in order of position. */
  readAll(options?: ReadAllOptions): AsyncIterable<RecordedEvent>;
  /** Catch-up subscription: what is there, then what comes, pulled by the consumer; leaving the loop ends it. */
  subscribe(options?: SubscribeOptions): AsyncIterable<SubscriptionMessage>;
  /** Position of the last event, START for an empty log. */
  head(): Promise<Position>;
  /**
   * For stores that put old events away: makes sure that streams of this prefix can be read from their beginning, as far as what a
   * reader could begin with instead (the state that was kept where they were cut) comes from this position or later.
   * @throws ReckonerError segment_missing
   */
  requireWhole?(streamPrefix: string, since: Position): Promise<void>;
  /** Finishes what was accepted, refuses what comes, releases the store. */
  close(): Promise<void>;
}
