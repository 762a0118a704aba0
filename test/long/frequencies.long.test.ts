/** The stated probabilities of every policy against 200,000 draws: the default suite draws a twentieth of them. */
import { describe, expect, test } from 'vitest';
import { createPolicy } from '../../policies/catalogue.ts';
import {
  ARMS,
  everySpec,
  KINDS,
  learned,
  lessonsOfContexts,
  misfitOfFirst,
  misfitOfPlaces,
  situation,
} from '../policies/every-policy.ts';

const LESSONS = lessonsOfContexts(400);

describe.each(everySpec)('%s', (_, spec) => {
  const policy = createPolicy(spec, KINDS);

  test.each([0, 3, 40, 400])('chooses as often as it states, after %d lessons', (count) => {
    const posterior = learned(policy, LESSONS.slice(0, count));
    for (const { features } of LESSONS.slice(0, 2)) {
      const seen = situation(policy, ARMS, { features, floor: 0.05, shifts: [0.02, 0, -0.1, 0.1] });
      expect(misfitOfFirst(policy, posterior, seen, 200_000)).toBeLessThan(1);
    }
    const seen = situation(policy, ARMS, { features: LESSONS[0]!.features, floor: 0.05 });
    expect(misfitOfPlaces(policy, posterior, seen, 4, 50_000)).toBeLessThan(1);
  });
});
