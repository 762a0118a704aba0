/** Nodes that are killed, or held for a while, under load: over a real NATS server and a log that they share. */
import { expect, test } from 'vitest';
import { type Failover, killUnderLoad } from '../adapters/nats/failover.ts';
import { natsServerPath } from '../adapters/nats/find-server.ts';
import { TIERS } from '../adapters/nats/processes.ts';
import { compiled } from '../compiled.ts';

const noServer = natsServerPath === undefined;

test.skipIf(noServer)('twenty nodes are killed, and nothing that was acknowledged is lost or doubled', async () => {
  await compiled();
  const outcome = await killUnderLoad(20, 1);
  tell(outcome);
  expect(outcome).toMatchObject({ lost: [], doubled: [], brokenLinks: [], differing: [], buckets: TIERS });
  for (const ms of outcome.answeringMs) expect(ms).toBeLessThan(5_000);
});

test.skipIf(noServer)(
  'a node that is held and wakes up finds its buckets written by others, and harms nothing',
  async () => {
    await compiled();
    const outcome = await killUnderLoad(8, 2, 'SIGSTOP');
    tell(outcome);
    expect(outcome).toMatchObject({ lost: [], doubled: [], brokenLinks: [], differing: [], buckets: TIERS });
  },
);

function tell({ acknowledged, repeats, answeringMs, longestMs }: Failover): void {
  const whole = (_: string, value: unknown) => (typeof value === 'number' ? Math.round(value) : value);
  console.log(JSON.stringify({ acknowledged, repeats, answeringMs, longestMs }, whole));
}
