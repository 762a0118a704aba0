/** What an event says, for whoever browses the store: the few of its fields that are short and plain. */
import { type DecodedEvent, decode } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/event-log.ts';

/** Texts up to this length are shown: names and ids. */
const LONGEST = 120;
/** So many fields at most. */
const FIELDS = 16;

/**
 * Time and plain fields of an event. Undefined for what this version cannot read. Nothing of it is read back: it may be short.
 * No event holds a message's text or a person's name, so that none is shown.
 */
export function summaryOf(event: RecordedEvent): Readonly<Record<string, unknown>> | undefined {
  const decoded = decoding(event);
  if (decoded === undefined) return undefined;
  const time = new Date(decoded.metadata.time).toISOString();
  const plain = Object.entries(decoded.data).filter(([, value]) => isPlain(value));
  return { time, ...Object.fromEntries(plain.slice(0, FIELDS)) };
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return value !== '' && value.length <= LONGEST;
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}

/** The whole event as JSON: bytes as base64, numbers that JSON has no form for as text. */
export function jsonOf(event: RecordedEvent): string | undefined {
  const decoded = decoding(event);
  if (decoded === undefined) return undefined;
  return JSON.stringify(decoded.data, (_, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) return String(value);
    return value;
  });
}

function decoding(event: RecordedEvent): DecodedEvent | undefined {
  try {
    const decoded = decode(event);
    // A date that is none would throw below.
    return decoded !== undefined && Number.isSafeInteger(decoded.metadata.time) ? decoded : undefined;
  } catch {
    return undefined; // to be stored all the same: what it means is not this adapter's to say
  }
}
