/** What a door asks of the read models: pages with decision ids, and how far behind the log they are. */
import { parseDecisionId } from '../../actors/identity/decision-id.ts';
import { ReckonerError } from '../../events/errors.ts';
import { bucketPrefix } from '../../events/streams.ts';
import { cursorOf, keyOfCursor } from './cursor.ts';
import type { PageReader } from './page-reader.ts';
import type { AsOf } from './query-lines.ts';
import type { Asked } from './reading.ts';
import type { ReadingName } from './readings.ts';
import { told } from './told.ts';

/** What a caller asks, as the door has checked it. */
export interface Question extends Omit<Asked, 'tenant' | 'after' | 'decision' | 'limit'> {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly decisionId?: string | undefined;
  /** `now`, or a position of the log: answers once the read models hold everything up to it. */
  readonly wait?: string | undefined;
}

export interface AnalyticsAnswer {
  readonly asOf: Lag;
  readonly items: readonly Record<string, unknown>[];
  /** Hands the next page; null after the last one. */
  readonly nextCursor: string | null;
}

export interface Lag {
  /** Position of the log up to which everything is in the answer. */
  readonly position: string;
  /** When the last event that is in it was recorded; null where there is none. */
  readonly time: string | null;
  /** Events that the log held beyond it when it was asked. */
  readonly behind: number;
}

export interface Analytics {
  /**
   * @throws ReckonerError domain_unknown, projections_building, request_invalid (a cursor), decision_id_invalid, deadline_exceeded
   * (it waited, or the read models hang)
   */
  ask(name: ReadingName, tenant: string, question: Question): Promise<AnalyticsAnswer>;
  close(): Promise<void>;
}

export interface AnalyticsDependencies {
  readonly reader: PageReader;
  /** The installation's key of decision ids. */
  readonly key: Uint8Array;
  /** The pseudonym of a person who is known; undefined for others, and nothing is made for them. */
  readonly pseudonym: (tenant: string, subject: string) => Promise<string | undefined>;
  /** Whether the log has such a domain. */
  readonly hasDomain: (tenant: string, domain: string) => Promise<boolean>;
  /** The log's last position. */
  readonly head: () => Promise<string>;
  /** How many positions lie after one, up to another. */
  readonly distance: (from: string, to: string) => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
  /** How long `wait` waits, default 10,000. */
  readonly patienceMs?: number;
}

const DEFAULT_LIMIT = 100;
const LOOK_EVERY_MS = 20;

/** Nobody's pseudonym: those are never empty. */
const NOBODY = '';

export function createAnalytics(dependencies: AnalyticsDependencies): Analytics {
  const { reader, key, pseudonym, head, distance } = dependencies;
  return {
    async ask(name, tenant, question) {
      const { cursor, limit = DEFAULT_LIMIT, wait, decisionId: id, subject, ...filters } = question;
      // Both are told before anything is waited for.
      const same = { name, tenant, id, subject, ...filters };
      const after = cursor === undefined ? undefined : keyOfCursor(same, cursor);
      const decision = id === undefined ? undefined : placeOf(key, tenant, id);
      if (wait !== undefined) await caughtUp(dependencies, name, wait);
      const whose = subject === undefined ? undefined : ((await pseudonym(tenant, subject)) ?? NOBODY);
      const asked = {
        ...filters,
        tenant,
        limit,
        after,
        decision,
        subject: whose,
        domain: decision?.domain ?? filters.domain,
      };
      const { rows, next, asOf } = await reader.page(name, asked);
      // Only where nothing is found: nothing of a domain, and no such domain, look the same in the read models.
      const { domain } = asked;
      if (rows.length === 0 && domain !== undefined && !(await dependencies.hasDomain(tenant, domain)))
        throw new ReckonerError('domain_unknown', `There is no domain ${domain}.`);
      return {
        asOf: lagOf(asOf, distance(asOf.position, await head())),
        items: rows.map((row) => told(row, key)),
        nextCursor: next === undefined ? null : cursorOf(same, next),
      };
    },
    close: () => reader.close(),
  };
}

function placeOf(key: Uint8Array, tenant: string, id: string) {
  const { domain, bucketId, revision } = parseDecisionId(key, tenant, id);
  return { domain, stream: bucketPrefix(tenant, domain) + bucketId, revision };
}

/** @throws ReckonerError deadline_exceeded */
async function caughtUp(
  { reader, head, sleep, now, patienceMs = 10_000 }: AnalyticsDependencies,
  name: ReadingName,
  wait: string,
): Promise<void> {
  const until = wait === 'now' ? await head() : wait;
  const deadline = now() + patienceMs;
  for (;;) {
    if (await holds(reader, name, until)) return;
    if (now() >= deadline)
      throw new ReckonerError(
        'deadline_exceeded',
        `The read models have not got to ${until} in ${patienceMs / 1000} s.`,
        {
          remedy: 'Ask without `wait` for what they hold; `reckoner projections` shows whether they follow the log.',
        },
      );
    await sleep(LOOK_EVERY_MS);
  }
}

/** Whether they hold everything up to a position: read models that are being built hold nothing. */
async function holds(reader: PageReader, name: ReadingName, until: string): Promise<boolean> {
  try {
    const { position } = await reader.asOf(name);
    return position !== '' && position >= until;
  } catch (thrown) {
    if (thrown instanceof ReckonerError && thrown.code === 'projections_building') return false;
    throw thrown;
  }
}

function lagOf({ position, time }: AsOf, behind: number): Lag {
  return { position, time: time === null ? null : new Date(time).toISOString(), behind };
}
