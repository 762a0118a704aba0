/** The same request again is the same event; another request under the same id is refused. */
import { expect, test } from 'vitest';
import { WINDOW } from '../../actors/bucket/recent-ids.ts';
import { configured, DOMAIN, given, openStage, problemOf } from './given.ts';
import { posteriorOf, stateFrom, watched } from './posterior.ts';

const sorted = configured({
  arms: ['red', 'blue'],
  context: { size: { type: 'numeric', bins: [1] }, late: { type: 'derived', from: 'time_period' } },
  bucketBy: ['size', 'late'],
});

test('the same requestId with the same body gives the recorded decision', async () => {
  const stage = await given([configured()]);
  const body = { requestId: 'one', subject: 'alice', k: 2 };
  const first = await stage.reckoner.decide(DOMAIN, body);
  const { answer, events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, { ...body }));
  expect(answer).toEqual(first);
  expect(events).toEqual([]);
  await stage.stop();
});

test('the same requestId with another body is refused, into whichever bucket it would fall', async () => {
  const stage = await given([sorted]);
  await stage.reckoner.decide(DOMAIN, { requestId: 'one', context: { size: 0 } });
  for (const body of [{ context: { size: 0.5 } }, { context: { size: 2 } }, { context: { size: 0 }, subject: 'bob' }]) {
    const { problem, events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, { requestId: 'one', ...body }));
    expect(problem).toMatchObject({ code: 'request_id_reused', status: 409 });
    expect(events).toEqual([]);
  }
  await stage.stop();
});

test('a repeated request stays in its bucket though the time of day has changed', async () => {
  const stage = await given([sorted]);
  const body = { requestId: 'one', context: { size: 0 } };
  const first = await stage.reckoner.decide(DOMAIN, body);
  stage.time += 12 * 3_600_000;
  expect(await stage.reckoner.decide(DOMAIN, body)).toEqual(first);
  expect((await stage.reckoner.decide(DOMAIN, { ...body, requestId: 'two' })).bucket).not.toBe(first.bucket);
  await stage.stop();
});

test('duplicates that arrive at once are one decision, also beside others', async () => {
  const stage = await given([configured()]);
  const ids = Array.from({ length: 200 }, (_, index) => `request-${index % 20}`);
  const answers = await Promise.all(ids.map((requestId) => stage.reckoner.decide(DOMAIN, { requestId })));
  expect(new Set(answers.map(({ decisionId }) => decisionId)).size).toBe(20);
  for (const [index, answer] of answers.entries()) expect(answer.requestId).toBe(ids[index]);
  expect(await stage.events('DecisionMade')).toHaveLength(20);
  await stage.stop();
});

test('one id with different bodies at once is one decision; the others are refused', async () => {
  const stage = await given([sorted]);
  const attempts = await Promise.allSettled(
    Array.from({ length: 10 }, (_, size) => stage.reckoner.decide(DOMAIN, { requestId: 'one', context: { size } })),
  );
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const attempt of attempts)
    if (attempt.status === 'rejected') expect(attempt.reason.code).toBe('request_id_reused');
  expect(await stage.events('DecisionMade')).toHaveLength(1);
  await stage.stop();
});

test('a request is remembered beyond the bucket’s window, and after a restart and a new configuration', async () => {
  const stage = await given([configured()]);
  const first = await stage.reckoner.decide(DOMAIN, { requestId: 'one' });
  const reward = await stage.reckoner.reward(first.decisionId, { value: 1 });
  for (let count = 0; count < WINDOW + 10; count++) await stage.reckoner.decide(DOMAIN, {});
  expect(await stage.reckoner.decide(DOMAIN, { requestId: 'one' })).toEqual(first);
  expect(await stage.reckoner.reward(first.decisionId, { value: 1 })).toEqual({ ...reward, repeated: true });
  await stage.reckoner.configure(DOMAIN, { arms: ['green'] });
  await stage.stop();
  const again = await openStage({ log: stage.log, snapshots: stage.snapshots });
  expect(await again.reckoner.decide(DOMAIN, { requestId: 'one' })).toEqual(first);
  expect(await again.reckoner.reward(first.decisionId, { value: 1 })).toEqual({ ...reward, repeated: true });
  await again.stop();
});

test('a reward that arrives twice moves the posterior once', async () => {
  const watch = watched();
  const stage = await given([configured()], { makePolicy: watch.makePolicy });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const receipts = await Promise.all(
    Array.from({ length: 20 }, () => stage.reckoner.reward(decisionId, { value: 0.3 })),
  );
  expect(receipts.filter(({ repeated }) => !repeated)).toHaveLength(1);
  const { arms } = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(1);
  await stage.stop();
});

