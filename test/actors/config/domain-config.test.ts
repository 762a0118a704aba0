import { expect, test } from 'vitest';
import { parseDomainConfig } from '../../../actors/config/domain-config.ts';
import { exampleDomains } from '../../../actors/config/examples.ts';
import { compileContext } from '../../../actors/context/features.ts';
import { createTimeline } from '../../../actors/domain/domain-state.ts';
import { canonical } from '../../../actors/identity/canonical.ts';
import { ReckonerError } from '../../../events/errors.ts';
import { createPolicy } from '../../../policies/catalogue.ts';

const parsed = (more: object = {}) => parseDomainConfig({ arms: ['red', 'blue'], ...more });

function pathsOf(more: object): string[] {
  try {
    parsed(more);
  } catch (thrown) {
    if (!(thrown instanceof ReckonerError)) throw thrown;
    expect(thrown.problem).toMatchObject({ code: 'config_invalid', status: 422 });
    return (thrown.problem.details ?? []).map(({ path }) => path);
  }
  return [];
}

test('a profile sets exploration, learning rate, risk and confidence; supervised lies 0.10 below autonomous', () => {
  const of = (profile?: string) => {
    const { exploration, learningRate, risk, confidence } = parsed({ profile });
    return [confidence.autonomous, confidence.supervised, exploration, learningRate, risk];
  };
  expect(of('production')).toEqual([0.85, 0.75, 0.05, 0.1, 0.05]);
  expect(of('staging')).toEqual([0.7, 0.6, 0.15, 0.2, 0.15]);
  expect(of('development')).toEqual([0.5, 0.4, 0.3, 0.3, 0.25]);
  expect(of()).toEqual([0.75, 0.65, 0.01, 0.1, 0.05]);
});

test('a discount by the profile is recorded as the number that it comes to, and needs one above 0', () => {
  const policy = { name: 'nig_thompson', discount: 'profile' };
  expect(parsed({ policy }).policy).toMatchObject({ discount: 0.9 });
  expect(parsed({ policy, profile: 'staging' }).policy).toMatchObject({ discount: 0.8 });
  expect(parsed({ policy, learningRate: 0 }).policy).toMatchObject({ discount: 1 });
  expect(parsed(parsed({ policy, learningRate: 0.005 })).policy).toMatchObject({ discount: 0.995 });
  expect(pathsOf({ policy, learningRate: 1 })).toEqual(['learningRate']);
  const linear = { name: 'lin_ucb', discount: 'profile' };
  expect(parsed({ policy: linear }).policy).toMatchObject({ discount: 0.9 });
  expect(pathsOf({ policy: linear, learningRate: 0.6 })).toEqual(['learningRate']);
  expect(pathsOf({ policy: { ...policy, window: 100 } })).toEqual(['policy']);
});

test('a domain overrides its profile', () => {
  const config = parsed({ profile: 'production', exploration: 0, risk: 1, confidence: { autonomous: 0.05 } });
  expect(config).toMatchObject({ exploration: 0, risk: 1, learningRate: 0.1 });
  expect(config.confidence).toEqual({ gate: false, autonomous: 0.05, supervised: 0 });
});

test('gating is off, priors are uniform and the policy learns about features unless said otherwise', () => {
  expect(parsed()).toMatchObject({
    confidence: { gate: false },
    prior: { alpha: 1, beta: 1 },
    policy: { name: 'rand_ucb' },
    bucketBy: [],
    reward: { weights: { quality: 1, feedback: 1 } },
    feedback: { successRating: 4, failureRating: 2 },
  });
});

test('the policy that nobody named is Thompson sampling where there are buckets, and where models would be too large', () => {
  const user = { type: 'categorical', values: Array.from({ length: 800 }, (_, i) => `u${i}`) };
  expect(parsed({ context: { user }, bucketBy: ['user'] }).policy).toMatchObject({ name: 'beta_thompson' });
  // Two arms of 801 by 801 numbers; 400 users are a quarter of it.
  expect(parsed({ context: { user } }).policy).toMatchObject({ name: 'beta_thompson' });
  const few = { ...user, values: user.values.slice(0, 400) };
  expect(parsed({ context: { user: few } }).policy).toMatchObject({ name: 'rand_ucb' });
});

