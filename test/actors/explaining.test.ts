/** Explanations read as much of the log as their bucket has: decisions must not suffer for it. */
import { expect, test } from 'vitest';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import { createGate } from '../../actors/gate.ts';
import { NO_SNAPSHOTS } from '../../events/snapshot-store.ts';
import { configured, DOMAIN, given } from './given.ts';

test('a gate lets a few in at once, has some wait in their order, and refuses the rest', async () => {
  const gate = createGate('visits', { atOnce: 2, waiting: 3 });
  const leave: (() => void)[] = [];
  const entered: number[] = [];
  const visit = (who: number) =>
    gate.run(async () => {
      entered.push(who);
      await new Promise<void>((resolve) => leave.push(resolve));
      if (who === 1) throw new Error('stumbled');
      return who;
    });
  const visits = Promise.allSettled([0, 1, 2, 3, 4, 5].map(visit));
  expect(entered).toEqual([0, 1]);
  for (let at = 0; at < 5; at++) {
    leave[at]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(entered).toEqual([0, 1, 2, 3, 4].slice(0, 3 + at));
  }
  expect((await visits).map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code))).toEqual([
    ...[0, undefined, 2, 3, 4],
    'overloaded',
  ]);
  leave.length = 0;
  const [later] = [visit(6)];
  leave[0]?.();
  expect(await later).toBe(6);
});

test('a crowd that wants explanations is answered in part and told to wait, and decisions go on', async () => {
  const stage = await given([configured()]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const asked = Promise.allSettled(Array.from({ length: 100 }, () => stage.reckoner.explain(decisionId)));
  expect(await stage.reckoner.decide(DOMAIN, {})).toMatchObject({ domain: DOMAIN });
  const answers = await asked;
  const refused = answers.filter((one) => one.status === 'rejected').map(({ reason }) => reason.problem);
  expect(refused.length).toBeGreaterThan(50);
  for (const problem of refused) expect(problem).toMatchObject({ code: 'overloaded', status: 503, retryAfter: 1 });
  for (const one of answers) if (one.status === 'fulfilled') expect(one.value.verified).toBe(true);
  expect(await stage.reckoner.explain(decisionId)).toMatchObject({ verified: true });
  await stage.stop();
});

test('others get their turn every few events of a long bucket, fewer where the events are large', async () => {
  const candidates = Array.from({ length: 500 }, (_, index) => `an-arm-of-some-length-${index}`);
  const made = Array.from({ length: 300 }, () => ({ type: 'DecisionMade' as const, candidates, prior: [] }));
  // Without snapshots it is read from its beginning: deciding put states of it away.
  const stage = await given([configured({ arms: candidates }), ...made], { snapshots: NO_SNAPSHOTS });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, { candidates: candidates.slice(0, 2) });
  const bytes = 300 * 500 * 20;
  let turns = 0;
  let counting = true;
  const count = () => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  await stage.reckoner.explain(decisionId);
  counting = false;
  expect(turns).toBeGreaterThan(bytes / 100_000);
  await stage.stop();
});

test('an explanation tells in words how a tree parted the context from others', async () => {
  const context = {
    tokens: { type: 'numeric' },
    language: { type: 'categorical', values: ['de', 'en', 'fr'] },
  } as const satisfies DomainConfigInput['context'];
  const stage = await given([
    configured({ arms: ['a', 'b'], context, bucketBy: [], policy: { name: 'context_tree' } }),
  ]);
  for (let i = 0; i < 80; i++) {
    const language = ['de', 'en', 'fr'][i % 3] ?? 'de';
    const { decisionId, arm } = await stage.reckoner.decide(DOMAIN, { context: { tokens: i, language } });
    await stage.reckoner.reward(decisionId, { value: (language === 'en') === (arm === 'a') ? 1 : 0 });
  }
  const pathOf = async (language: string) => {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { tokens: 3, language } });
    return (await stage.reckoner.explain(decisionId)).path;
  };
  expect(await pathOf('en')).toEqual(['language is en']);
  expect(await pathOf('fr')).toEqual(['language is not en']);
  await stage.stop();
});

test('a value that a path parts at is told without the digits of its rounding', async () => {
  const stage = await given([
    configured({
      arms: ['a', 'b'],
      context: { x: { type: 'numeric' } },
      bucketBy: [],
      policy: { name: 'context_tree' },
    }),
  ]);
  const decide = (x: number) => stage.reckoner.decide(DOMAIN, { context: { x } });
  for (let i = 0; i < 200; i++) {
    const x = ((i * 37) % 100) / 100;
    const { decisionId, arm } = await decide(x);
    await stage.reckoner.reward(decisionId, { value: (arm === 'a') === x > 0.535 ? 0.9 : 0.1 });
  }
  const { path } = await stage.reckoner.explain((await decide(0.9)).decisionId);
  expect(path[0]).toMatch(/^x above 0\.\d{1,6}$/);
  await stage.stop();
});

test('a policy that learns by propensities has them, even where a request would leave them for later', async () => {
  const stage = await given([configured({ arms: ['a', 'b'], policy: { name: 'offset_tree' } })]);
  const { decisionId, arm, propensity } = await stage.reckoner.decide(DOMAIN, { propensity: 'lazy' });
  expect(propensity).toBeGreaterThan(0);
  const { arms, verified } = await stage.reckoner.explain(decisionId);
  expect([verified, arms.find((one) => one.arm === arm)?.propensity]).toEqual([true, propensity]);
  await stage.stop();
});
