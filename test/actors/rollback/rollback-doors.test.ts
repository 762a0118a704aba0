/** Where a rollback may return to, and what it says before it does. */
import { expect, test } from 'vitest';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { configured, DOMAIN, given, NOON, openStage, problemOf, type Stage } from '../given.ts';
import { watched } from '../posterior.ts';

const thompson: DomainConfigInput = { arms: ['red', 'blue'], policy: { name: 'beta_thompson' } };
const DAY = 86_400_000;

async function pull({ reckoner }: Stage, value: number, context = {}): Promise<void> {
  const { decisionId } = await reckoner.decide(DOMAIN, { context });
  await reckoner.reward(decisionId, { value });
}

test('a checkpoint is the moment at which it was made, and what follows it is set aside', async () => {
  const watch = watched();
  const stage = await given([configured(thompson)], { makePolicy: watch.makePolicy });
  await pull(stage, 1);
  await stage.reckoner.decide(DOMAIN, {});
  const before = watch.last;
  const { answer, events } = await stage.when((reckoner) =>
    reckoner.checkpoint(DOMAIN, { name: 'before the launch', reason: 'careful' }),
  );
  expect(events).toMatchObject([
    {
      type: 'RollbackPointMarked',
      revision: 1,
      data: { name: 'before the launch', cause: 'manual', reason: 'careful' },
    },
  ]);
  expect(answer).toMatchObject({ name: 'before the launch', revision: 0, cause: 'manual' });
  await pull(stage, 0);
  const { to } = await stage.reckoner.rollBack(DOMAIN, { to: 'before the launch' });
  expect(to).toMatchObject({ revision: 0, until: answer.time });
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(before);
  await stage.stop();
});

test('of several points of one name the newest is meant, and any by its revision; others are refused with the last few', async () => {
  const stage = await given([configured(thompson)]);
  for (const name of ['first', 'again', 'again']) await stage.reckoner.checkpoint(DOMAIN, { name });
  const points = await stage.reckoner.rollbackPoints(DOMAIN);
  expect(points.map(({ name, revision }) => `${name}@${revision}`)).toEqual(['again@2', 'again@1', 'first@0']);
  expect((await stage.reckoner.previewRollback(DOMAIN, { to: 'again' })).to.revision).toBe(2);
  expect((await stage.reckoner.previewRollback(DOMAIN, { to: 'again@1' })).to.revision).toBe(1);
  expect((await stage.reckoner.previewRollback(DOMAIN, { to: '1' })).to.revision).toBe(1);
  for (const to of ['never', 'again@0'])
    expect(await problemOf(stage.reckoner.rollBack(DOMAIN, { to }))).toMatchObject({
      code: 'rollback_point_unknown',
      message: expect.stringContaining('again@2, again@1, first@0'),
    });
  await stage.stop();
});

test('a time means the newest moment by then at which something was recorded of the domain', async () => {
  const stage = await given([configured(thompson)]);
  const at = (time: number) => new Date(time).toISOString();
  stage.time = NOON + 1_000;
  await stage.reckoner.checkpoint(DOMAIN, { name: 'one' });
  stage.time = NOON + 9_000;
  await stage.reckoner.configure(DOMAIN, { ...thompson, description: 'new' });
  const meant = async (to: string) => (await stage.reckoner.previewRollback(DOMAIN, { to })).to.revision;
  expect(await meant(at(NOON + 500))).toBe(0);
  expect(await meant(at(NOON + 1_500))).toBe(0);
  // The configuration of that moment, not what it was taught later.
  expect(await meant(at(NOON + 9_500))).toBe(2);
  expect(await problemOf(stage.reckoner.rollBack(DOMAIN, { to: at(NOON - DAY) }))).toMatchObject({
    code: 'rollback_point_unknown',
  });
  await stage.stop();
});

test('the first decision of a day marks it, once on however many nodes, and not where the day has a point already', async () => {
  const log = openSqliteEventLog({ file: ':memory:' });
  const here = await given([configured(thompson)], { log, node: 'here' });
  const there = await openStage({ log, node: 'there' });
  const daily = async () =>
    (await here.events('RollbackPointMarked')).map(({ data }) => ('name' in data ? data.name : ''));
  const rest = () => new Promise((resolve) => setTimeout(resolve, 50));
  for (const { reckoner } of [here, there]) await reckoner.decide(DOMAIN, {});
  await rest();
  expect(await daily()).toEqual([]);
  for (const day of [1, 1, 3]) {
    for (const stage of [here, there]) stage.time = NOON + day * DAY;
    await Promise.all([here, there].map(({ reckoner }) => reckoner.decide(DOMAIN, {})));
    await rest();
  }
  expect(await daily()).toEqual(['daily-2026-01-02', 'daily-2026-01-04']);
  expect([...here.failures, ...there.failures]).toEqual([]);
  for (const stage of [here, there]) await stage.stop();
});