test('what is wrong is named by its path', () => {
  expect(pathsOf({ arms: [] })).toEqual(['arms']);
  expect(pathsOf({ arms: ['red', 'red'] })).toEqual(['arms.1']);
  expect(pathsOf({ arms: ['re d'] })).toEqual(['arms.0']);
  expect(pathsOf({ arms: [{ name: 'red', shift: Number.NaN }] })[0]).toMatch(/^arms\.0/);
  expect(pathsOf({ bucketBy: ['a'] })).toEqual(['bucketBy.0']);
  expect(pathsOf({ bucketBy: ['constructor'] })).toEqual(['bucketBy.0']);
  expect(pathsOf({ context: { a: { type: 'numeric' } }, bucketBy: ['a'] })).toEqual(['bucketBy.0']);
  expect(pathsOf({ context: { a: { type: 'boolean' } }, bucketBy: ['a', 'a'] })).toEqual(['bucketBy.1']);
  expect(pathsOf({ context: { a: { type: 'numeric', bins: [2, 1] } } })).toEqual(['context.a.bins']);
  expect(pathsOf({ context: { a: { type: 'numeric', bins: [1, 1] } } })).toEqual(['context.a.bins']);
  expect(pathsOf({ context: { a: { type: 'numeric', min: 2, max: 1 } } })).toEqual(['context.a.min']);
  expect(pathsOf({ context: { a: { type: 'numeric', min: 2, default: 1 } } })).toEqual(['context.a.default']);
  expect(pathsOf({ context: { a: { type: 'categorical', values: ['x', 'x'] } } })).toEqual(['context.a.values']);
  expect(pathsOf({ context: { a: { type: 'categorical', values: ['x'], default: 'y' } } })).toEqual([
    'context.a.default',
  ]);
  expect(pathsOf({ policy: { name: 'fixed', arm: 'green' } })).toEqual(['policy.arm']);
  expect(pathsOf({ policy: { name: 'magic' } })[0]).toMatch(/^policy/);
  expect(pathsOf({ reward: { shares: { explicit: 0.5, outcome: 0.4 } } })).toEqual(['reward.shares']);
  expect(pathsOf({ reward: { weights: { quality: 0 } } })).toEqual(['reward.weights']);
  expect(pathsOf({ feedback: { successRating: 2 } })).toEqual(['feedback.failureRating']);
  expect(pathsOf({ confidence: { autonomous: 0.5, supervised: 0.6 } })).toEqual(['confidence.supervised']);
  expect(pathsOf({ timezone: 'Mars/Olympus' })).toEqual(['timezone']);
  expect(pathsOf({ exploration: 1.1 })).toEqual(['exploration']);
  expect(pathsOf({ profile: 'test' })).toEqual(['profile']);
  expect(pathsOf({ colour: 'red' })).toEqual(['']);
});

test('what is wrong between fields is told together with what is wrong within others', () => {
  const context = { a: { type: 'numeric' } };
  expect(pathsOf({ exploration: 2, context, bucketBy: ['a', 'b'] })).toEqual([
    'exploration',
    'bucketBy.0',
    'bucketBy.1',
  ]);
  expect(pathsOf({ arms: ['red', 'red'], exploration: 2, bucketBy: ['b'] })).toEqual([
    'exploration',
    'bucketBy.0',
    'arms.1',
  ]);
  const reward = { shares: { outcome: 0.5 }, weights: { quality: 0 } };
  const feedback = { successRating: 1 };
  const policy = { name: 'fixed', arm: 'green' };
  const conservative = { baseline: 'green' };
  expect(pathsOf({ exploration: 2, reward, feedback, timezone: 'Nowhere', policy, conservative })).toEqual([
    'exploration',
    'policy.arm',
    'conservative.baseline',
    'reward.shares',
    'reward.weights',
    'feedback.failureRating',
    'timezone',
  ]);
  // Of a context that is wrong itself, nobody knows what it would hold.
  expect(pathsOf({ context: { a: { type: 'number' } }, bucketBy: ['a'] })).toEqual(['context.a.type']);
  expect(pathsOf({ context: null, bucketBy: ['a'], arms: null })).toEqual(['arms', 'context']);
});

