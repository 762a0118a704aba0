/** Items of several arms as one list: blended by the slate's weights, recorded as shown, rewarded to the arm they came from. */
import { expect, test } from 'vitest';
import { exampleDomains } from '../../actors/config/examples.ts';
import { configured, DOMAIN, given, problemOf } from './given.ts';

const { config: recommendations } = exampleDomains.find(({ name }) => name === 'recommendations')!;
const listOf = (arm: string, items = 12) => ({ arm, items: Array.from({ length: items }, (_, at) => `${arm} ${at}`) });

test('given the shipped domain of recommenders, when their lists are blended, then every item keeps its arm and is rewarded there', async () => {
  const stage = await given([configured(recommendations)]);
  const { decisionId, slate = [] } = await stage.reckoner.decide(DOMAIN, { k: 3 });
  const lists = slate.map(({ arm }) => ({ arm, items: ['the hit', ...listOf(arm).items] }));
  const blended = await stage.when((reckoner) => reckoner.blend(decisionId, { lists, size: 10 }));
  const { items } = blended.answer;

  expect(items.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(items[0]).toEqual({ item: 'the hit', arm: slate[0]?.arm, position: 0 });
  expect(new Set(items.map(({ item }) => item)).size).toBe(10);
  for (const { arm, item } of items.slice(1)) expect(item.startsWith(`${arm} `)).toBe(true);
  for (const { arm, weight } of slate) {
    const places = items.filter((one) => one.arm === arm).length;
    expect(Math.abs(places - 10 * weight)).toBeLessThan(1.5);
  }
  expect(blended.events).toMatchObject([{ type: 'ItemsShown', data: { items } }]);

  const last = items[9];
  const receipt = await stage.reckoner.reward(decisionId, { feedback: 'click', item: last?.item ?? '' });
  expect(receipt).toMatchObject({ arm: last?.arm, value: 1, learned: true });
  expect(await stage.reckoner.explain(decisionId)).toMatchObject({ verified: true, items });
  await stage.stop();
});

test('the same blend again is the recorded one, whatever came between, and the order of the lists decides nothing', async () => {
  const stage = await given([configured({ arms: ['a', 'b'] })]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, { k: 2 });
  const body = { lists: [listOf('a'), listOf('b')], size: 4 };
  const first = await stage.reckoner.blend(decisionId, body);
  const next = await stage.when((reckoner) => reckoner.blend(decisionId, { ...body, size: 5 }));
  const again = await stage.when((reckoner) => reckoner.blend(decisionId, body));
  expect(first.repeated).toBe(false);
  expect(again.answer).toEqual({ ...first, repeated: true });
  expect(again.events).toEqual([]);

  // Another blend of the decision is its next page.
  expect(next.answer.items.map(({ position }) => position)).toEqual([4, 5, 6, 7, 8]);
  const shown = [...first.items, ...next.answer.items].map(({ item }) => item);
  expect(new Set(shown).size).toBe(9);

  const other = await stage.reckoner.decide(DOMAIN, { k: 2, candidates: ['a', 'b'] });
  const lists = other.slate?.map(({ arm }) => listOf(arm, 3)) ?? [];
  const turned = await given([], { log: stage.log });
  const one = await turned.reckoner.blend(other.decisionId, { lists: lists.toReversed() });
  expect(one.items[0]?.arm).toBe(other.arm);
  expect(one.items).toHaveLength(6);
  await turned.stop();
  await stage.stop();
});

test('two equal and two other blends at once record three lists without an item in common', async () => {
  const stage = await given([configured({ arms: ['a', 'b', 'c'] })]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, { k: 3 });
  const lists = ['a', 'b', 'c'].map((arm) => listOf(arm));
  const answers = await Promise.all([3, 3, 4, 5].map((size) => stage.reckoner.blend(decisionId, { lists, size })));
  const recorded = await stage.events('ItemsShown');
  expect(recorded).toHaveLength(3);
  expect(answers.map(({ repeated }) => repeated).sort()).toEqual([false, false, false, true]);
  const items = recorded.flatMap(({ data }) => ('items' in data ? data.items : []));
  expect(items.map(({ position }) => position)).toEqual(Array.from({ length: 12 }, (_, at) => at));
  expect(new Set(items.map(({ item }) => item)).size).toBe(12);
  await stage.stop();
});

test('a decision without a slate blends the list of its arm, and lists that are empty record nothing', async () => {
  const stage = await given([configured({ arms: ['a', 'b'] })]);
  const { decisionId, arm } = await stage.reckoner.decide(DOMAIN, {});
  const none = await stage.when((reckoner) => reckoner.blend(decisionId, { lists: [{ arm, items: [] }] }));
  expect(none.answer).toEqual({ decisionId, items: [], repeated: false });
  expect(none.events).toEqual([]);
  const { items } = await stage.reckoner.blend(decisionId, { lists: [listOf(arm, 2)] });
  expect(items.map(({ item }) => item)).toEqual([`${arm} 0`, `${arm} 1`]);

  const foreign = { lists: [listOf(arm), listOf(arm === 'a' ? 'b' : 'a')] };
  expect(await problemOf(stage.reckoner.blend(decisionId, foreign))).toMatchObject({
    code: 'arm_unknown',
    details: [{ path: 'lists.1.arm' }],
  });
  for (const wrong of [{ lists: [] }, { lists: [listOf('a'), listOf('a')] }, { lists: [listOf('a')], size: 0 }]) {
    expect(await problemOf(stage.reckoner.blend(decisionId, wrong))).toMatchObject({ code: 'request_invalid' });
  }
  await stage.stop();
});