test('a change of the policy is marked as one', async () => {
  const stage = await given([configured(thompson)]);
  await stage.reckoner.configure(DOMAIN, { ...thompson, policy: { name: 'epsilon_greedy' } });
  await stage.reckoner.configure(DOMAIN, { ...thompson, policy: { name: 'epsilon_greedy' }, arms: ['red'] });
  expect((await stage.reckoner.rollbackPoints(DOMAIN)).map(({ cause }) => cause)).toEqual(['config', 'policy']);
  await stage.stop();
});

test('a dry run records nothing, and says what it would set aside, how the arms would look, and what would be configured', async () => {
  const config: DomainConfigInput = {
    ...thompson,
    context: { user: { type: 'numeric', round: 1 } },
    bucketBy: ['user'],
    exploration: 0.1,
  };
  const stage = await given([configured(config)]);
  for (let at = 0; at < 6; at++) await pull(stage, 1, { user: at % 2 });
  await stage.reckoner.configure(DOMAIN, { ...config, arms: ['red', 'blue', { name: 'green', shift: 0.1 }] });
  for (let at = 0; at < 10; at++) await pull(stage, 0, { user: at % 2 });
  const { answer, events } = await stage.when((reckoner) => reckoner.previewRollback(DOMAIN, { to: 0, contexts: 8 }));
  expect(events).toEqual([]);
  expect(answer).toMatchObject({
    ...{ revision: 2, to: { revision: 0 }, contexts: 8, unfit: 0 },
    setAside: { decisions: 10, rewards: 10, retractions: 0 },
    restored: { decisions: 0, rewards: 0, retractions: 0 },
    config: [{ path: 'arms.green', before: { name: 'green', shift: 0.1 }, after: null }],
  });
  const [red, blue, green] = answer.arms;
  expect(green).toMatchObject({ arm: 'green', mean: { after: null }, share: { after: null } });
  for (const side of ['before', 'after'] as const)
    expect(answer.arms.reduce((sum, { share }) => sum + (share[side] ?? 0), 0)).toBeCloseTo(1, 8);
  // Ten failures would be unlearned.
  for (const arm of [red, blue]) expect(arm?.mean.after).toBeGreaterThanOrEqual(arm?.mean.before ?? 1);

  // What it said comes true: the same context is chosen for with the probability that was told.
  await stage.reckoner.rollBack(DOMAIN, { to: 0 });
  const shares = { red: 0, blue: 0 };
  for (const user of [0, 1]) {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { user } });
    for (const one of (await stage.reckoner.explain(decisionId)).arms)
      if (one.arm === 'red' || one.arm === 'blue') shares[one.arm] += one.propensity / 2;
  }
  expect(red?.share.after).toBeCloseTo(shares.red, 8);
  expect(blue?.share.after).toBeCloseTo(shares.blue, 8);

  const undo = await stage.reckoner.previewRollback(DOMAIN, { to: 2 });
  expect(undo).toMatchObject({ setAside: { decisions: 2 }, restored: { decisions: 10, rewards: 10 } });
  await stage.stop();
});

test('a dry run leaves out contexts that do not fit the restored configuration', async () => {
  const of = (values: string[]): DomainConfigInput => ({
    ...thompson,
    context: { topic: { type: 'categorical', values } },
    bucketBy: ['topic'],
  });
  const stage = await given([configured(of(['code']))]);
  await pull(stage, 1, { topic: 'code' });
  await stage.reckoner.configure(DOMAIN, of(['prose', 'code']));
  for (const topic of ['code', 'prose', 'code']) await pull(stage, 0, { topic });
  expect(await stage.reckoner.previewRollback(DOMAIN, { to: 0 })).toMatchObject({ contexts: 2, unfit: 1 });
  await stage.stop();
});

test('a dry run over thousands of arms looks at fewer contexts, and lets others have their turn', async () => {
  let slept = 0;
  const sleep = () => {
    slept += 1;
    return new Promise<void>((resolve) => setImmediate(resolve));
  };
  const arms = Array.from({ length: 10_000 }, (_, at) => `arm-${at}`);
  const config: DomainConfigInput = { arms, policy: { name: 'beta_thompson' }, propensity: 'lazy' };
  const stage = await given([configured(config)], { sleep });
  await stage.reckoner.checkpoint(DOMAIN, { name: 'before' });
  for (let round = 0; round < 25; round++) await stage.reckoner.decide(DOMAIN, {});
  slept = 0;
  const preview = await stage.reckoner.previewRollback(DOMAIN, { to: 0, contexts: 2_000 });
  expect(preview.setAside.decisions).toBe(25);
  expect(preview.contexts).toBe(20);
  expect(slept).toBeGreaterThanOrEqual(20);
  await stage.stop();
});
