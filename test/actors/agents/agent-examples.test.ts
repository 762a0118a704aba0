import { describe, expect, test } from 'vitest';
import { parseDomainConfig } from '../../../actors/config/domain-config.ts';
import { exampleDomains } from '../../../actors/config/examples.ts';

const byName = new Map(exampleDomains.map(({ name, config }) => [name, config]));

test('four domains ship as examples', () => {
  expect([...byName.keys()]).toEqual(['model_routing', 'content_analysis', 'user_engagement', 'recommendations']);
});

describe.each(exampleDomains)('the example $name', ({ config }) => {
  test('is a valid configuration', () => {
    expect(() => parseDomainConfig(config)).not.toThrow();
  });

  test('says what it is for', () => {
    expect(parseDomainConfig(config).description.length).toBeGreaterThan(40);
  });

  test('has a fallback', () => {
    expect(parseDomainConfig(config).fallback).toBeDefined();
  });
});

test('recommendations has exactly the arms and features it is known by', () => {
  const { arms, context, fallback } = parseDomainConfig(byName.get('recommendations'));
  expect(arms.map((arm) => arm.name)).toEqual(['svd', 'embeddings', 'graph', 'item_cf', 'long_tail', 'serendipity']);
  expect(Object.keys(context)).toEqual([
    'time_period',
    'day_of_week',
    'user_type',
    'genre_saturation',
    'session_position',
  ]);
  expect(fallback).toBe('hybrid');
});
