/** What `config check` knows: a configuration that is plainly meant raises nothing, and every oddity is told with its path. */
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../../actors/config/check-config.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { exampleDomains } from '../../../actors/config/examples.ts';

type Change = Partial<DomainConfigInput>;

const arms = [
  { name: 'small', costUsd: 0.004, latencyMs: 500, quality: 0.7, reliability: 0.99 },
  { name: 'large', costUsd: 0.01, latencyMs: 900, quality: 0.9, reliability: 0.95 },
];

function warnings(change: Change = {}): string[] {
  return checkConfig({ arms, ...change }).warnings.map(({ path, message }) => `${path}: ${message}`);
}

test.each(exampleDomains)('the example $name raises no warning', ({ config }) => {
  expect(checkConfig(config).warnings).toEqual([]);
});

test('what was checked comes back filled in, and every warning says what to do', () => {
  const { config, warnings } = checkConfig({ arms: ['a', 'b'], exploration: 0.9, objective: { preset: 'balanced' } });
  expect(config).toMatchObject({ policy: { name: 'rand_ucb' }, objective: { minReliability: 0.8 } });
  expect(warnings.length).toBeGreaterThan(0);
  for (const { remedy } of warnings) expect(remedy).toMatch(/^[A-Z].*\.$/);
});

describe('support', () => {
  test.each<[Change, string]>([
    [{ policy: { name: 'lin_ucb' }, exploration: 0 }, 'exploration: lin_ucb draws nothing, and with a floor of 0'],
    [{ policy: { name: 'lin_ucb' }, exploration: 0.02 }, 'policy: lin_ucb draws nothing: the floor leaves .* of 0.01,'],
    [{ policy: { name: 'fixed', arm: 'small' } }, 'policy: fixed draws nothing'],
    [{ policy: { name: 'epsilon_greedy', epsilon: 0 }, exploration: 0 }, 'exploration: epsilon_greedy draws nothing'],
    [{ policy: { name: 'bootstrap_bag', replicas: 1 } }, 'policy: bootstrap_bag draws nothing'],
    [{ exploration: 0.6 }, 'exploration: 60 % of all decisions'],
  ])('%j warns of %s', (change, words) => {
    expect(warnings(change)).toEqual([expect.stringMatching(`^${words}`)]);
  });

  test.each<Change>([
    { exploration: 0 },
    { policy: { name: 'epsilon_greedy' }, exploration: 0 },
    { policy: { name: 'lin_ts' }, exploration: 0 },
    { policy: { name: 'bootstrap_bag' }, exploration: 0 },
    { policy: { name: 'lin_ucb' }, exploration: 0, arms: ['only'] },
  ])('%j is no reason to warn', (change) => {
    expect(warnings(change)).toEqual([]);
  });
});

describe('limits', () => {
  test.each<[Change, string]>([
    [{ constraints: { maxCostUsd: 1 }, arms: ['a', 'b'] }, 'constraints.maxCostUsd: no arm declares its costUsd'],
    [{ constraints: { maxLatencyMs: 1 }, arms: ['a', 'b'] }, 'constraints.maxLatencyMs: no arm declares its latencyMs'],
    [{ constraints: { minQuality: 1 }, arms: ['a', 'b'] }, 'constraints.minQuality: no arm declares its quality'],
    [{ constraints: { maxCostUsd: 0.005 } }, 'arms: large \\(maxCostUsd 0.005\\) is set aside for every request'],
    [{ constraints: { capabilities: ['vision'] } }, 'arms: every arm is set aside for every request'],
    [{ confidence: { gate: true, autonomous: 1 } }, 'confidence.autonomous: no confidence ever reaches 1'],
    [{ feedback: { successRating: 1e7 } }, 'feedback.successRating: no rating lies beyond 1,000,000'],
    [{ context: { n: { type: 'numeric', min: 0, max: 9, bins: [-1, 5, 10] } } }, 'context.n.bins: -1, 10: no value'],
    [
      { propensity: 'eager', arms: Array.from({ length: 33 }, (_, i) => `a${i}`) },
      'propensity: .* with all 33 arms propensities are left to the log',
    ],
  ])('%j warns of %s', (change, words) => {
    expect(warnings(change)).toEqual([expect.stringMatching(`^${words}`)]);
  });

  test('an arm that some type of task may get, or only its tenant, is not set aside for good', () => {
    const objective = { weights: { quality: 1 }, taskTypes: { easy: 0.2 } };
    expect(warnings({ objective, constraints: { minQuality: 0.9 } })).toEqual([]);
    expect(warnings({ objective, constraints: { minQuality: 0.95 } })).toEqual([expect.stringMatching(/^arms: small/)]);
    expect(warnings({ arms: [...arms, { name: 'theirs', tenants: ['acme'] }] })).toEqual([]);
  });
});

