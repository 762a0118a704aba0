/** What callers send, under the names that the documentation knows. */
import { z } from '@hono/zod-openapi';
import * as config from '../../actors/domain-config.ts';
import * as messages from '../../actors/messages.ts';
import { batchOf } from './batch.ts';

export const DecideBody = named('DecideBody', messages.DecideBody);
export const DecideBatch = named('DecideBatch', batchOf(DecideBody));
export const RewardBody = named('RewardBody', messages.RewardBody);
export const ItemsBody = named('ItemsBody', messages.ItemsBody);
export const BlendBody = named('BlendBody', messages.BlendBody);
export const ControlBody = named('ControlBody', messages.ControlBody);
export const RollbackBody = named('RollbackBody', messages.RollbackBody);
export const VoidBody = named('VoidBody', messages.VoidBody);
export const CheckpointBody = named('CheckpointBody', messages.CheckpointBody);
export const DomainConfig = named('DomainConfig', config.DomainConfigInput);

/** Only schemas made after zod-openapi was loaded can take a name from it, and those of the actors may be older: copies can. */
function named<Schema extends z.ZodType>(name: string, schema: Schema): Schema {
  return z.clone(schema).openapi(name);
}
