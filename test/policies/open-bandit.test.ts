import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { rankPropensities } from '../../policies/beta-propensity.ts';

const folder = join(resolve(process.cwd(), process.env.RECKONER_DATA ?? '../shared/data'), 'obd');
const missing = !existsSync(folder);

/** The rows below the header line, as numbers. */
function rows(name: string): number[][] {
  const lines = gunzipSync(readFileSync(join(folder, name)))
    .toString('utf8')
    .trim()
    .split('\n');
  return lines.slice(1).map((line) => line.split(',').map(Number));
}

describe(`Open Bandit Dataset${missing ? ` (SKIPPED: no data at ${folder}, set RECKONER_DATA)` : ''}`, () => {
  it.skipIf(missing).each(['men', 'all'])(
    "gives the published prior of campaign '%s' its exact rank probabilities, to 1e-8",
    (campaign) => {
      const prior = rows(`prior_bts_${campaign}.csv.gz`);
      const exact = rows(`exact_rank_probs_${campaign}.csv.gz`);
      const count = prior.length;
      const arms = { alpha: prior.map((r) => r[1]!), beta: prior.map((r) => r[2]!), shift: prior.map(() => 0) };
      expect(count).toBeGreaterThan(30);
      // One ranking asks for one arm a rank, so item i is asked for at rank 1, i + 1 at rank 2, i + 2 at rank 3.
      for (let i = 0; i < count; i++) {
        const ranking = [i, (i + 1) % count, (i + 2) % count];
        for (const [rank, p] of rankPropensities(arms, ranking).entries()) {
          expect(Math.abs(p - exact[ranking[rank]!]![1 + rank]!)).toBeLessThan(1e-8);
        }
      }
    },
  );
});
