/** Analytics of a node: the read models of its data directory beside its log, its keys and its salts. */
import type { Environment } from '../../actors/environment.ts';
import { knownPseudonym } from '../../actors/identity/pseudonyms.ts';
import { type EventLog, type Position, START } from '../../events/event-log.ts';
import { domainStream } from '../../events/streams.ts';
import type { SubjectSalts } from '../../events/subjects.ts';
import { type Analytics, createAnalytics } from '../analytics/analytics.ts';
import { openPageReader } from '../analytics/page-reader.ts';
import { rowOf } from '../sqlite/schema.ts';

export interface NodeAnalyticsOptions {
  /** The file of the read models; it need not be there yet. */
  readonly file: string;
  readonly log: Pick<EventLog, 'head' | 'readStream'>;
  readonly salts: SubjectSalts;
  readonly keys: { readonly decision: Uint8Array; readonly pseudonym: Uint8Array };
  readonly env: Environment;
}

export function openNodeAnalytics({ file, log, salts, keys, env }: NodeAnalyticsOptions): Analytics {
  // Threads run what is compiled; where nothing is, as in tests, the process itself reads.
  const isCompiled = import.meta.url.endsWith('.js');
  const thread = isCompiled ? new URL('../analytics/reading-thread.js', import.meta.url) : undefined;
  return createAnalytics({
    reader: openPageReader({ file, thread }),
    key: keys.decision,
    pseudonym: (tenant, subject) => knownPseudonym(salts, keys.pseudonym, tenant, subject),
    async hasDomain(tenant, domain) {
      for await (const _ of log.readStream(domainStream(tenant, domain), { limit: 1 })) return true;
      return false;
    },
    head: () => log.head(),
    distance,
    sleep: (ms) => env.sleep(ms),
    now: env.now,
  });
}

/**
 * Positions are rows of the log's file, as the projector stored them; of another store they only tell who is first, and so does this:
 * 1 where something is missing.
 */
function distance(from: string, to: string): number {
  const isRow = /^\d{1,16}$/;
  if (isRow.test(to) && (from === START || isRow.test(from)))
    return Math.max(0, rowOf(to as Position) - rowOf(from as Position));
  return from < to ? 1 : 0;
}
