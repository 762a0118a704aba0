/** What moves scores beside what was learned: summed for the policy, kept apart in the log. */
import { expect, test } from 'vitest';
import type { BucketView } from '../../../actors/bucket/bucket-state.ts';
import type { DecideRequest } from '../../../actors/choice/choose.ts';
import { addsUp, type ScoreTerm, shiftsOf, termsOf, UNSHIFTED } from '../../../actors/choice/terms/score-terms.ts';
import { configured, DOMAIN, given } from '../given.ts';

const request: DecideRequest = {
  tenant: 'default',
  command: { context: {} },
  requestId: 'r1',
  requestHash: new Uint8Array(0),
  features: [],
  subject: '',
  seed: 1,
};

function summed(...terms: readonly ScoreTerm[]) {
  // A sum asks nothing else of the bucket.
  const view = { domain: { terms } } as unknown as BucketView;
  return shiftsOf(view, request, ['a', 'b']);
}

const constant = (name: string, ...values: readonly number[]): ScoreTerm => ({ name, values: () => values });

test('terms are summed candidate by candidate, and recorded where there is more than the configured shift', () => {
  const both = summed(constant('shift', -0.5, 0), constant('objective', 0.125, -0.25));
  expect(both).toEqual({
    shifts: [-0.375, -0.25],
    terms: [
      { name: 'shift', values: [-0.5, 0] },
      { name: 'objective', values: [0.125, -0.25] },
    ],
  });
  expect(summed(constant('objective', 0.125, 0))).toMatchObject({ shifts: [0.125, 0], terms: [{ name: 'objective' }] });
  expect(summed(constant('shift', 0.25, 0), constant('objective', 0, 0))).toEqual({ shifts: [0.25, 0], terms: [] });
});

test('where nothing moves a score, nothing is allocated for it', () => {
  expect(summed()).toBe(UNSHIFTED);
  expect(summed(constant('objective'), constant('complexity', 0, 0))).toBe(UNSHIFTED);
});

test('a recorded sum is checked against its terms; without terms it is the arms’ own shift', () => {
  const recorded = summed(constant('shift', 0.1, 0), constant('objective', 0.2, 0.7));
  expect(addsUp(recorded)).toBe(true);
  expect(addsUp({ ...recorded, shifts: [0.3, 0.7] })).toBe(false);
  expect(termsOf({ shifts: [0.1, 0], terms: [] })).toEqual([{ name: 'shift', values: [0.1, 0] }]);
  expect(termsOf(UNSHIFTED)).toEqual([]);
});

test('a configured shift is recorded as the sum alone, and explained by its name', async () => {
  const stage = await given([configured({ arms: [{ name: 'red', shift: -0.1 }, 'blue', 'green'] })]);
  const { answer, events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, {}));
  expect(events).toMatchObject([{ data: { shifts: [-0.1, 0, 0], terms: [] } }]);
  const { arms, verified } = await stage.reckoner.explain(answer.decisionId);
  expect(verified).toBe(true);
  expect(arms.map(({ terms }) => terms)).toEqual([{ shift: -0.1 }, { shift: 0 }, { shift: 0 }]);
  const some = await stage.when((reckoner) => reckoner.decide(DOMAIN, { candidates: ['blue', 'red'] }));
  expect(some.events).toMatchObject([{ data: { shifts: [0, -0.1] } }]);
  const none = await stage.when((reckoner) => reckoner.decide(DOMAIN, { candidates: ['blue', 'green'] }));
  expect(none.events).toMatchObject([{ data: { shifts: [], terms: [] } }]);
  expect((await stage.reckoner.explain(none.answer.decisionId)).arms[0]?.terms).toEqual({});
  await stage.stop();
});
