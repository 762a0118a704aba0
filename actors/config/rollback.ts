/** What becomes of what a rollback sets aside. */
import { z } from 'zod';

export const RollbackRule = z.strictObject({
  lateRewards: z
    .enum(['ignore', 'learn'])
    .default('ignore')
    .describe(
      'what rewards do that come after a rollback for decisions that it has set aside: ignore: they are recorded and teach nothing; ' +
        'learn: they teach what they would have taught',
    ),
});
