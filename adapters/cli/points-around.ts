/** How a domain did around the moments that it can be returned to, as far as the read models know. */
import type { RollbackPoint } from '../../actors/messages/rollback.ts';
import { DEFAULT_TENANT } from '../../actors/reckoner.ts';
import { problemOf, ReckonerError } from '../../events/errors.ts';
import type { Analytics, Lag } from '../analytics/analytics.ts';

/** What was done within a day. */
export interface Did {
  readonly decisions: number;
  readonly rewards: number;
  /** By share; null without any. */
  readonly rewardMean: number | null;
  /** Dollars; null where nobody said what anything cost. */
  readonly costUsd: number | null;
}

export interface PointAround extends RollbackPoint {
  /** In the day before it and the day after; null where the read models do not have the point (yet). */
  readonly around: { readonly before: Did; readonly after: Did } | null;
}

export interface PointsAround {
  readonly points: readonly PointAround[];
  /** How far the read models are; null where there are none to ask. */
  readonly asOf: Lag | null;
  /** Why there are none. */
  readonly missing?: string;
}

const PAGE = 500;

export async function pointsAround(
  points: readonly RollbackPoint[],
  domain: string,
  analytics: Analytics | undefined,
): Promise<PointsAround> {
  const untold = (missing: string) => ({
    points: points.map((point) => ({ ...point, around: null })),
    asOf: null,
    missing,
  });
  if (analytics === undefined) return untold('There are no read models.');
  const rows = new Map<number, Row>();
  const oldest = Math.min(...points.map(({ revision }) => revision));
  let asOf: Lag | null = null;
  try {
    for (let cursor: string | null = ''; cursor !== null; ) {
      const more = cursor === '' ? {} : { cursor };
      const page = await analytics.ask('rollback-points', DEFAULT_TENANT, { domain, limit: PAGE, ...more });
      asOf ??= page.asOf;
      cursor = page.nextCursor;
      for (const item of page.items) {
        const row = item as unknown as Row; // what the reading of that name gives
        if (row.pricedBefore === undefined)
          return untold('The read models are of another release: they are made anew when `reckoner serve` runs.');
        // A mark ends the revision before its own.
        if (row.kind === 'marked') rows.set(row.revision - 1, row);
        if (row.revision <= oldest) cursor = null;
      }
    }
  } catch (thrown) {
    // The points are in the log, whatever became of what is made from it.
    if (!(thrown instanceof ReckonerError)) throw thrown;
    const { message, remedy } = problemOf(thrown);
    return untold(`${message} ${remedy}`);
  }
  return { points: points.map((point) => ({ ...point, around: aroundOf(rows.get(point.revision)) })), asOf };
}

type Row = { readonly revision: number; readonly kind: string } & {
  readonly [Sum in 'decisions' | 'rewards' | 'priced' | 'costUsd' as `${Sum}${'Before' | 'After'}`]: number;
} & { readonly rewardMeanBefore: number | null; readonly rewardMeanAfter: number | null };

function aroundOf(row: Row | undefined): PointAround['around'] {
  if (row === undefined) return null;
  return {
    before: {
      decisions: row.decisionsBefore,
      rewards: row.rewardsBefore,
      rewardMean: row.rewardMeanBefore,
      costUsd: row.pricedBefore === 0 ? null : row.costUsdBefore,
    },
    after: {
      decisions: row.decisionsAfter,
      rewards: row.rewardsAfter,
      rewardMean: row.rewardMeanAfter,
      costUsd: row.pricedAfter === 0 ? null : row.costUsdAfter,
    },
  };
}
