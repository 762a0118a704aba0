/** What callers send, under the names that the documentation knows. */
import { z } from '@hono/zod-openapi';
import * as config from '../../actors/config/domain-config.ts';
import * as control from '../../actors/messages/control.ts';
import * as decide from '../../actors/messages/decide.ts';
import * as items from '../../actors/messages/items.ts';
import * as reward from '../../actors/messages/reward.ts';
import * as rollback from '../../actors/messages/rollback.ts';
import { batchOf } from './batch.ts';

export const DecideBody = named('DecideBody', decide.DecideBody);
export const DecideBatch = named('DecideBatch', batchOf(DecideBody));
export const RewardBody = named('RewardBody', reward.RewardBody);
export const ItemsBody = named('ItemsBody', items.ItemsBody);
export const BlendBody = named('BlendBody', items.BlendBody);
export const ControlBody = named('ControlBody', control.ControlBody);
export const RollbackBody = named('RollbackBody', rollback.RollbackBody);
export const VoidBody = named('VoidBody', rollback.VoidBody);
export const CheckpointBody = named('CheckpointBody', rollback.CheckpointBody);
export const DomainConfig = named('DomainConfig', config.DomainConfigInput);

/** Only schemas made after zod-openapi was loaded can take a name from it, and those of the actors may be older: copies can. */
function named<Schema extends z.ZodType>(name: string, schema: Schema): Schema {
  return z.clone(schema).openapi(name);
}
