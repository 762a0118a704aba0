import { CONSERVATIVE } from '../../actors/choice/conservative.ts';
import { DEFAULT_TENANT } from '../../actors/reckoner.ts';
import { SILENCE, SUPERSEDED } from '../../actors/rewards/reward-window.ts';
import { type DecodedEvent, decodeMetadata } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/event-log.ts';
import { BUCKET_STREAMS } from '../../events/streams.ts';
import { figure } from './figure.ts';
import type { Colours } from './terminal.ts';

/**
 * An event for a person, in one line: position, time, what happened, where, and what it says. What happened to a decision
 * happened at its id, which says domain and bucket as the stream does, and which `explain` takes.
 * @param decision id of the decision that the event is about, where it is about one
 */
export function eventLine(
  event: RecordedEvent,
  decoded: DecodedEvent | undefined,
  colours: Colours,
  decision?: string,
): string {
  const { time } = decoded?.metadata ?? decodeMetadata(event);
  const [verb, paint] = decoded === undefined ? (['unknown', 'red'] as const) : verbs[decoded.type];
  return [
    colours.dim(String(Number(event.position)).padStart(7)),
    colours.dim(stampOf(time)),
    colours[paint](verb.padEnd(10)),
    placeOf(event, colours, decision),
    decoded === undefined
      ? colours.dim(`${event.type}, ${event.data.length} bytes, written by a newer version`)
      : words(summaryOf(decoded), decision !== undefined && isCall(decoded) ? `for ${decision}` : ''),
  ].join('  ');
}

function placeOf({ stream, revision }: RecordedEvent, colours: Colours, decision: string | undefined): string {
  if (decision !== undefined && stream.startsWith(BUCKET_STREAMS)) return `${decision}  ${colours.dim(`@${revision}`)}`;
  return `${shortened(stream)}${colours.dim(`@${revision}`)}`;
}

function spanOf(from: number | undefined, to: number | undefined): string {
  return words(from === undefined ? '' : `from ${stampOf(from)}`, to === undefined ? '' : `to ${stampOf(to)}`);
}

function isCall({ type }: DecodedEvent): boolean {
  return type === 'AgentCallSucceeded' || type === 'AgentCallFailed';
}

const verbs = {
  DomainConfigured: ['configured', 'magenta'],
  DomainFrozen: ['frozen', 'magenta'],
  DomainThawed: ['thawed', 'magenta'],
  PriorShared: ['shared', 'blue'],
  RollbackPointMarked: ['marked', 'magenta'],
  RolledBack: ['returned', 'red'],
  RewardVoided: ['voided', 'red'],
  DecisionMade: ['decided', 'cyan'],
  ItemsShown: ['shown', 'cyan'],
  RewardObserved: ['rewarded', 'green'],
  RewardRetracted: ['retracted', 'yellow'],
  BucketRestarted: ['restarted', 'yellow'],
  AgentCallSucceeded: ['answered', 'green'],
  AgentCallFailed: ['failed', 'yellow'],
  DeadLettered: ['put aside', 'red'],
} as const satisfies Record<DecodedEvent['type'], readonly [string, keyof Colours]>;