test('what is no object at all is refused like any other configuration', () => {
  for (const input of [null, undefined, 1, 'red', [], { arms: null }])
    expect(() => parseDomainConfig(input)).toThrow(ReckonerError);
});

test('a configuration that was stored is the same when it is read again', () => {
  for (const config of [
    ...exampleDomains.map(({ config }) => config),
    { arms: ['red'], profile: 'staging' as const },
  ]) {
    const first = parseDomainConfig(config);
    expect(canonical(parseDomainConfig(JSON.parse(canonical(first))))).toBe(canonical(first));
  }
});

test('the examples are valid, and so are their example contexts', () => {
  expect(exampleDomains.map(({ name }) => name)).toEqual([
    ...['model_routing', 'content_analysis', 'user_engagement', 'recommendations'],
  ]);
  for (const { config } of exampleDomains) {
    const schema = compileContext(parseDomainConfig(config));
    expect(schema.bucketOf(schema.encode(schema.example, 0)).id).toHaveLength(16);
  }
});

test('recommendations choose among six arms and fall back to the hybrid', () => {
  const { config } = exampleDomains[3]!;
  expect(config.arms).toEqual(['svd', 'embeddings', 'graph', 'item_cf', 'long_tail', 'serendipity']);
  expect(config.fallback).toBe('hybrid');
});

test('a prior is worth a thousandth of a pull at least: below, exact propensities do not converge', () => {
  expect(pathsOf({ prior: { alpha: 1e-300, beta: 1 } })).toEqual(['prior.alpha']);
  expect(pathsOf({ prior: { alpha: 1, beta: 0.0009 } })).toEqual(['prior.beta']);
  expect(pathsOf({ prior: { alpha: 0.001, beta: 1e6 } })).toEqual([]);
});

test('what is shared must not outweigh what is learned: every sharing names all arms', () => {
  const arms = (count: number) => Array.from({ length: count }, (_, index) => `arm-${index}`);
  const user = { context: { user: { type: 'numeric', round: 1 } }, bucketBy: ['user'] };
  const every = (count: number, sharing?: object) => parsed({ arms: arms(count), ...user, sharing }).sharing.every;
  expect(every(100, { every: 1 })).toBe(1);
  expect(every(4000, { every: 40 })).toBe(40);
  expect(every(10_000, { every: 0 })).toBe(0);
  expect([every(2), every(5000), every(5001), every(10_000)]).toEqual([50, 50, 51, 100]);
  expect(pathsOf({ arms: arms(101), ...user, sharing: { every: 1 } })).toEqual(['sharing.every']);
  expect(pathsOf({ arms: arms(10_000), ...user, sharing: { every: 99 } })).toEqual(['sharing.every']);
  // A domain of one bucket shares nothing.
  expect(parsed({ arms: arms(10_000), sharing: { every: 1 } }).sharing.every).toBe(1);
});

test('a recorded configuration that shares more often than would be accepted now is read as it is', () => {
  const timeline = createTimeline(createPolicy);
  const arms = Array.from({ length: 300 }, (_, index) => ({ name: `arm-${index}` }));
  const config = canonical({
    ...parsed({ arms }),
    sharing: { every: 1 },
    bucketBy: ['user'],
    context: { user: { type: 'boolean' } },
  });
  expect(timeline.apply(0, { type: 'DomainConfigured', data: { config, by: '', reason: '' } })).toBe(true);
  expect(canonical(timeline.latest?.config)).toBe(config);
});

test('a context that is too large for a linear policy is refused with its size, and fits the others', () => {
  const context = { id: { type: 'categorical' as const, values: Array.from({ length: 1024 }, (_, i) => `v${i}`) } };
  expect(() => parseDomainConfig({ arms: ['red'], context, policy: { name: 'lin_ucb' } })).toThrow(
    /context: the context makes a vector of 1025 numbers/,
  );
  expect(parseDomainConfig({ arms: ['red'], context }).policy.name).toBe('beta_thompson');
});
