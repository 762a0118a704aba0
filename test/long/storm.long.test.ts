/** Hundreds of storms, of which the default suite has a few. STORMS and SEED in the environment choose others. */
import fc from 'fast-check';
import { test } from 'vitest';
import { weatherStorm } from '../actors/storm.ts';

const storms = Number(process.env.STORMS ?? 500);
const seed = Number(process.env.SEED ?? 20_260_101);

test('every request is answered, what was answered is in the log once, and a fresh node believes the same', async () => {
  // A smaller seed is no simpler storm.
  await fc.assert(fc.asyncProperty(fc.nat(), weatherStorm), { numRuns: storms, seed, endOnFailure: true });
});
