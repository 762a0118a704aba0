/**
 * How a bucket's posterior is folded, as the composition root hands it in: projections do not know the actors, and yet come to what
 * those hold, to the bit, because it is their own fold.
 */
import type { RecordedEvent } from '../events/event-log.ts';

/** Whose stream it is. */
export interface DomainAddress {
  readonly tenant: string;
  readonly domain: string;
}

/** One bucket as far as it was folded. What is in it only the fold knows. */
export interface FoldedBucket {
  /** Revision of the last event that is folded in, -1 before the first. */
  readonly revision: number;
  /** Revision of the last event that moved the posterior, -1 where none did. */
  readonly posteriorRevision: number;
  /** The domain's revision that the last event was made under. */
  readonly domainRevision: number;
}

/** What an event did to its bucket. */
export interface FoldedEvent {
  /** When it was recorded, milliseconds since 1970; undefined for a type that is not known here. */
  readonly time: number | undefined;
  /** The arm that a reward taught something of, or that one was taken back from. */
  readonly arm: string | undefined;
  /** Whether what is believed of other arms changed too. */
  readonly allArms: boolean;
  /** Whether the posterior can only be told by folding the log anew: the policy cannot take back what was taken back. */
  readonly stale: boolean;
}

/** Features that the requests of a bucket share, in words by their names; of a number the span that it lies in. */
export type BucketValues = Readonly<Record<string, string>>;

/** A bucket in words. */
export interface ToldBucket {
  readonly label: string;
  readonly values: BucketValues;
}

/** What is believed of an arm in a bucket. */
export interface ArmBelief {
  /** Null where the policy parts contexts by what the bucket does not say. */
  readonly mean: number | null;
  /** The 95 % interval of the mean. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** Shares of pulls that were learned. */
  readonly pulls: number | null;
  /** The numbers that the posterior holds of it, by name; null where they cannot be told alone. */
  readonly parameters: Readonly<Record<string, number | readonly number[]>> | null;
}

/** What an event of a domain means for its buckets. */
export interface DomainTurn {
  /** When it was recorded, milliseconds since 1970. */
  readonly time: number;
  /** `nothing`; `beliefs`: other arms, another policy or prior; `posteriors`: buckets have to be folded anew. */
  readonly changes: 'nothing' | 'beliefs' | 'posteriors';
}

/** A domain as far as its stream was followed. */
export interface FollowedDomain<Bucket extends FoldedBucket = FoldedBucket> {
  /** How many of its revisions are known: the next to be followed. */
  readonly length: number;
  /** Name and version of the policy in force, such as `beta_thompson/1`. */
  readonly policy: string;
  /** The arms of the configuration in force. */
  readonly arms: ReadonlySet<string>;
  /** Reads the domain's stream from the log until so many revisions are known. */
  catchUp(length: number): Promise<void>;
  /** Follows its next event; one that is known already means nothing. @throws ReckonerError log_corrupt */
  follow(event: RecordedEvent): DomainTurn;
  /** A bucket before its first event. */
  begin(): Bucket;
  /**
   * Folds the next event of a bucket's stream; undefined for one that is folded already.
   * @throws ReckonerError log_corrupt where it is not the next, or names a revision that is not known
   */
  fold(bucket: Bucket, event: RecordedEvent): FoldedEvent | undefined;
  /** Whether the bucket must come from the log before this event is folded: what it takes back may have been left out. */
  foldsAnewBefore(event: RecordedEvent): boolean;
  /** The bucket from the log, with its events before this revision. */
  refold(stream: string, upTo: number): Promise<Bucket>;
  /** The same bytes as the live bucket's after the same events, without the ids that it knows requests again by. @param last the last that was folded since it came from the log or bytes */
  serialise(bucket: Bucket, last: RecordedEvent | undefined): Uint8Array;
  /** Undefined where another version wrote them. @param revision of the last event in them */
  restore(bytes: Uint8Array, revision: number): Bucket | undefined;
  /**
   * What is believed under the configuration in force of arms, in their order, without what the domain lends; see `posteriors.ts`.
   * @param values that the bucket's requests share, as far as they are known
   */
  beliefs(bucket: Bucket, arms: readonly string[], values: BucketValues): ArmBelief[];
  /** What a bucket is, told by one of its decisions; undefined where the event is none, or from before another `bucketBy`. */
  telling(event: RecordedEvent, bucket: string): ToldBucket | undefined;
}

export interface Folding {
  /** Of everything that a state's bytes depend on: bytes of another version are folded anew. */
  readonly version: string;
  /** A domain of which nothing is known yet. */
  domain(address: DomainAddress): FollowedDomain;
}
