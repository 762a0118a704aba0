/** How every projection stands, for people and scripts: read from the file, whoever projects. */
import type { EventLog, Position } from '../../events/event-log.ts';
import type { Projection } from '../../projections/projection.ts';
import { deadLettersIn } from './dead-letters.ts';
import { createEditions, isOf, type StoredEdition } from './editions.ts';
import { secondsBehind } from './lag.ts';
import { holderOf } from './lease.ts';
import { connectReadOnly } from './reader.ts';

export interface ProjectionReport {
  readonly name: string;
  readonly about: string;
  /** The version that readers see; undefined where they see none. */
  readonly version?: number;
  /** The version that this release makes. */
  readonly wanted: number;
  /** outdated: readers see another version's, which stands still until this release's is built; missing: nothing was begun. */
  readonly state: 'live' | 'outdated' | 'building' | 'failed' | 'missing';
  /** Log position up to which readers see everything. */
  readonly position?: Position;
  /** Events that went into what readers see. */
  readonly events: number;
  /** For how long the oldest event that readers do not see has been waiting. */
  readonly secondsBehind?: number;
  readonly deadLetters: number;
  /** What is built beside it, and how far that is. */
  readonly building?: { readonly version: number; readonly position: Position; readonly events: number };
  /** Why it could not be built. */
  readonly reason?: string;
}

export interface Report {
  /** Who projects at the moment; undefined where nobody does. */
  readonly holder?: { readonly owner: string };
  /** Where the log ends. */
  readonly head: Position;
  readonly projections: readonly ProjectionReport[];
}

/**
 * @param file the read models
 * @param now milliseconds since 1970
 * @throws ReckonerError projections_building where there is no file; log_corrupt, log_newer, log_locked, log_unusable
 */
export async function reportOf(
  file: string,
  log: EventLog,
  projections: readonly Projection[],
  now: number,
): Promise<Report> {
  const database = connectReadOnly(file);
  try {
    const editions = createEditions(database).all();
    const letters = deadLettersIn(database);
    const holder = holderOf(database, now);
    const reports: ProjectionReport[] = [];
    for (const projection of projections) {
      const report = reportOn(projection, editions);
      const behind = report.position === undefined ? undefined : await secondsBehind(log, report.position, now);
      const deadLetters = letters.filter((letter) => letter.projection === projection.name).length;
      reports.push({ ...report, ...(behind === undefined ? {} : { secondsBehind: behind }), deadLetters });
    }
    const head = await log.head();
    return { ...(holder === undefined ? {} : { holder: { owner: holder.owner } }), head, projections: reports };
  } finally {
    database.close();
  }
}

function reportOn(projection: Projection, editions: readonly StoredEdition[]): Omit<ProjectionReport, 'deadLetters'> {
  const { name, about, version: wanted } = projection;
  const mine = editions.filter((edition) => edition.name === name);
  const shown = mine.find(({ state }) => state === 'live');
  const building = mine.find(({ state }) => state === 'building');
  const failed = mine.find(({ state }) => state === 'failed');
  const unseen = building === undefined ? (failed === undefined ? 'missing' : 'failed') : 'building';
  const state = shown === undefined ? unseen : isOf(shown, projection) ? 'live' : 'outdated';
  return {
    ...{ name, about, wanted, state, events: shown?.events ?? 0 },
    ...(shown === undefined ? {} : { version: shown.version, position: shown.position }),
    ...(building === undefined ? {} : { building: pick(building) }),
    ...(failed?.reason ? { reason: failed.reason } : {}),
  };
}

function pick({ version, position, events }: StoredEdition): NonNullable<ProjectionReport['building']> {
  return { version, position, events };
}
