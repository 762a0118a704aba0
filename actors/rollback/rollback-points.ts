/** Revisions of a domain that it can be returned to: marked ones by their name, and any by its number or by a time. */
import { type DecodedEvent, type Draft, decode } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import { eventId } from '../../events/ids.ts';
import { domainStream } from '../../events/streams.ts';
import type { Control } from '../control.ts';
import type { DomainHandle } from '../domain/domains.ts';
import type { House } from '../house.ts';
import type { RevisionSpan, RollbackPoint } from '../messages/rollback.ts';
import { timeAsked } from './time-asked.ts';

/** Why a revision is marked. */
export type Cause = 'config' | 'policy' | 'thaw' | 'daily' | 'manual' | 'rollback' | 'void';

/** Marks the domain as it is now: right after the change that it comes with. The revision before the mark ends with it. */
export function markDraft(
  { tenant, name }: Pick<DomainHandle, 'tenant' | 'name'>,
  request: string,
  cause: Cause,
  { by, reason }: Control,
  pointName: string = cause,
): Draft {
  return {
    id: eventId(tenant, name, request, 'RollbackPointMarked'),
    type: 'RollbackPointMarked',
    data: { name: pointName, cause, by, reason },
  };
}

/** The points of a domain, newest first. */
export async function* pointsOf(house: House, domain: DomainHandle): AsyncGenerator<RollbackPoint> {
  for await (const event of eventsBackwards(house, domain))
    if (event.type === 'RollbackPointMarked') yield pointOf(event);
}

export function pointOf({
  revision,
  data,
  metadata,
}: Extract<DecodedEvent, { type: 'RollbackPointMarked' }>): RollbackPoint {
  const { name, cause, by, reason } = data;
  return { name, revision: revision - 1, cause, by, reason, time: isoOf(metadata.time) };
}

/** How many points an error names. */
const NAMED = 5;

/**
 * The revision that is meant.
 * @param to its number, the name of a point (`name@revision` picks one of several), or a time: the newest moment by then at which
 * something was recorded of the domain
 * @throws ReckonerError rollback_point_unknown
 */
export async function revisionMeant(house: House, domain: DomainHandle, to: string | number): Promise<number> {
  await domain.refresh();
  const number = typeof to === 'number' ? to : /^\d{1,9}$/.test(to) ? Number(to) : undefined;
  if (number !== undefined) {
    if (number < domain.timeline.length) return number;
    throw unknown(`This domain has no revision ${number} yet: its newest is ${domain.timeline.length - 1}.`);
  }
  const text = String(to);
  const [, named = text, at] = /^(.*)@(\d{1,9})$/.exec(text) ?? [];
  const last: string[] = [];
  for await (const { name, revision } of pointsOf(house, domain)) {
    if (name === named && (at === undefined || revision === Number(at))) return revision;
    if (last.length < NAMED) last.push(`${name}@${revision}`);
  }
  const time = timeAsked(text);
  if (time === undefined) {
    const known = last.length === 0 ? 'None is marked yet.' : `The last ones are ${last.join(', ')}.`;
    throw unknown(`No rollback point of this domain is called so. ${known}`);
  }
  for await (const { type, revision, metadata } of eventsBackwards(house, domain)) {
    if (metadata.time > time) continue;
    // A mark or a sharing ends the revision before it: that is the state of its moment. A change is in force from its own on.
    return type === 'RollbackPointMarked' || type === 'PriorShared' ? revision - 1 : revision;
  }
  throw unknown('The domain was not there yet at this time.');
}

/** When a revision was recorded, and the one after it. */
export async function spanOf(house: House, { tenant, name }: DomainHandle, revision: number): Promise<RevisionSpan> {
  const times: string[] = [];
  for await (const event of house.log.readStream(domainStream(tenant, name), { from: revision, limit: 2 })) {
    const time = decode(event)?.metadata.time;
    times.push(time === undefined ? '' : isoOf(time));
  }
  const [from = '', until = null] = times;
  return { revision, from, until };
}

/** What the domain had shared by the end of a revision, and where counting goes on: as the last event before it says that says so. */
export async function sharedAt(
  house: House,
  domain: DomainHandle,
  revision: number,
): Promise<Pick<Extract<DecodedEvent, { type: 'PriorShared' }>['data'], 'counted' | 'arms' | 'through'>> {
  for await (const { type, data } of eventsBackwards(house, domain, revision)) {
    if (type === 'DomainConfigured' && data.shared !== undefined) return data.shared;
    if (type !== 'PriorShared' && type !== 'RolledBack' && type !== 'RewardVoided') continue;
    const { counted, arms, through } = data;
    return { counted, arms, through };
  }
  return { counted: 0, arms: [], through: '' };
}

/** What was recorded of a domain, newest first. */
export async function* eventsBackwards(
  { log }: House,
  { tenant, name }: DomainHandle,
  from?: number,
): AsyncGenerator<DecodedEvent> {
  const start = from === undefined ? {} : { from };
  for await (const event of log.readStream(domainStream(tenant, name), { backwards: true, ...start })) {
    const decoded = decode(event);
    if (decoded !== undefined) yield decoded;
  }
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}

function unknown(message: string): ReckonerError {
  return new ReckonerError('rollback_point_unknown', message);
}
