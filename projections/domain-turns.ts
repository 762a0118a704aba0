/** What outcomes need to know of domains: who has one of a name, when it was configured, and which rewards were taken out. */

import { type Ancestry, ancestryOf, concerns, type Rollback, type Voiding } from '../events/lineage.ts';
import type { Owner } from '../events/streams.ts';
import { integer, orNull, real, text } from './columns.ts';
import type { Table, Tables } from './projection.ts';

/** An event of a domain's stream after which something about outcomes is different. */
export type DomainTurn = {
  readonly domain: string;
  readonly tenant: string;
  readonly revision: number;
  readonly time: number;
  readonly kind: 'configured' | 'rolled_back' | 'voided';
  /** Whether another configuration is in force from here on. */
  readonly configures: number;
  /** Of a rollback. */
  readonly to_revision: number | null;
  /** Of rewards that were taken out: whose they were, null for everybody's, and the span that they were recorded in. */
  readonly subject: string | null;
  readonly from_time: number | null;
  readonly to_time: number | null;
};

export const DOMAIN_TURNS: Table = {
  name: 'outcome_turns',
  about: 'An event of a domain’s stream after which something about its outcomes is different.',
  columns: {
    domain: text('Name of the domain.'),
    tenant: text('Its owner.'),
    revision: integer('Revision of the domain that it made.'),
    time: integer('When it was recorded.'),
    kind: text('configured, rolled_back or voided.'),
    configures: integer('1 where another configuration is in force from here on.'),
    to_revision: orNull(integer('Of a rollback: where it returned to.')),
    subject: orNull(text('Of rewards that were taken out: whose they were; null for everybody’s.')),
    from_time: orNull(real('Recorded at this time or later.')),
    to_time: orNull(real('Recorded before this time.')),
  },
  key: ['domain', 'tenant', 'revision'],
  internal: true,
};

/** What of a reward decides whether it was taken out. */
export interface VoidableReward {
  readonly domain_revision: number;
  readonly time: number;
  readonly subject: string | null;
}

export interface DomainTurns {
  note(turn: DomainTurn): void;
  /** Everybody who has a domain of this name. */
  tenantsOf(domain: string): Iterable<string>;
  /** Revision of the configuration in force at a revision; null where the log does not tell. */
  configuredAt(owner: Owner, revision: number): number | null;
  /** The first that took the reward out and was not itself rolled back; undefined where none did. */
  voidOf(owner: Owner, reward: VoidableReward): DomainTurn | undefined;
  /** Those that took rewards out and were not rolled back. */
  voidings(owner: Owner): readonly DomainTurn[];
  /** The batch has ended: forgets where too much is remembered. */
  flush(): void;
  reset(): void;
}

interface Course {
  readonly configured: number[];
  readonly rollbacks: Rollback[];
  readonly voidings: { readonly turn: DomainTurn; readonly voiding: Voiding }[];
  /** Of the newest turn that is known: at it, or after it, stands whoever asks now. */
  ancestry: Ancestry;
  latest: number;
}

const REMEMBERED = 1000;

export function domainTurns(tables: Tables): DomainTurns {
  const known = new Map<string, Map<string, Course>>();

  function coursesOf(domain: string): Map<string, Course> {
    const found = known.get(domain);
    if (found !== undefined) return found;
    const courses = new Map<string, Course>();
    for (const row of tables.select(DOMAIN_TURNS.name, { domain })) take(courses, row as DomainTurn); // as `note` put it
    known.set(domain, courses);
    return courses;
  }

  return {
    note(turn) {
      take(coursesOf(turn.domain), turn);
      tables.put(DOMAIN_TURNS.name, turn);
    },
    tenantsOf: (domain) => coursesOf(domain).keys(),
    configuredAt({ tenant, domain }, revision) {
      return (
        coursesOf(domain)
          .get(tenant)
          ?.configured.findLast((at) => at <= revision) ?? null
      );
    },
    voidOf({ tenant, domain }, reward) {
      const course = coursesOf(domain).get(tenant);
      const { domain_revision: domainRevision, time, subject } = reward;
      const voidable = { domainRevision, time, subject: subject ?? '' };
      return course?.voidings.find(({ voiding }) => concerns(voiding, voidable) && course.ancestry.has(voiding.at))
        ?.turn;
    },
    voidings({ tenant, domain }) {
      const course = coursesOf(domain).get(tenant);
      return course?.voidings.filter(({ voiding }) => course.ancestry.has(voiding.at)).map(({ turn }) => turn) ?? [];
    },
    flush() {
      if (known.size > REMEMBERED) known.clear();
    },
    reset: () => known.clear(),
  };
}

function take(courses: Map<string, Course>, turn: DomainTurn): void {
  let course = courses.get(turn.tenant);
  if (course === undefined) {
    course = { configured: [], rollbacks: [], voidings: [], ancestry: ancestryOf(-1, []), latest: -1 };
    courses.set(turn.tenant, course);
  }
  const { revision: at, to_revision: to } = turn;
  if (turn.configures === 1) course.configured.push(at);
  // One that goes nowhere back is none.
  if (turn.kind === 'rolled_back' && to !== null && to < at) course.rollbacks.push({ at, to });
  if (turn.kind === 'voided') course.voidings.push({ turn, voiding: voidingOf(turn) });
  course.latest = Math.max(course.latest, at);
  course.ancestry = ancestryOf(course.latest, course.rollbacks);
}

function voidingOf({ revision, subject, from_time, to_time }: DomainTurn): Voiding {
  return {
    at: revision,
    subject: subject ?? '',
    from: from_time ?? Number.NEGATIVE_INFINITY,
    to: to_time ?? Number.POSITIVE_INFINITY,
  };
}
