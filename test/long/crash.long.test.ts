/** Hundreds of crashes at moments that a seed chooses; CRASHES and SEED in the environment choose others. */
import fc from 'fast-check';
import { beforeAll, test } from 'vitest';
import { type CrashPoint, crashPoints } from '../actors/crash-plan.ts';
import { crashAndReopen } from '../actors/crash-run.ts';
import { temporaryDirectory } from '../adapters/sqlite/temporary.ts';
import { compiled } from '../compiled.ts';

const crashes = Number(process.env.CRASHES ?? 300);
const seed = Number(process.env.SEED ?? 20_260_101);
/** How often a point is passed within a few seconds. */
const reach: Record<CrashPoint, number> = {
  ...{ beforeCommit: 200, afterCommit: 200, midBatch: 1500, midSnapshot: 20, never: 1500 },
};

beforeAll(compiled);

const crash = fc
  .constantFrom(...crashPoints)
  .chain((point) => fc.record({ point: fc.constant(point), times: fc.integer({ min: 1, max: reach[point] }) }));

for (const [index, chosen] of fc.sample(crash, { seed, numRuns: crashes }).entries()) {
  test(`crash ${index}: ${chosen.point} ${chosen.times}`, { timeout: 60_000 }, async () => {
    await crashAndReopen(temporaryDirectory(), chosen);
  });
}
