import { z } from 'zod';
import { ControlBody } from './control.ts';
import { Subject } from './fields.ts';

export const RollbackBody = ControlBody.extend({
  to: z
    .union([z.int().min(0), z.string().min(1).max(200)])
    .describe(
      'what to return to: a rollback point by its name (the newest of that name, or name@revision), a revision of the domain, or ' +
        'a time (ISO 8601), which means the newest revision that was recorded by then',
    ),
  keepConfig: z
    .boolean()
    .default(false)
    .describe('true: only what was learned goes back, the configuration stays as it is now'),
  dryRun: z.boolean().default(false).describe('true: records nothing, and tells what would change'),
  contexts: z
    .int()
    .min(1)
    .max(2_000)
    .default(200)
    .describe(
      'of a dry run: on how many of the last decisions the arms are compared; on fewer where there are thousands of arms',
    ),
});

export type RollbackBody = z.input<typeof RollbackBody>;

export type RollbackCommand = z.output<typeof RollbackBody>;

export const CheckpointBody = ControlBody.extend({
  name: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[^@\p{Cc}]*[^@\p{Cc}\d][^@\p{Cc}]*$/u, 'must not be a number, nor contain @')
    .describe('what it is to be called; a name may be used again, the newest is meant then'),
});

export type CheckpointBody = z.input<typeof CheckpointBody>;

export type CheckpointCommand = z.output<typeof CheckpointBody>;

export const VoidBody = ControlBody.extend({
  subject: Subject.optional().describe('whose rewards; not given: everybody’s'),
  from: z.iso.datetime({ offset: true }).optional().describe('recorded at this time or later'),
  to: z.iso.datetime({ offset: true }).optional().describe('recorded before this time'),
  dryRun: z.boolean().default(false).describe('true: records nothing, and tells how many rewards it would be'),
})
  .refine((body) => body.subject !== undefined || body.from !== undefined || body.to !== undefined, {
    message: 'Give a subject, a from or a to',
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
    message: 'from must be before to',
  });

export type VoidBody = z.input<typeof VoidBody>;

export type VoidCommand = z.output<typeof VoidBody>;

/** What a voiding did, or would do. */
export interface Voiding {
  readonly domain: string;
  /** Revision of the domain at which it was recorded: a rollback to the one before it restores the rewards. Of a dry run the newest. */
  readonly revision: number;
  /** False for a dry run, and where there is no such reward. */
  readonly recorded: boolean;
  /** Rewards that count no more. */
  readonly rewards: number;
  /** In how many buckets. */
  readonly buckets: number;
  readonly arms: readonly { readonly arm: string; readonly pulls: number; readonly mean: number }[];
}

/** A revision that a domain can be returned to. */
export interface RollbackPoint {
  readonly name: string;
  /** Revision that it returns to: `name@revision` means this one of several. */
  readonly revision: number;
  /** config, policy, thaw, daily, manual, rollback or void. */
  readonly cause: string;
  readonly by: string;
  readonly reason: string;
  /** The moment that is restored: ISO 8601. */
  readonly time: string;
}

/** What a rollback would change. */
export interface RollbackPreview {
  readonly domain: string;
  /** The newest revision of the domain. */
  readonly revision: number;
  readonly to: RevisionSpan;
  readonly configKept: boolean;
  /** What would count no more. */
  readonly setAside: EventCounts;
  /** What would count again: it was set aside by a rollback that this one undoes. */
  readonly restored: EventCounts;
  /** On how many of the last decisions, since what would be set aside, the arms are compared. */
  readonly contexts: number;
  /** How many of the last decisions cannot be put to the restored configuration: their context does not fit it. */
  readonly unfit: number;
  /** Over those contexts; null where an arm is not there before or after. */
  readonly arms: readonly {
    readonly arm: string;
    /** Mean reward that is expected of it. */
    readonly mean: BeforeAfter;
    /** Part of the choices that it gets. */
    readonly share: BeforeAfter;
  }[];
  readonly config: readonly ConfigChange[];
}

export interface EventCounts {
  readonly decisions: number;
  readonly rewards: number;
  readonly retractions: number;
}

export interface BeforeAfter {
  readonly before: number | null;
  readonly after: number | null;
}

/** A place where two configurations differ; null where there is nothing. */
export interface ConfigChange {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What a rollback did. */
export interface Rollback {
  readonly domain: string;
  /** Revision of the domain at which it was recorded: rolling back to the one before it undoes it. */
  readonly revision: number;
  /** What it returned to, and when that was recorded. */
  readonly to: RevisionSpan;
  readonly configKept: boolean;
  /** False where the domain stood there already: then nothing was recorded, and `revision` is the newest. */
  readonly recorded: boolean;
}

/** A revision of a domain, and for how long it was the newest: ISO 8601. */
export interface RevisionSpan {
  readonly revision: number;
  readonly from: string;
  /** null where it still is. */
  readonly until: string | null;
}