function summaryOf(event: DecodedEvent): string {
  switch (event.type) {
    case 'DomainConfigured':
    case 'DomainFrozen':
    case 'DomainThawed':
      return words(`by ${event.data.by || 'nobody'}`, event.data.reason);
    case 'PriorShared':
      return words(
        `after ${event.data.counted} rewards:`,
        event.data.arms.map(({ arm, pulls, sum }) => `${arm} ${pulls > 0 ? (sum / pulls).toFixed(2) : '–'}`).join(', '),
      );
    case 'RollbackPointMarked':
      return words(
        `rollback point ${event.data.name}`,
        event.data.cause === event.data.name ? '' : `after ${event.data.cause}`,
        event.data.reason,
      );
    case 'RolledBack':
      return words(
        `to revision ${event.data.toDomainRevision}${event.data.configKept ? ', configuration kept' : ''}`,
        `by ${event.data.by || 'nobody'}`,
        event.data.reason,
      );
    case 'RewardVoided':
      return words(
        `${figure(event.data.rewards)} rewards${event.data.subject === '' ? '' : ' of one person'}`,
        spanOf(event.data.fromTime, event.data.toTime),
        `by ${event.data.by || 'nobody'}`,
        event.data.reason,
      );
    case 'DecisionMade':
      return words(
        `${event.data.arm} of ${event.data.candidates.length}`,
        event.data.propensity === undefined ? 'p later' : `p ${event.data.propensity.toFixed(3)}`,
        `expects ${event.data.expectedReward.toFixed(2)}`,
        event.data.mode,
        event.data.fallback ? 'fallback' : '',
        event.data.excluded.some(({ constraint }) => constraint === CONSERVATIVE) ? 'held back' : '',
        event.data.slate.length > 0 ? `slate of ${event.data.slate.length}` : '',
      );
    case 'ItemsShown':
      return words(
        `${event.data.items.length} ${event.data.items.length === 1 ? 'item' : 'items'} for @${event.data.decisionRevision}`,
      );
    case 'RewardObserved':
      return words(
        `${event.data.arm} ${event.data.value.toFixed(3)} for @${event.data.decisionRevision}`,
        event.data.kind,
        event.data.feedback === SILENCE ? 'nothing came in time' : event.data.feedback,
        event.data.share === 1 ? '' : `as ${figure(event.data.share)} of a pull`,
      );
    case 'RewardRetracted':
      return words(
        `${event.data.arm} ${event.data.value.toFixed(3)} of @${event.data.decisionRevision}`,
        event.data.reason === SUPERSEDED ? 'a reward came after all' : event.data.reason,
      );
    case 'BucketRestarted':
      return words(
        `${event.data.arm} went from ${event.data.meanBefore.toFixed(2)} to ${event.data.meanAfter.toFixed(2)}`,
        `${event.data.detector} ${event.data.statistic.toFixed(1)} over ${event.data.threshold.toFixed(1)}`,
        `after ${figure(event.data.pulls)} pulls`,
      );
    case 'AgentCallSucceeded':
      return words(
        `${carriedOut(event.data)} in ${Math.round(event.data.latencyMs)} ms for $${figure(event.data.costUsd)}`,
        event.data.quality === undefined ? '' : `quality ${event.data.quality.toFixed(2)}`,
        event.data.source,
        awayBefore(event.data),
      );
    case 'AgentCallFailed':
      return words(
        `${carriedOut(event.data)} ${event.data.category}, now ${event.data.state}`,
        event.data.source,
        awayBefore(event.data),
      );
    case 'DeadLettered':
      return words(
        `message ${event.data.sequence} on ${event.data.subject}`,
        event.data.reason,
        `after ${event.data.deliveries} ${event.data.deliveries === 1 ? 'delivery' : 'deliveries'}`,
        event.data.messageId,
      );
  }
}

function carriedOut({ agent, arm }: { readonly agent: string; readonly arm: string }): string {
  return arm === '' || arm === agent ? agent : `${agent} for ${arm}`;
}

/** What an open breaker turned away has no events of its own. */
function awayBefore({ turnedAway }: { readonly turnedAway: number }): string {
  return turnedAway === 0 ? '' : `${turnedAway} turned away before`;
}

function words(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('  ');
}

const OF_DEFAULT_TENANT = new RegExp(`^(bucket|domain)-${DEFAULT_TENANT}-`);

/** Streams of the default tenant are named without it. */
function shortened(stream: string): string {
  return stream.replace(OF_DEFAULT_TENANT, '$1 ').replace(/^agent-/, 'agent ');
}

/** UTC, to the millisecond. */
function stampOf(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString().replace('T', ' ').replace('Z', '') : 'no time';
}