describe('a budget', () => {
  test.each<[Change, string]>([
    [{ budget: { perRequestUsd: 0.003 } }, 'budget.perRequestUsd: even the cheapest arm costs more a call \\(0.004\\)'],
    [{ budget: { perRequestUsd: 0.01 } }, 'budget.perRequestUsd: no arm costs more a call'],
    [{ budget: { perRequestUsd: 0.005 }, arms: [...arms, 'c'] }, 'arms: c: no costUsd, so taken to cost the ceiling'],
  ])('%j warns of %s', (change, words) => {
    expect(warnings(change)).toEqual([expect.stringMatching(`^${words}`)]);
  });

  test('between the cheapest and the dearest arm is no reason to warn', () => {
    expect(warnings({ budget: { perRequestUsd: 0.005 } })).toEqual([]);
  });
});

test('models that everybody waits for are warned of, and those of a usual context are not', () => {
  const sized = (values: number, policy: Change['policy']) =>
    warnings({ policy, context: { user: { type: 'categorical', hash: values } } });
  expect(sized(300, { name: 'lin_ts' })).toEqual([]);
  expect(sized(1000, { name: 'beta_thompson' })).toEqual([]);
  expect(sized(1000, { name: 'context_tree' })).toEqual([]);
  const [warning, ...others] = sized(1000, { name: 'bootstrap_bag', replicas: 9 });
  expect(warning).toMatch(/^policy: bootstrap_bag keeps the square of the features for each of 2 arms: up to 160 MB/);
  expect(others).toEqual([]);
});

describe('learning', () => {
  const many = Array.from({ length: 12 }, (_, i) => `a${i}`);
  const given = [{ name: 'a', prior: { alpha: 8, beta: 2 } }, 'b'];
  test.each<[Change, string]>([
    [{ reward: { window: { seconds: 60, silence: 'neutral' } } }, 'reward.window.silence: neutral silence'],
    [{ arms: given, policy: { name: 'offset_tree' } }, 'arms: a: offset_tree shows a prior in what it believes, and'],
    [{ arms: many, policy: { name: 'beta_thompson', window: 11 } }, 'policy.window: about 11 rewards'],
    [{ arms: many, policy: { name: 'beta_thompson', discount: 0.9 } }, 'policy.discount: about 10 rewards'],
    [
      { arms: many, policy: { name: 'beta_thompson', discount: 'profile' }, learningRate: 0.2 },
      'policy.discount: about 5 rewards',
    ],
  ])('%j warns of %s', (change, words) => {
    expect(warnings(change)).toEqual([expect.stringMatching(`^${words}`)]);
  });

  test('that silence is a failure, or that a long past counts, is no reason to warn', () => {
    expect(warnings({ reward: { window: { seconds: 60, silence: 'failure' } } })).toEqual([]);
    expect(warnings({ arms: many, policy: { name: 'beta_thompson', window: 12 } })).toEqual([]);
    expect(warnings({ policy: { name: 'beta_thompson', discount: 0.99 } })).toEqual([]);
    expect(warnings({ arms: given, policy: { name: 'lin_ts' } })).toEqual([]);
  });
});

