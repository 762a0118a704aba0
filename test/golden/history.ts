/** Golden histories: logs that an earlier build wrote, and what they must still fold to. */
import { createHash, type Hash, hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createReplay } from '../../actors/audit/replay.ts';
import type { BucketState } from '../../actors/bucket/bucket-state.ts';
import { confidenceOf, priorOf } from '../../actors/choice/choose.ts';
import { recompute } from '../../actors/choice/recompute.ts';
import { createTimeline, type DomainState, type DomainTimeline } from '../../actors/domain/domain-state.ts';
import { decode, type EventData } from '../../events/catalogue.ts';
import type { Position, ReadStreamOptions, RecordedEvent } from '../../events/event-log.ts';
import { chainHash } from '../../events/seal.ts';
import { createPolicy } from '../../policies/catalogue.ts';

/** What is kept beside a history. */
export interface Expectation {
  /** Engine that wrote it. */
  readonly engine: string;
  readonly events: number;
  /** By stream: SHA-256 of the posteriors after each of its events, one into the next, and of its last event. */
  readonly streams: Readonly<Record<string, { readonly posterior: string; readonly head: string }>>;
  /** By event type: what `contentsOf` says. */
  readonly contents: Readonly<Record<string, string>>;
}

/** One line of a history: an event with its bytes in base64. */
export interface HistoryLine {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}

export function lineOf({ stream, revision, id, type, data, metadata }: RecordedEvent): HistoryLine {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return { stream, revision, id, type, data: text(data), metadata: text(metadata) };
}

export function readHistory(file: URL): RecordedEvent[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((text, index) => {
      const line = JSON.parse(text) as HistoryLine;
      const bytes = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));
      const position = String(index + 1).padStart(16, '0') as Position; // as the SQLite log numbers them
      return { ...line, data: bytes(line.data), metadata: bytes(line.metadata), position };
    });
}

/** One choice that came out otherwise than it was recorded. */
export interface Mismatch {
  readonly stream: string;
  readonly revision: number;
  readonly what: string;
}

export interface Replayed {
  readonly streams: Expectation['streams'];
  readonly contents: Expectation['contents'];
  readonly choices: number;
  readonly mismatches: readonly Mismatch[];
}

const sha256 = (bytes: Uint8Array) => hash('sha256', bytes, 'hex');

/** Folds a history as an audit does, and makes every recorded choice again. */
export async function replay(events: readonly RecordedEvent[]): Promise<Replayed> {
  const streams: Record<string, { posterior: string; head: string }> = {};
  const mismatches: Mismatch[] = [];
  let choices = 0;
  const states = domainStates(events);
  const replaying = createReplay({
    log: { readStream: (stream, options) => streamOf(events, stream, options) },
    makePolicy: createPolicy,
    visit: ({ decision, before, compiled }) => {
      const { stream, revision, data } = decision;
      choices += data.fallback ? 0 : 1;
      for (const { what } of recompute(before, data, compiled).differences)
        mismatches.push({ stream, revision, what: `${what} differs` });
      const domain = states.get(`${governing(stream)} ${data.domainRevision}`);
      if (domain === undefined) throw new Error(`${stream} names the revision ${data.domainRevision}`);
      if (data.fallback) return;
      for (const what of differences(before, domain, data)) mismatches.push({ stream, revision, what });
    },
  });
  for (const event of events) {
    await replaying.next(event, decode(event));
    const head = sha256(chainHash(event));
    const state = replaying.stateOf(event.stream);
    if (state === undefined) streams[event.stream] = { posterior: '', head };
    else {
      const before = streams[event.stream]?.posterior ?? '';
      const posterior = sha256(Buffer.concat([Buffer.from(before), state.domain.policy.serialise(state.posterior)]));
      streams[event.stream] = { posterior, head: sha256(chainHash(event)) };
    }
  }
  return { streams, contents: contentsOf(events), choices, mismatches };
}

/**
 * By event type the SHA-256 of what its events say once they are lifted to the schema of today: of all of it, because not all
 * of it moves a posterior. Fields that are empty are left out, as on the wire, so that new ones change nothing.
 */
export function contentsOf(
  events: readonly RecordedEvent[],
  read: (event: RecordedEvent) => { readonly type: string; readonly data: object } | undefined = decode,
): Record<string, string> {
  const hashes = new Map<string, Hash>();
  for (const event of events) {
    const { type, data } = read(event) ?? {};
    if (type === undefined) continue;
    const known = hashes.get(type) ?? createHash('sha256');
    hashes.set(type, known.update(JSON.stringify(data, wireLike)).update('\n'));
  }
  return Object.fromEntries([...hashes].sort().map(([type, hashed]) => [type, hashed.digest('hex')]));
}

function wireLike(this: Record<string, unknown>, key: string): unknown {
  const value = this[key]; // not what a Buffer makes of itself for JSON
  if (value instanceof Uint8Array) return value.length === 0 ? undefined : Buffer.from(value).toString('hex');
  if (Array.isArray(value) && value.length === 0) return undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  const inList = /^\d+$/.test(key); // the place of a number or text in a list says something
  return !inList && (value === '' || value === 0 || value === false) ? undefined : value;
}

/** Every domain at each of its revisions. */
function domainStates(events: readonly RecordedEvent[]): Map<string, DomainState | undefined> {
  const timelines = new Map<string, DomainTimeline>();
  const states = new Map<string, DomainState | undefined>();
  for (const event of events) {
    if (!event.stream.startsWith('domain-')) continue;
    const timeline = timelines.get(event.stream) ?? createTimeline(createPolicy);
    timelines.set(event.stream, timeline);
    timeline.apply(event.revision, decode(event));
    states.set(`${event.stream} ${event.revision}`, timeline.latest);
  }
  return states;
}

function governing(stream: string): string {
  return stream.replace(/^bucket/, 'domain').replace(/-[^-]*$/, '');
}

async function* streamOf(
  events: readonly RecordedEvent[],
  stream: string,
  { from = 0, limit = Infinity }: ReadStreamOptions = {},
) {
  for (const event of events)
    if (event.stream === stream && event.revision >= from && event.revision < from + limit) yield event;
}

/** In what else the choice comes out otherwise: each number is compared to the bit. */
function differences(
  { posterior, changes }: BucketState,
  domain: DomainState,
  data: EventData<'DecisionMade'>,
): string[] {
  const { policy } = domain;
  const { ranking } = policy.choose(posterior, data, data.seed, Math.max(1, data.slate.length));
  const found: string[] = [];
  const compare = (name: string, now: unknown, then: unknown) => {
    if (!Object.is(now, then)) found.push(`${name} is ${now}, and was ${then}`);
  };
  compare('the prior', priorOf(domain, data.candidates, data.taskType, changes?.lent).join(), data.prior.join());
  const belief = policy.belief(posterior, data, ranking[0] ?? -1);
  compare('the expected reward', belief.mean, data.expectedReward);
  compare('the confidence', confidenceOf(belief), data.confidence);
  return found;
}
