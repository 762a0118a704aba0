/**
 * Checks stored events in their order: is each one as it was written, and where it was written? Says of what is wrong where it is;
 * it never throws, whatever the bytes are.
 */
import { catalogue, type DecodedEvent, decode, decodeMetadata, encodeData, encodeMetadata } from './catalogue.ts';
import { problemOf } from './errors.ts';
import { NO_STREAM, type Position, type RecordedEvent, START } from './event-log.ts';
import { bytesOf, type Head, inspect, isDigest } from './seal.ts';

/** What is wrong with an event, or with the place where one should be. */
export interface Flaw {
  /** changed: its bytes are not those that were written. missing: not there. misplaced: out of order. chain: it follows another event than the one before it. */
  readonly kind: 'changed' | 'missing' | 'misplaced' | 'chain';
  readonly stream: string;
  /** Of the event that is wrong; of one that is missing, where it should be. */
  readonly revision: number;
  /** Where that event lies; of one that is missing, the one that follows it. */
  readonly position: Position;
  /** Id of that event; empty where it is missing. */
  readonly eventId: string;
  /** In words. */
  readonly what: string;
}

export interface CheckedEvent {
  /** Undefined where it is not sound, or of a type that this version does not know. */
  readonly decoded: DecodedEvent | undefined;
  /** Whether it can be believed, as far as it can be told before the next one of its stream. */
  readonly sound: boolean;
}

export interface Integrity {
  /** Checks the next event of the log. */
  check(event: RecordedEvent): CheckedEvent;
  /** Where each stream stands. The heads move on: who keeps them copies them. */
  readonly heads: ReadonlyMap<string, StreamHead>;
}

export interface StreamHead extends Head {
  readonly eventId: string;
  readonly position: Position;
  /** Whether its last event's checksum was right; undefined where it has none. */
  readonly whole: boolean | undefined;
}

/** One for each stream, which moves on with it: an object for each event would outlive the youngest, and have to be carried over. */
class MovingHead implements StreamHead {
  revision = NO_STREAM;
  /** Of the hash. */
  digest = '';
  eventId = '';
  position = START;
  whole: boolean | undefined = true;

  get hash(): Uint8Array {
    return bytesOf(this.digest);
  }
}

const UNSOUND: CheckedEvent = { decoded: undefined, sound: false };
const BEFORE: Readonly<MovingHead> = new MovingHead();

export function createIntegrity(found: (flaw: Flaw) => void): Integrity {
  const heads = new Map<string, MovingHead>();
  return {
    heads,
    check(event) {
      const misshapen = shapeOf(event);
      if (misshapen !== undefined) {
        found({ ...placeOf(event), kind: 'changed', what: misshapen });
        return UNSOUND;
      }
      const { stream, revision, id: eventId, position } = event;
      const known = heads.get(stream);
      const head = known ?? BEFORE;
      const { digest, whole } = inspect(event);
      const follows = revision === head.revision + 1;
      if (whole === false) found({ ...placeOf(event), kind: 'changed', what: OTHER_CHECKSUM });
      else if (revision <= head.revision)
        found({
          ...placeOf(event),
          kind: 'misplaced',
          what: `It comes after revision ${head.revision} of its stream.`,
        });
      else if (!follows) found(missing(event, head));
      const checked = whole === false || revision <= head.revision ? UNSOUND : decodedAfter(event, head, follows);
      // Where its stream or its revision may be what was changed, the stream goes on there only if it fits.
      if (follows || (whole !== false && revision > head.revision)) {
        const moved = known ?? new MovingHead();
        if (known === undefined) heads.set(stream, moved);
        moved.revision = revision;
        moved.digest = digest;
        moved.eventId = eventId;
        moved.position = position;
        moved.whole = whole;
      }
      return checked;
    },
  };

  function decodedAfter(event: RecordedEvent, head: Readonly<MovingHead>, follows: boolean): CheckedEvent {
    try {
      const decoded = decode(event);
      const flaw = follows ? flawOfLink(event, decoded?.metadata ?? decodeMetadata(event), head) : undefined;
      if (flaw !== undefined) found(flaw);
      return flaw === undefined && follows ? { decoded, sound: true } : UNSOUND;
    } catch (thrown) {
      found({ ...placeOf(event), kind: 'changed', what: problemOf(thrown).message });
      return UNSOUND;
    }
  }
}

const OTHER_CHECKSUM =
  'Its bytes, its stream or its revision are not those that were written: they have another checksum.';

function placeOf({ stream, revision, position, id }: RecordedEvent): Omit<Flaw, 'kind' | 'what'> {
  const known = typeof revision === 'number' ? revision : NO_STREAM;
  return { stream: String(stream), revision: known, position, eventId: String(id) };
}

function missing({ stream, revision, position }: RecordedEvent, head: Head): Flaw {
  const gone = revision - head.revision - 1;
  const which = gone === 1 ? 'The event is' : `${gone} events are`;
  const between =
    head.revision < 0 ? `it begins with revision ${revision}` : `revision ${head.revision} is followed by ${revision}`;
  return {
    kind: 'missing',
    stream,
    revision: head.revision + 1,
    position,
    eventId: '',
    what: `${which} missing: ${between}.`,
  };
}

/** What is wrong with the link between an event and the one before it in its stream. */
function flawOfLink(
  event: RecordedEvent,
  { previousHash }: { readonly previousHash: Uint8Array },
  head: Readonly<MovingHead>,
): Flaw | undefined {
  // Of an event that is known to be damaged no more is to be said.
  if (head.whole === false || isDigest(previousHash, head.digest)) return undefined;
  const { revision } = event;
  if (revision === 0)
    return { ...placeOf(event), kind: 'chain', what: 'It is the first of its stream and claims to follow another.' };
  if (head.whole)
    return {
      ...placeOf(event),
      kind: 'chain',
      what: `It was chained to another event than revision ${head.revision} now is: one of the two was replaced.`,
    };
  // The later event vouches for the earlier one, which has no checksum: where they disagree, the earlier one is not what it was.
  const { eventId, position } = head;
  const what = `Its bytes are not those that revision ${revision} was chained to.`;
  return { kind: 'changed', stream: event.stream, revision: head.revision, position, eventId, what };
}

/**
 * What is wrong with the last event of a stream, where it has no checksum and no other event vouches for it: as far as can be told,
 * its bytes are those that its content is written as.
 */
export function flawOfLast(event: RecordedEvent): string | undefined {
  try {
    const decoded = decode(event);
    if (decoded === undefined) return undefined;
    const { metadata } = decoded;
    // What an older version wrote was lifted: it is not written so any more.
    const current = metadata.schemaVersion === catalogue[decoded.type].version;
    const same =
      Buffer.compare(encodeMetadata(metadata), event.metadata) === 0 &&
      (!current || Buffer.compare(encodeData(decoded), event.data) === 0);
    return same ? undefined : 'Its bytes are not those that its content is written as.';
  } catch (thrown) {
    return problemOf(thrown).message;
  }
}

/** What a damaged file may give in place of an event. */
function shapeOf({ id, type, data, metadata, stream, revision }: RecordedEvent): string | undefined {
  if (typeof id !== 'string' || id === '') return 'Its id is no text.';
  if (typeof type !== 'string' || type === '') return 'Its type is no text.';
  if (typeof stream !== 'string' || stream === '') return 'Its stream is no text.';
  if (!(data instanceof Uint8Array)) return 'Its data are no bytes.';
  if (!(metadata instanceof Uint8Array)) return 'Its metadata are no bytes.';
  return Number.isSafeInteger(revision) && revision >= 0 ? undefined : 'Its revision is no whole number from 0.';
}
