import { expect, test } from 'vitest';
import { type DomainConfigInput, parseDomainConfig } from '../../../actors/config/domain-config.ts';
import type { RewardCommand } from '../../../actors/messages/reward.ts';
import { rewardValue } from '../../../actors/rewards/reward-value.ts';

function worthOf(command: RewardCommand, config: Partial<DomainConfigInput> = {}) {
  return rewardValue(parseDomainConfig({ arms: ['red'], ...config }), command);
}

test('clicks and thumbs are mapped, and may be mapped otherwise', () => {
  expect(worthOf({ feedback: 'click' })).toMatchObject({ value: 1, share: 1, kind: 'explicit', feedback: 'click' });
  expect(worthOf({ feedback: 'thumbs_up' })).toMatchObject({ value: 1, share: 1 });
  expect(worthOf({ feedback: 'thumbs_down' })).toMatchObject({ value: 0, share: 1 });
  expect(worthOf({ feedback: 'click' }, { feedback: { click: 'failure' } })).toMatchObject({ value: 0, share: 1 });
  expect(worthOf({ feedback: 'click' }, { feedback: { click: 'neutral' } })).toMatchObject({ share: 0 });
});

test('a rating of 4 or more is a success, of 2 or less a failure, and between them it moves nothing', () => {
  const worth = (rating: number) => {
    const { value, share } = worthOf({ feedback: { rating } });
    return share === 0 ? 'nothing' : value;
  };
  expect([5, 4, 3.999, 3, 2.001, 2, 1, -1e6].map(worth)).toEqual([1, 1, 'nothing', 'nothing', 'nothing', 0, 0, 0]);
});

test('the thresholds of ratings are the domain’s', () => {
  const feedback = { successRating: 9, failureRating: 5 };
  expect(worthOf({ feedback: { rating: 8 } }, { feedback }).share).toBe(0);
  expect(worthOf({ feedback: { rating: 9 } }, { feedback })).toMatchObject({ value: 1, feedback: 'rating:9' });
  expect(worthOf({ feedback: { rating: 5 } }, { feedback })).toMatchObject({ value: 0, share: 1 });
});

test('components are weighed; those that are missing leave their weight to the others', () => {
  const reward = { weights: { quality: 0.5, cost: 0.25, latency: 0.25 } };
  expect(worthOf({ components: { quality: 1, cost: 0.5, latency: 0 } }, { reward }).value).toBe(0.625);
  expect(worthOf({ components: { quality: 1, cost: 0 } }, { reward }).value).toBeCloseTo(2 / 3, 15);
  expect(worthOf({ components: { latency: 0.4 } }, { reward }).value).toBe(0.4);
});

test('components that have no weight move nothing', () => {
  const reward = { weights: { quality: 1 } };
  expect(worthOf({ components: { cost: 1 } }, { reward })).toMatchObject({ value: 0, share: 0 });
});

test('feedback is one of the components where there are others, unless that component is given', () => {
  const reward = { weights: { quality: 0.5, feedback: 0.5 } };
  expect(worthOf({ feedback: 'thumbs_down', components: { quality: 1 } }, { reward }).value).toBe(0.5);
  expect(worthOf({ feedback: { rating: 3 }, components: { quality: 1 } }, { reward }).value).toBe(1);
  expect(worthOf({ feedback: 'thumbs_up', components: { quality: 1, feedback: 0 } }, { reward }).value).toBe(0.5);
});

test('a value that is given counts as it is', () => {
  const command = { value: 0.3, feedback: 'thumbs_up', components: { quality: 1 } } as const;
  expect(worthOf(command)).toMatchObject({ value: 0.3, share: 1, kind: 'explicit' });
  expect(worthOf({ value: 0 })).toMatchObject({ value: 0, share: 1, kind: 'outcome' });
});

test('a mean of ones is one and no more', () => {
  const reward = { weights: { quality: 0.1, cost: 0.7, latency: 0.2, feedback: 0.3 } };
  const components = { quality: 1, cost: 1, latency: 1, feedback: 1 };
  expect(worthOf({ components }, { reward }).value).toBe(1);
});

test('each kind is its share of one pull, and a kind without a share is refused', () => {
  const reward = { shares: { implicit: 0.2, explicit: 0.8 } };
  expect(worthOf({ value: 1, kind: 'implicit' }, { reward }).share).toBe(0.2);
  expect(worthOf({ feedback: 'click' }, { reward }).share).toBe(0.8);
  expect(() => worthOf({ value: 1 }, { reward })).toThrow(/no share/);
  expect(() =>
    worthOf({ value: 1, kind: 'behavioural' }, { reward: { shares: { explicit: 1, behavioural: 0 } } }),
  ).toThrow(/no share/);
});

test('without shares each kind is a whole pull', () => {
  for (const kind of ['explicit', 'implicit', 'behavioural', 'outcome'] as const)
    expect(worthOf({ value: 1, kind }).share).toBe(1);
});
