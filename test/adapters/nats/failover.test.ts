/** Nodes in processes of their own, one of them killed under load; twenty kills are in `test/long`. */
import { expect, test } from 'vitest';
import { compiled } from '../../compiled.ts';
import { killUnderLoad } from './failover.ts';
import { natsServerPath } from './find-server.ts';
import { TIERS } from './processes.ts';

test.skipIf(natsServerPath === undefined)(
  'a node that is killed under load loses and doubles nothing that was acknowledged, and its buckets answer again soon',
  { timeout: 120_000 },
  async () => {
    await compiled();
    const outcome = await killUnderLoad(2, 20_261_121);
    expect(outcome).toMatchObject({ lost: [], doubled: [], brokenLinks: [], differing: [], buckets: TIERS });
    expect(outcome.acknowledged.decisions).toBeGreaterThan(200);
    expect(outcome.acknowledged.rewards).toBe(outcome.acknowledged.decisions);
    for (const ms of outcome.answeringMs) {
      expect(ms).toBeGreaterThan(0);
      expect(ms).toBeLessThan(5_000);
    }
  },
);
