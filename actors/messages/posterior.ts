/** What is asked of posteriors, now and at any moment of the past, and what is answered. */
import { z } from 'zod';
import type { ArmBelief } from '../bucket/bucket-folding.ts';

const moment = z
  .string()
  .min(1)
  .max(200)
  .describe(
    'a moment: `now`, a position of the log (16 digits), a time (ISO 8601), a rollback point by its name (name@revision picks one of ' +
      'several), or a revision of the domain, which means how it stood at the end of that',
  );

const bucket = z
  .string()
  .min(1)
  .max(2_000)
  .optional()
  .describe('one bucket, by its id or its label; default the largest');

const page = {
  limit: z.coerce.number().int().min(1).max(200).default(20).describe('at most so many buckets, the largest first'),
  offset: z.coerce.number().int().min(0).default(0).describe('how many of them to pass over'),
};

export const PosteriorQuery = z.strictObject({ at: moment.default('now'), bucket, ...page });
export type PosteriorQuery = z.input<typeof PosteriorQuery>;
export type PosteriorQuestion = z.output<typeof PosteriorQuery>;

export const PosteriorDiffQuery = z.strictObject({
  from: moment.default('0'),
  to: moment.default('now'),
  bucket,
  ...page,
});
export type PosteriorDiffQuery = z.input<typeof PosteriorDiffQuery>;
export type PosteriorDiffQuestion = z.output<typeof PosteriorDiffQuery>;

/** A moment, as it was understood. */
export interface MomentView {
  /** As it was asked for. */
  readonly asked: string;
  /** Newest revision of the domain at that moment. */
  readonly domainRevision: number;
  /** Name and version of the policy in force, such as `beta_thompson/1`. */
  readonly policy: string;
}

export interface ArmPosterior extends ArmBelief {
  readonly arm: string;
}

export interface BucketPosterior {
  readonly bucket: string;
  /** Its values in words; null where it had no decision. */
  readonly label: string | null;
  /** The same, feature by feature. */
  readonly context: Readonly<Record<string, string>> | null;
  /** Events of its stream at that moment. */
  readonly events: number;
  /** Revision of the last event that had moved the posterior, -1 where none had. */
  readonly posteriorRevision: number;
  readonly arms: readonly ArmPosterior[];
}

/** What the buckets of a domain knew at a moment. */
export interface PosteriorView {
  readonly domain: string;
  readonly at: MomentView;
  /** How many buckets there were. */
  readonly total: number;
  readonly buckets: readonly BucketPosterior[];
}

export interface ArmDifference {
  readonly arm: string;
  /** Null where the domain had no such arm then. */
  readonly from: ArmBelief | null;
  readonly to: ArmBelief | null;
}

export interface BucketDifference {
  readonly bucket: string;
  readonly label: string | null;
  /** The same, feature by feature. */
  readonly context: Readonly<Record<string, string>> | null;
  /** Events of its stream at both moments. */
  readonly events: { readonly from: number; readonly to: number };
  /** False where the posterior is the same to the bit, and so is the policy. */
  readonly changed: boolean;
  readonly arms: readonly ArmDifference[];
}

/** What changed between two moments. */
export interface PosteriorDiff {
  readonly domain: string;
  readonly from: MomentView;
  readonly to: MomentView;
  readonly total: number;
  readonly buckets: readonly BucketDifference[];
}
