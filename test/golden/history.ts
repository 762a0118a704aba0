/** Golden histories: logs that an earlier build wrote, and what they must still fold to. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type BucketState, emptyBucket, evolve, isBucketEvent } from '../../actors/bucket-state.ts';
import { createTimeline, type DomainState, type DomainTimeline, standingAt } from '../../actors/domain-state.ts';
import { decode, type EventData } from '../../events/catalogue.ts';
import type { Position, RecordedEvent } from '../../events/event-log.ts';
import { chainHash } from '../../events/seal.ts';
import { createPolicy } from '../../policies/catalogue.ts';

/** What is kept beside a history. */
export interface Expectation {
  /** Engine that wrote it. */
  readonly engine: string;
  readonly events: number;
  /** By stream: SHA-256 of the posteriors after each of its events, one into the next, and of its last event. */
  readonly streams: Readonly<Record<string, { readonly posterior: string; readonly head: string }>>;
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
  readonly choices: number;
  readonly mismatches: readonly Mismatch[];
}

const sha256 = (bytes: Uint8Array) => hash('sha256', bytes, 'hex');

/** Folds a history as a bucket does, and makes every recorded choice again. */
export function replay(events: readonly RecordedEvent[]): Replayed {
  const streams: Record<string, { posterior: string; head: string }> = {};
  const mismatches: Mismatch[] = [];
  let choices = 0;
  const domains = new Map<string, DomainTimeline>();
  const states = new Map<string, DomainState | undefined>();
  for (const event of events) {
    if (!event.stream.startsWith('domain-')) continue;
    const timeline = domains.get(event.stream) ?? createTimeline(createPolicy);
    domains.set(event.stream, timeline);
    if (!timeline.apply(event.revision, decode(event))) mismatches.push({ ...event, what: 'was not folded' });
    states.set(`${event.stream} ${event.revision}`, timeline.latest);
    streams[event.stream] = { posterior: '', head: sha256(chainHash(event)) };
  }
  const buckets = new Map<string, BucketState>();
  for (const event of events) {
    if (!event.stream.startsWith('bucket-')) continue;
    const domain = event.stream.replace(/^bucket/, 'domain').replace(/-[^-]*$/, '');
    const timeline = domains.get(domain) ?? createTimeline(createPolicy);
    const domainAt = (revision: number) => standingAt(timeline, revision);
    const state = buckets.get(event.stream) ?? emptyBucket(domainAt(0));
    buckets.set(event.stream, state);
    const decoded = decode(event);
    evolve(
      state,
      isBucketEvent(decoded) ? decoded : undefined,
      { revision: event.revision, hash: chainHash(event) },
      domainAt,
    );
    if (decoded?.type === 'DecisionMade' && !decoded.data.fallback) {
      choices += 1;
      const found = states.get(`${domain} ${state.domain.revision}`);
      if (found === undefined) throw new Error(`${domain} has no revision ${state.domain.revision}`);
      for (const what of differences(state, found, decoded.data)) mismatches.push({ ...event, what });
    }
    const before = streams[event.stream]?.posterior ?? '';
    const posterior = sha256(Buffer.concat([Buffer.from(before), state.domain.policy.serialise(state.posterior)]));
    streams[event.stream] = { posterior, head: sha256(state.head.hash) };
  }
  return { streams, choices, mismatches };
}

/** In what the choice comes out otherwise: each number is compared to the bit. */
function differences({ posterior }: BucketState, domain: DomainState, data: EventData<'DecisionMade'>): string[] {
  const { policy } = domain;
  const { ranking } = policy.choose(posterior, data, data.seed, Math.max(1, data.slate.length));
  const chosen = ranking[0] ?? -1;
  const found: string[] = [];
  const compare = (name: string, now: unknown, then: unknown) => {
    if (!Object.is(now, then)) found.push(`${name} is ${now}, and was ${then}`);
  };
  compare('the arm', data.candidates[chosen], data.arm);
  const prior = policy.prior(data.candidates, {
    configured: (arm) => domain.arms.get(arm)?.prior ?? domain.config.prior,
    shared: domain.config.bucketBy.length === 0 ? undefined : domain.shared,
  });
  compare('the prior', prior.join(), data.prior.join());
  if (data.propensity !== undefined)
    compare('the propensity', policy.propensities(posterior, data)[chosen], data.propensity);
  const belief = policy.belief(posterior, data, chosen);
  compare('the expected reward', belief.mean, data.expectedReward);
  compare('the confidence', Math.min(1, Math.max(0, 1 - (belief.upper - belief.lower))), data.confidence);
  const ranks = data.slate.some(({ rankPropensity }) => rankPropensity !== undefined)
    ? policy.rankPropensities(posterior, data, ranking)
    : [];
  for (const [rank, { arm, rankPropensity }] of data.slate.entries()) {
    compare(`the arm at rank ${rank}`, data.candidates[ranking[rank] ?? -1], arm);
    if (rankPropensity !== undefined) compare(`the propensity of rank ${rank}`, ranks[rank], rankPropensity);
  }
  return found;
}
