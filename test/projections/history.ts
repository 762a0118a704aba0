/** Histories as read models see them: events with every field, of which a test says those that matter to it. */
import { openSqliteEventLog } from '../../adapters/sqlite/event-log.ts';
import type { EventData, EventType } from '../../events/catalogue.ts';
import type { EventLog } from '../../events/event-log.ts';
import { eventId } from '../../events/ids.ts';
import { EMPTY_HEAD, type Head, seal } from '../../events/seal.ts';

export const NOON = Date.UTC(2026, 2, 14, 12);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const BUCKET = 'bucket-default-support-aaaaaaaaaaaaaaaa';
export const DOMAIN = 'domain-default-support';

/** An event that happened. */
export interface Happened {
  readonly stream: string;
  readonly time: number;
  readonly type: EventType;
  readonly data: EventData;
  readonly id?: string;
  readonly correlationId?: string;
  readonly causationId?: string;
}

type Details<T extends EventType> = Partial<EventData<T>> & {
  readonly stream?: string;
  readonly time?: number;
  readonly id?: string;
  readonly correlationId?: string;
  readonly causationId?: string;
};

function maker<T extends EventType>(type: T, usual: string, defaults: EventData<T>) {
  return (details: Details<T> = {}): Happened => {
    const { stream = usual, time = NOON, id, correlationId, causationId, ...data } = details;
    // The defaults have every field of the type, and the details none that it has not.
    return { stream, time, type, id, correlationId, causationId, data: { ...defaults, ...data } as EventData };
  };
}

const nobody = { by: 'ann', reason: 'why not' };
const nothingShared = { counted: 0, arms: [], through: '' };

export const configured = maker('DomainConfigured', DOMAIN, {
  config: '{"arms":[{"name":"a"}]}',
  relearn: false,
  shared: undefined,
  ...nobody,
});
export const frozen = maker('DomainFrozen', DOMAIN, nobody);
export const thawed = maker('DomainThawed', DOMAIN, nobody);
export const marked = maker('RollbackPointMarked', DOMAIN, { name: 'launch', cause: 'manual', ...nobody });
export const rolledBack = maker('RolledBack', DOMAIN, {
  ...{ toDomainRevision: 0, ...nobody, config: '{"arms":[{"name":"a"}]}', configKept: false, relearn: false },
  ...nothingShared,
});
export const voided = maker('RewardVoided', DOMAIN, {
  ...{ subject: '', fromTime: undefined, toTime: undefined, ...nobody, rewards: 0 },
  ...nothingShared,
});

export const decided = maker('DecisionMade', BUCKET, {
  ...{ domainRevision: 0, requestId: 'request', requestHash: new Uint8Array(16) },
  ...{ candidates: ['a', 'b'], shifts: [], prior: [], features: [], floor: 0.1, seed: 1, posteriorRevision: -1 },
  ...{ policy: 'beta_thompson', policyVersion: 1, arm: 'a', propensity: 0.5, confidence: 0.25, mode: '' },
  ...{ expectedReward: 0.5, expectedCostUsd: undefined, expectedLatencyMs: undefined, slate: [], excluded: [] },
  ...{ subject: '', taskType: '', complexity: undefined, tokens: undefined, fallback: false, run: false },
  ...{ terms: [], pace: undefined },
});

export const rewarded = maker('RewardObserved', BUCKET, {
  ...{ domainRevision: 0, decisionRevision: 0, arm: 'a', features: [], propensity: 0.5, value: 1, share: 1 },
  ...{ kind: 'explicit', components: undefined, feedback: '', item: '', subject: '', costUsd: undefined },
  ...{ declaredUsd: undefined, outdated: false, setAside: false, given: false },
});

export const retracted = maker('RewardRetracted', BUCKET, {
  ...{ domainRevision: 0, decisionRevision: 0, rewardId: '', rewardRevision: 1, arm: 'a', features: [] },
  ...{ propensity: 0.5, value: 1, share: 1, kind: 'explicit', learned: true, ...nobody },
});

export const succeeded = maker('AgentCallSucceeded', 'agent-small-node', {
  ...{ agent: 'small', decisionId: 'support.aaaaaaaaaaaaaaaa.0.check', latencyMs: 100, costUsd: 0.01 },
  ...{ quality: undefined, source: 'live', inputTokens: 10, outputTokens: 20, arm: 'a', turnedAway: 0 },
});

export const failed = maker('AgentCallFailed', 'agent-small-node', {
  ...{ agent: 'small', decisionId: 'support.aaaaaaaaaaaaaaaa.0.check', latencyMs: 100, category: 'timeout' },
  ...{ source: 'live', state: 'degraded', arm: 'a', turnedAway: 0 },
});

/** A log of these events, in memory; and a way to let more of them happen. */
export async function logOf(
  ...history: readonly Happened[]
): Promise<{ readonly log: EventLog; readonly happen: (...more: readonly Happened[]) => Promise<void> }> {
  const log = openSqliteEventLog({ file: ':memory:' });
  const heads = new Map<string, Head>();
  const happen = async (...more: readonly Happened[]) => {
    const appended = more.map(({ stream, time, type, data, ...rest }) => {
      const before = heads.get(stream) ?? EMPTY_HEAD;
      const { id = eventId('test', stream, String(before.revision + 1), type) } = rest;
      const { correlationId = '', causationId = '' } = rest;
      // The makers pair type and data.
      const draft = { id, type, data } as Parameters<typeof seal>[0];
      const { record, head } = seal(draft, { correlationId, causationId, time, writer: 'test' }, before, stream);
      heads.set(stream, head);
      return log.append(stream, before.revision, [record]);
    });
    for (const result of await Promise.all(appended)) if (result.status !== 'appended') throw new Error(result.status);
  };
  await happen(...history);
  return { log, happen };
}
