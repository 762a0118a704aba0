/** What becomes of a message that was refused: it comes again later, or never. */
import { LRUCache } from 'lru-cache';
import type { ErrorCode } from '../../events/errors.ts';

/** How the node or its log is, and nothing about the message: it waits for as long as that lasts. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['overloaded', 'conflict', 'outcome_unknown', 'shutting_down', 'deadline_exceeded', 'request_timeout'] as const),
  ...(['log_locked', 'log_full', 'log_unusable', 'log_corrupt', 'log_newer', 'disk_nearly_full'] as const),
  ...(['segment_missing', 'projections_building', 'keys_invalid'] as const),
  ...(['bus_unreachable', 'bus_refused', 'bus_settings_invalid'] as const),
]);

/** May be there in a moment: this node has not read of it yet, what it belongs to is still to come, or another node has the right keys. */
const STILL_TO_COME: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...([
    'decision_id_invalid',
    'decision_unknown',
    'domain_unknown',
    'item_unknown',
    'reward_unknown',
    'rollback_point_unknown',
  ] as const),
]);

/** Ours to mend, and perhaps of the moment. */
const UNEXPECTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['internal', 'agent_failed']);

export interface RefusalOptions {
  /** First wait, doubled each time, in milliseconds; default 250. */
  readonly firstMs?: number;
  /** Longest wait, default 30,000. */
  readonly mostMs?: number;
  /** How long what it speaks of may still be to come, default 60,000. */
  readonly graceMs?: number;
  /** How often it may fail unexpectedly, default 10. */
  readonly maxFailures?: number;
  /** How often it may be delivered at all, whatever the reason; default 10,000: days at the longest wait. */
  readonly maxDeliveries?: number;
}

interface Memory {
  failures: number;
  /** When it was refused first for what is still to come, by this process's own clock. */
  missingSince: number | undefined;
}

/** Messages that are remembered; one that is forgotten is given more time. */
const REMEMBERED = 20_000;

export interface Refusals {
  /**
   * @param sequence number of the message in its stream
   * @returns after how many milliseconds it is to come again; undefined where it comes to nothing, however often it comes
   */
  judge(sequence: number, code: ErrorCode, deliveries: number): number | undefined;
  /** How long one that was delivered so often waits. */
  waitOf(deliveries: number): number;
  forget(sequence: number): void;
}

/** @param now milliseconds of a clock that only goes forward */
export function createRefusals(options: RefusalOptions, now: () => number, random: () => number): Refusals {
  const { firstMs = 250, mostMs = 30_000, graceMs = 60_000, maxFailures = 10, maxDeliveries = 10_000 } = options;
  // Not the server's count of deliveries: one that waited for a log that was away for an hour has had no chance yet.
  const records = new LRUCache<number, Memory>({ max: REMEMBERED });
  const waitOf = (deliveries: number): number => {
    const most = Math.min(mostMs, firstMs * 2 ** Math.min(30, Math.max(0, deliveries - 1)));
    return Math.max(1, Math.ceil(most / 2 + (random() * most) / 2));
  };
  return {
    waitOf,
    judge(sequence, code, deliveries) {
      if (deliveries >= maxDeliveries) return undefined;
      if (PASSING.has(code)) return waitOf(deliveries);
      const record = records.get(sequence) ?? { failures: 0, missingSince: undefined };
      records.set(sequence, record);
      if (STILL_TO_COME.has(code)) {
        record.missingSince ??= now();
        return now() - record.missingSince < graceMs ? waitOf(deliveries) : undefined;
      }
      if (!UNEXPECTED.has(code)) return undefined;
      record.failures++;
      return record.failures < maxFailures ? waitOf(deliveries) : undefined;
    },
    forget: (sequence) => void records.delete(sequence),
  };
}
