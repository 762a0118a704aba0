/** A few storms: hundreds more in `test/long`. */
import fc from 'fast-check';
import { test } from 'vitest';
import { weatherStorm } from './storm.ts';

for (const storm of fc.sample(fc.nat(), { seed: 20_260_101, numRuns: 4 }))
  test(`storm ${storm}: every request is answered, once, and a fresh node believes the same`, async () => {
    await weatherStorm(storm);
  });