describe('an objective', () => {
  const objective = { weights: { quality: 0.6, cost: 0.2, latency: 0.1, reliability: 0.1 } };

  test.each<[Change, string]>([
    [
      { arms: ['a', { name: 'b', costUsd: 1, quality: 1 }], objective: { weights: { quality: 1 } } },
      'arms: a: neither',
    ],
    [{ objective, policy: { name: 'offset_tree' } }, 'policy: offset_tree chooses without a prior'],
    [{ objective, reward: { weights: { quality: 1, cost: 0.1 } } }, 'reward.weights.cost: cost is weighed'],
    [{ objective: { ...objective, minSavingUsd: 0.0061 } }, 'objective.minSavingUsd: .* at most 0.006,'],
    [{ objective: { weights: { quality: 0.3, cost: 0.7 } } }, 'objective.weights: large: shifted below another arm'],
    [{ arms: [...arms, { name: 'dark', shift: -1 }] }, 'arms: dark: shifted below another arm'],
    [
      { objective, arms: [...arms, { name: 'c', quality: 0.5, latencyMs: 1, reliability: 1 }] },
      'arms: c: no costUsd, so the mean',
    ],
    [
      { objective: { weights: { quality: 1, cost: 0.1 } }, arms: [{ name: 'a', quality: 1 }] },
      'objective.weights.cost: no arm declares its costUsd',
    ],
    [{ complexity: { weight: 1 }, arms: [{ name: 'a', costUsd: 1 }, 'b'] }, 'complexity: no quality is known'],
    [{ complexity: { weight: 1 }, arms: [{ name: 'a', quality: 1 }, 'b'] }, 'complexity: no arm declares its costUsd'],
  ])('%j warns of %s', (change, words) => {
    expect(warnings(change)).toEqual([expect.stringMatching(`^${words}`)]);
  });

  test('with estimates of all arms, a prior and rewards about quality raises nothing', () => {
    expect(warnings({ objective })).toEqual([]);
    expect(warnings({ objective, policy: { name: 'lin_ts' } })).toEqual([]);
    expect(warnings({ objective: { preset: 'cost-aware', minSavingUsd: 0.005 } })).toEqual([]);
  });

  test('with task types but no quality to add them to warns of both', () => {
    const silent = { weights: { quality: 1 }, taskTypes: { code: 0.1 } };
    expect(warnings({ arms: ['a', 'b'], objective: silent })).toEqual([
      expect.stringMatching(/^arms: a, b: neither quality nor prior/),
      expect.stringMatching(/^objective.taskTypes: no quality is known/),
    ]);
  });
});

describe('a conservative domain', () => {
  const conservative = { baseline: 'small' };
  test.each<[Change, string]>([
    [{ conservative, risk: 1 }, 'risk: with a risk of 1 all that the baseline'],
    [{ conservative, constraints: { minQuality: 0.8 } }, 'conservative.baseline: small breaks minQuality 0.8'],
    [
      { conservative: { baseline: 'large' }, budget: { perRequestUsd: 0.005 } },
      'conservative.baseline: large costs more a call \\(0.01\\) than the budget allows',
    ],
  ])('%j warns of %s', (change, words) => {
    expect(warnings(change)).toContainEqual(expect.stringMatching(`^${words}`));
  });

  test('that can hold something back is no reason to warn', () => {
    expect(warnings({ conservative })).toEqual([]);
    expect(warnings({ conservative, budget: { perRequestUsd: 0.005 } })).toEqual([]);
  });
});

test('a detector beside a policy that learns about features is told', () => {
  const context: DomainConfigInput['context'] = { urgent: { type: 'boolean' } };
  const changes = { detector: 'glr' } as const;
  expect(warnings({ changes, context })).toEqual([expect.stringMatching(/^changes: the detector looks at rewards/)]);
  expect(warnings({ changes, context, policy: { name: 'beta_thompson' } })).toEqual([]);
  expect(warnings({ changes })).toEqual([]);
});

test('texts and embeddings that the policy will never see are told, each by its name', () => {
  const context: DomainConfigInput['context'] = {
    prompt: { type: 'text' },
    meaning: { type: 'embedding', size: 4 },
    user: { type: 'categorical', hash: 8 },
  };
  expect(warnings({ context, bucketBy: ['user'] })).toEqual([
    expect.stringMatching('^context.meaning: beta_thompson knows of a context only its bucket'),
    expect.stringMatching('^context.prompt: beta_thompson knows'),
  ]);
  expect(warnings({ context, policy: { name: 'lin_ts' } })).toEqual([]);
});
