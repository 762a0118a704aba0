/**
 * Moments of the past, and what of the log belongs to them. Of each stream it is the events before the first one that does not:
 * by position, by the time at which they were recorded, or by the domain revision that they were made under.
 */
import { decode, timeOf } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import { eventAt } from '../../events/event-at.ts';
import type { EventLog, Position, RecordedEvent } from '../../events/event-log.ts';
import { domainStream } from '../../events/streams.ts';
import type { DomainHandle } from '../domain/domains.ts';
import type { House } from '../house.ts';
import { pointsOf, revisionMeant } from './rollback-points.ts';
import { timeAsked } from './time-asked.ts';

/** A moment of one domain. */
export interface Moment {
  /** The newest revision of the domain that belongs to it. */
  readonly domainRevision: number;
  /** Up to where the log belongs to it; with neither, as long as events were made under no later revision of the domain. */
  readonly position?: Position;
  /** Milliseconds since 1970. */
  readonly time?: number;
  readonly now?: true;
}

/** Where positions are told apart from revisions of a domain. */
const POSITION = /^(?:position:(.+)|(\d{16}))$/;

/**
 * The moment that is meant.
 * @param asked `now`; a position, as 16 digits or after `position:`; a time (ISO 8601); a rollback point by its name (`name@revision`
 * picks one of several), or a revision of the domain: how it stood at the end of that
 * @throws ReckonerError rollback_point_unknown, request_invalid
 */
export async function momentMeant(house: House, domain: DomainHandle, asked: string): Promise<Moment> {
  await domain.refresh();
  const newest = domain.timeline.length - 1;
  if (asked === 'now') return { domainRevision: newest, now: true };
  const stream = domainStream(domain.tenant, domain.name);
  const [, given, digits] = POSITION.exec(asked) ?? [];
  if (given !== undefined || digits !== undefined) {
    const head = await house.log.head();
    const position = (given ?? digits ?? '').padStart(head.length, '0') as Position; // as a log writes it, or there is none such
    if (position.length !== head.length || position > head)
      throw new ReckonerError('request_invalid', `There is no position ${position}: the log ends at ${head}.`);
    const length = await prefixLength(house.log, stream, { position });
    if (length === 0) throw await tooEarly(house.log, stream);
    return { domainRevision: length - 1, position };
  }
  const time = timeAsked(asked);
  if (time === undefined || (await isPoint(house, domain, asked)))
    return { domainRevision: await revisionMeant(house, domain, asked) };
  const length = await prefixLength(house.log, stream, { time });
  if (length === 0) throw await tooEarly(house.log, stream);
  return { domainRevision: length - 1, time };
}

async function isPoint(house: House, domain: DomainHandle, asked: string): Promise<boolean> {
  for await (const { name, revision } of pointsOf(house, domain))
    if (asked === name || asked === `${name}@${revision}`) return true;
  return false;
}

async function tooEarly(log: EventLog, stream: string): Promise<ReckonerError> {
  const event = await eventAt(log, stream, 0);
  if (event === undefined) return new ReckonerError('domain_unknown', 'There is no domain of this name.');
  return new ReckonerError(
    'request_invalid',
    `The domain was not there yet: it was first configured at ${new Date(timeOf(event)).toISOString()}, position ${event.position}.`,
    { remedy: 'Ask for a later moment.' },
  );
}

/** How many events of a stream belong to a moment; Infinity where only folding them tells. */
export async function prefixLength(
  log: EventLog,
  stream: string,
  { position, time }: Pick<Moment, 'position' | 'time'>,
): Promise<number> {
  if (position !== undefined) return prefixByPosition(log, stream, position);
  if (time === undefined) return Number.POSITIVE_INFINITY;
  // Clocks may go back: not the last that was recorded by then, but all before the first that was not.
  let length = 0;
  for await (const event of log.readStream(stream)) {
    if (timeOf(event) > time) break;
    length = event.revision + 1;
  }
  return length;
}

/** Positions grow along a stream: halved until the last one is found. */
async function prefixByPosition(log: EventLog, stream: string, position: Position): Promise<number> {
  let known = 0;
  let beyond = 0;
  for await (const last of log.readStream(stream, { backwards: true, limit: 1 })) beyond = last.revision + 1;
  while (known < beyond) {
    const middle = (known + beyond) >> 1;
    const event = await eventAt(log, stream, middle);
    if (event !== undefined && event.position <= position) known = middle + 1;
    else beyond = middle;
  }
  return known;
}

/** Tells of the events of many streams, in the order of the log, whether they belong to a moment. */
export function belongsTo({ position, time, domainRevision, now }: Moment): (event: RecordedEvent) => boolean {
  if (now) return () => true;
  if (position !== undefined) return (event) => event.position <= position;
  const ended = new Set<string>();
  return (event) => {
    if (ended.has(event.stream)) return false;
    const belongs = time === undefined ? revisionOf(event) <= domainRevision : timeOf(event) <= time;
    if (!belongs) ended.add(event.stream);
    return belongs;
  };
}

/** The revision of its domain that a bucket's event was made under, -1 for a type that is not known. */
export function revisionOf(event: RecordedEvent): number {
  const decoded = decode(event);
  return decoded !== undefined && 'domainRevision' in decoded.data ? decoded.data.domainRevision : -1;
}
