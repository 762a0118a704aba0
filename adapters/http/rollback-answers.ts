/** What routes of rollbacks answer, as schemas. */
import { z } from '@hono/zod-openapi';
import type * as rollback from '../../actors/messages/rollback.ts';

const revision = z.int().min(0);
const unit = z.number().min(0).max(1);

const span = z.object({
  revision: revision.describe('revision of the domain: what is restored is how it stood at its end'),
  from: z.iso.datetime().describe('when it was recorded'),
  until: z.iso
    .datetime()
    .nullable()
    .describe('when the next one was: the moment that is restored; null: it is the newest'),
});

const counts = z.object({ decisions: z.int(), rewards: z.int(), retractions: z.int() });
const number = z.number().nullable();
const share = unit.nullable();

export const Rollback = z
  .object({
    domain: z.string(),
    revision: revision.describe('at which it was recorded; a rollback to the one before it undoes it'),
    to: span,
    configKept: z.boolean(),
    recorded: z.boolean().describe('false: the domain stood there already'),
  })
  .openapi('Rollback') satisfies z.ZodType<rollback.Rollback>;

export const RollbackPreview = z
  .object({
    domain: z.string(),
    revision: revision.describe('the newest of the domain'),
    to: span,
    configKept: z.boolean(),
    setAside: counts.describe('what would count no more'),
    restored: counts.describe('what would count again, because an earlier rollback is undone'),
    contexts: z.int().describe('on how many of the last decisions the arms are compared'),
    unfit: z.int().describe('how many of them do not fit the restored configuration, and are left out'),
    arms: z
      .array(
        z.object({
          arm: z.string(),
          mean: z
            .object({ before: number, after: number })
            .describe('expected reward over those contexts; null: no arm then'),
          share: z.object({ before: share, after: share }).describe('part of the choices'),
        }),
      )
      .readonly(),
    config: z
      .array(z.object({ path: z.string(), before: z.unknown(), after: z.unknown() }))
      .readonly()
      .describe('where the configuration would change; arms by their name'),
  })
  .openapi('RollbackPreview') satisfies z.ZodType<rollback.RollbackPreview>;

export const Voiding = z
  .object({
    domain: z.string(),
    revision: revision.describe('at which it was recorded: a rollback to the one before it restores the rewards'),
    recorded: z.boolean().describe('false: a dry run, or there is no such reward'),
    rewards: z.int().describe('rewards that count no more'),
    buckets: z.int().describe('in how many buckets'),
    arms: z
      .array(z.object({ arm: z.string(), pulls: z.number(), mean: z.number() }))
      .readonly()
      .describe('what they had taught'),
  })
  .openapi('Voiding') satisfies z.ZodType<rollback.Voiding>;

export const RollbackPoint = z
  .object({
    name: z.string(),
    revision: revision.describe('revision of the domain that it returns to: `name@revision` means this one of several'),
    cause: z.string().describe('config, policy, thaw, daily, manual, rollback or void'),
    by: z.string(),
    reason: z.string(),
    time: z.iso.datetime().describe('the moment that is restored'),
  })
  .openapi('RollbackPoint') satisfies z.ZodType<rollback.RollbackPoint>;

export const RollbackPointList = z.object({ points: z.array(RollbackPoint).readonly() }).openapi('RollbackPointList');
