/**
 * Configurations that are no longer in force, compiled again from the log when somebody asks about their time. Only the newest of a
 * domain is kept for good: one can be a megabyte, and a domain may be configured every minute.
 */
import { LRUCache } from 'lru-cache';
import { decode } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import { eventAt } from '../../events/event-at.ts';
import type { EventLog } from '../../events/event-log.ts';
import { type CompiledDomain, compileDomain, type MakePolicy } from './compiled-domain.ts';
import { type DomainTimeline, standingAt } from './domain-state.ts';

export interface Configurations {
  /**
   * The configuration in force at a revision of a domain.
   * @throws ReckonerError log_corrupt where the domain's stream has no such revision
   */
  at(stream: string, timeline: DomainTimeline, revision: number): Promise<CompiledDomain>;
}

/** Names of arms and values that the remembered ones may have together: some tens of megabytes. */
const NAMES = 100_000;

export function createConfigurations(log: Pick<EventLog, 'readStream'>, makePolicy: MakePolicy): Configurations {
  const known = new LRUCache<string, CompiledDomain>({ maxSize: NAMES, sizeCalculation: sizeOf });
  return {
    async at(stream, timeline, revision) {
      const { configuredAt } = standingAt(timeline, revision);
      if (timeline.latest?.configuredAt === configuredAt) return timeline.latest;
      const key = `${stream} ${configuredAt}`;
      const compiled = known.get(key) ?? compileDomain(await recordedAt(log, stream, configuredAt), makePolicy);
      known.set(key, compiled);
      return compiled;
    },
  };
}

async function recordedAt(log: Pick<EventLog, 'readStream'>, stream: string, revision: number): Promise<string> {
  const event = await eventAt(log, stream, revision);
  const decoded = event && decode(event);
  if (decoded?.type === 'DomainConfigured') return decoded.data.config;
  throw new ReckonerError('log_corrupt', `The configuration at revision ${revision} of ${stream} is gone.`);
}

function sizeOf({ config }: CompiledDomain): number {
  const values = Object.values(config.context).map((feature) =>
    'values' in feature ? (feature.values?.length ?? 1) : 1,
  );
  return values.reduce((sum, count) => sum + count, 1 + config.arms.length);
}
