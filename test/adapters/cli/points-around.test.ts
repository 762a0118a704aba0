/** What read models of an older release do not tell is not made up. */
import { expect, test } from 'vitest';
import type { RollbackPoint } from '../../../actors/messages/rollback.ts';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import { pointsAround } from '../../../adapters/cli/points-around.ts';

test('points are listed also where the read models are those of an older release, and that is said', async () => {
  const point: RollbackPoint = { name: 'launch', revision: 1, cause: 'manual', by: 'cli', reason: '', time: '' };
  const asOf = { position: '', behind: 0, secondsBehind: 0 };
  // As the first edition of this read model had it: no sums of dollars.
  const items = [{ revision: 2, kind: 'marked', decisionsBefore: 3, rewardsBefore: 3, rewardMeanBefore: 0.5 }];
  const analytics = { ask: async () => ({ items, asOf, nextCursor: null }) } as unknown as Analytics; // all that is asked of it
  expect(await pointsAround([point], 'greeting', analytics)).toMatchObject({
    points: [{ name: 'launch', around: null }],
    asOf: null,
    missing: expect.stringContaining('another release'),
  });
});
