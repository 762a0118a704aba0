/** Twenty kills of one of three nodes under load, over a real NATS server and a log that they share. */
import { expect, test } from 'vitest';
import { killUnderLoad } from '../adapters/nats/failover.ts';
import { natsServerPath } from '../adapters/nats/find-server.ts';
import { TIERS } from '../adapters/nats/processes.ts';
import { compiled } from '../compiled.ts';

test.skipIf(natsServerPath === undefined)(
  'twenty nodes are killed, and nothing that was acknowledged is lost or doubled',
  async () => {
    await compiled();
    const outcome = await killUnderLoad(20, 1);
    const { acknowledged, repeats, answeringMs, longestMs } = outcome;
    console.log(
      JSON.stringify({ acknowledged, repeats, answeringMs, longestMs }, (_, value) =>
        typeof value === 'number' ? Math.round(value) : value,
      ),
    );
    expect(outcome).toMatchObject({ lost: [], doubled: [], brokenLinks: [], differing: [], buckets: TIERS });
    for (const ms of answeringMs) expect(ms).toBeLessThan(5_000);
  },
);