test('a reward is told by decision, kind and subject: each of them makes another one', async () => {
  const stage = await given([configured()]);
  const [one, two] = [await stage.reckoner.decide(DOMAIN, {}), await stage.reckoner.decide(DOMAIN, {})];
  const different = [
    stage.reckoner.reward(one.decisionId, { value: 1 }),
    stage.reckoner.reward(two.decisionId, { value: 1 }),
    stage.reckoner.reward(one.decisionId, { value: 1, kind: 'implicit' }),
    stage.reckoner.reward(one.decisionId, { value: 1, subject: 'alice' }),
    stage.reckoner.reward(one.decisionId, { value: 1, subject: 'bob' }),
    stage.reckoner.reward(one.decisionId, { value: 1, requestId: 'mine' }),
  ];
  const ids = (await Promise.all(different)).map(({ rewardId, repeated }) => (repeated ? '' : rewardId));
  expect(new Set(ids).size).toBe(different.length);
  expect(ids).not.toContain('');
  const other = await stage.when((reckoner) => reckoner.reward(one.decisionId, { value: 0 }));
  expect(other.problem).toMatchObject({ code: 'reward_already_recorded', status: 409 });
  await stage.stop();
});

test('the requestId of a reward belongs to that reward alone', async () => {
  const stage = await given([sorted]);
  const one = await stage.reckoner.decide(DOMAIN, { context: { size: 0 } });
  const two = await stage.reckoner.decide(DOMAIN, { context: { size: 0 } });
  const far = await stage.reckoner.decide(DOMAIN, { context: { size: 5 } });
  await stage.reckoner.reward(one.decisionId, { value: 1, requestId: 'mine', subject: 'alice' });
  const again = { requestId: 'mine', subject: 'alice' };
  expect(await stage.reckoner.reward(one.decisionId, { value: 1, ...again })).toMatchObject({ repeated: true });
  for (const [decision, body] of [
    [one, { value: 0.5, ...again }],
    [one, { value: 1, ...again, kind: 'implicit' }],
    [one, { value: 1, ...again, subject: 'bob' }],
    [one, { feedback: 'click', ...again }],
    [two, { value: 1, ...again }],
    [far, { value: 1, ...again }],
  ] as const)
    expect(await problemOf(stage.reckoner.reward(decision.decisionId, body))).toMatchObject({
      code: 'request_id_reused',
    });
  expect(await stage.events('RewardObserved')).toHaveLength(1);
  await stage.stop();
});

test('a reward that was given, retracted and given again counts once, as often as that happens', async () => {
  const watch = watched();
  const stage = await given([configured()], { makePolicy: watch.makePolicy });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const ids = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const reward = await stage.reckoner.reward(decisionId, { value: round / 2 });
    expect(reward).toMatchObject({ repeated: false, learned: true, value: round / 2 });
    ids.add(reward.rewardId);
    if (round < 2) await stage.reckoner.retract(decisionId, reward.rewardId);
  }
  expect(ids.size).toBe(3);
  expect(await stage.reckoner.reward(decisionId, { value: 1 })).toMatchObject({ repeated: true });
  const { arms } = await stage.reckoner.explain((await stage.reckoner.decide(DOMAIN, {})).decisionId);
  expect(arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBeCloseTo(1, 12);
  expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log)));
  await stage.stop();
});

test('a repeated reward of a kind that has lost its share is told as a repeat, however long ago it came', async () => {
  const shares = (given: object) => ({ arms: ['red', 'blue'], reward: { shares: given } });
  const stage = await given([configured(shares({ explicit: 0.5, implicit: 0.5 }))]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const body = { value: 1, kind: 'implicit' as const };
  const reward = await stage.reckoner.reward(decisionId, body);
  const named = await stage.reckoner.reward(decisionId, { ...body, requestId: 'named' });
  await stage.reckoner.configure(DOMAIN, shares({ explicit: 1 }));
  for (let count = 0; count <= WINDOW; count++) await stage.reckoner.decide(DOMAIN, {});
  expect(await stage.reckoner.reward(decisionId, body)).toEqual({ ...reward, repeated: true });
  expect(await stage.reckoner.reward(decisionId, { ...body, requestId: 'named' })).toEqual({
    ...named,
    repeated: true,
  });
  expect(await problemOf(stage.reckoner.reward(decisionId, { ...body, value: 0 }))).toMatchObject({
    code: 'reward_already_recorded',
  });
  expect(await problemOf(stage.reckoner.reward(decisionId, { ...body, requestId: 'new' }))).toMatchObject({
    code: 'reward_invalid',
  });
  // Taken back, it may be given again, and then it is judged by what holds now.
  await stage.reckoner.retract(decisionId, reward.rewardId);
  expect(await problemOf(stage.reckoner.reward(decisionId, body))).toMatchObject({ code: 'reward_invalid' });
  await stage.stop();
});
