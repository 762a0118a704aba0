/** Every bit of every event's row in a real log file: a change of it is found, and where it is. */
import { expect, test } from 'vitest';
import { foundWith, isLocated, placesIn, smallLog } from '../adapters/cli/flipped-bytes.ts';
import { temporaryDirectory } from '../adapters/sqlite/temporary.ts';

test('a changed bit anywhere in an event is found and located', { timeout: 3_600_000 }, async () => {
  const file = await smallLog(temporaryDirectory(), 1);
  const places = placesIn(file);
  expect(places.length).toBeGreaterThan(1_500);
  const missed: unknown[] = [];
  for (const place of places) {
    for (let bit = 0; bit < 8; bit++) {
      const findings = await foundWith(file, place, bit);
      if (!isLocated(findings, place)) missed.push({ ...place, bit, findings });
    }
  }
  expect(missed).toEqual([]);
});
