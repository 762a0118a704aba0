import { createColors } from 'picocolors';
import { expect, test } from 'vitest';
import { checkConfig } from '../../../actors/config/check-config.ts';
import { ruleLines } from '../../../adapters/cli/domain-rules.ts';
import { domainLines } from '../../../adapters/cli/domains-view.ts';

test('a domain tells what its texts, embeddings and hashed categories are, and shortens an example that nobody can read', () => {
  const { config, domain } = checkConfig({
    arms: ['a', 'b'],
    context: {
      prompt: { type: 'text', default: 'say [1,2,3,4,5,6,7,8,9]' },
      meaning: { type: 'embedding', size: 1536 },
      short: { type: 'embedding', size: 3 },
      user: { type: 'categorical', hash: 100 },
    },
    policy: { name: 'lin_ts' },
  });
  const view = {
    domain: 'd',
    revision: 0,
    frozen: false,
    config,
    exampleContext: domain.schema.example,
    shared: [],
    counted: 0,
  };
  const lines = domainLines(view, createColors(false)).join('\n');
  expect(lines).toContain('prompt: a text, as 32 numbers');
  expect(lines).toContain('meaning: 1536 numbers, as 32');
  expect(lines).toContain('short: 3 numbers');
  expect(lines).toContain('"prompt":"say [1,2,3,4,5,6,7,8,9]"');
  expect(lines).toContain('user: any text, hashed to 100 places');
  expect(lines).toMatch(/^example .*"meaning":\[1,0,0, …\].*"short":\[1,0,0\]/m);
});

test('a domain tells what it asks beside its arms, in the words of its configuration, and nothing where it asks nothing', () => {
  const told = (change: object) => ruleLines(checkConfig({ arms: ['a', 'b'], ...change }).config);
  expect(told({})).toEqual([]);
  expect(
    told({
      objective: { weights: { cost: 0.5, quality: 0.5 }, taskTypes: { code: -0.1 } },
      constraints: { capabilities: ['tools', 'vision'], maxLatencyMs: 900 },
      budget: { perRequestUsd: 0.002 },
      conservative: { baseline: 'a' },
      risk: 0.1,
      reward: { window: { seconds: 60, silence: 'failure' } },
      changes: { detector: 'page_hinkley' },
    }),
  ).toEqual([
    'objective: weights.cost 0.5, weights.quality 0.5, taskTypes.code -0.1',
    'constraints: maxLatencyMs 900, capabilities tools and vision',
    'budget: perRequestUsd 0.002',
    'conservative: baseline a, risk 0.1',
    'reward.window: seconds 60, silence failure',
    'changes: detector page_hinkley, threshold 25, tolerance 0.05, minPulls 30',
  ]);
});
