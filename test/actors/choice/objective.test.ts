/** What a domain wants beside the reward: as closed forms, as laws over any arms, and as events. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shiftsOf } from '../../../actors/choice/terms/score-terms.ts';
import { type DomainConfigInput, parseDomainConfig } from '../../../actors/config/domain-config.ts';
import { compileDomain } from '../../../actors/domain/compiled-domain.ts';
import { canonical } from '../../../actors/identity/canonical.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { configured, DOMAIN, given } from '../given.ts';

type Arms = DomainConfigInput['arms'];

/** The terms of a request under a configuration, without a log. */
function termsUnder(input: DomainConfigInput, command: object = {}, candidates?: readonly string[]) {
  const domain = compileDomain(canonical(parseDomainConfig(input)), createPolicy);
  // What is learned does not enter: these terms are about what is declared.
  const view = { domain, posterior: undefined, posteriorRevision: -1 } as unknown as Parameters<typeof shiftsOf>[0];
  const request = {
    ...{ tenant: 'default', requestId: 'r', requestHash: new Uint8Array(0), features: [], subject: '', seed: 1 },
    command: { context: {}, ...command },
  };
  return shiftsOf(view, request, candidates ?? domain.armNames);
}

function termOf(name: string, input: DomainConfigInput, command: object = {}): readonly number[] {
  return termsUnder(input, command).terms.find((term) => term.name === name)?.values ?? [];
}

const close = (values: readonly number[], expected: readonly number[]) => {
  expect(values).toHaveLength(expected.length);
  for (const [index, value] of values.entries()) expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 12);
};

const models: Arms = [
  { name: 'small', costUsd: 0.001, latencyMs: 200, quality: 0.6, reliability: 0.99 },
  { name: 'large', costUsd: 0.01, latencyMs: 800, quality: 0.9, reliability: 0.9 },
];

describe('the arithmetic of an objective', () => {
  test('balanced weighs cost 0.4 and latency 0.3 against a reward of 0.3', () => {
    const objective = { preset: 'balanced' } as const;
    const { terms, shifts } = termsUnder({ arms: models, objective });
    expect(terms.map(({ name }) => name)).toEqual(['cost', 'latency']);
    close(terms[0]?.values ?? [], [(-0.4 / 0.3) * 0.1, -0.4 / 0.3]);
    close(terms[1]?.values ?? [], [-0.25, -1]);
    close(shifts, [-0.4 / 3 - 0.25, -4 / 3 - 1]);
  });

  test('cost-aware weighs cost 0.4 and latency 0.1 against a reward of 0.5', () => {
    const { shifts } = termsUnder({ arms: models, objective: { preset: 'cost-aware' } });
    close(shifts, [-0.8 * 0.1 - 0.2 * 0.25, -0.8 - 0.2]);
  });

  test('reliability is weighed by the calls that are expected to fail', () => {
    const weights = { quality: 0.5, reliability: 0.5 };
    expect(termOf('reliability', { arms: models, objective: { weights } })).toEqual([0 - (1 - 0.99), 0 - (1 - 0.9)]);
  });

  test('what is given beside a preset replaces its part, and all of it is recorded', () => {
    const objective = { preset: 'balanced', weights: { quality: 0.6 }, minReliability: 0.5 } as const;
    const config = parseDomainConfig({ arms: models, objective });
    expect(config.objective).toEqual({
      ...{ preset: 'balanced', minReliability: 0.5 },
      weights: { cost: 0.4, latency: 0.3, quality: 0.6, reliability: 0 },
    });
    expect(canonical(parseDomainConfig(config))).toBe(canonical(config));
    expect(canonical(parseDomainConfig({ arms: models }))).not.toContain('objective');
  });

  test('an objective that says nothing, or drowns what is learned, is refused', () => {
    const refused = (objective: DomainConfigInput['objective']) => {
      try {
        parseDomainConfig({ arms: models, objective });
        return [];
      } catch (thrown) {
        return (thrown as { problem: { details: { path: string }[] } }).problem.details.map(({ path }) => path);
      }
    };
    expect(refused({})).toEqual(['objective.weights']);
    expect(refused({ weights: { cost: 1 } })).toEqual(['objective.weights.quality']);
    expect(refused({ preset: 'balanced', weights: { quality: 0 } })).toEqual(['objective.weights.quality']);
    expect(refused({ weights: { quality: 0.05 } })).toEqual([]);
  });

  test('costs are shares of the dearest candidate, not of the dearest arm', () => {
    const arms = [...models, { name: 'huge', costUsd: 1, latencyMs: 900 }];
    const input = { arms, objective: { weights: { quality: 0.5, cost: 0.5 } } };
    close(termsUnder(input).shifts, [-0.001, -0.01, -1]);
    close(termsUnder(input, {}, ['large', 'small']).shifts, [-1, -0.1]);
  });

  test('who declares nothing neither gains nor loses; where nobody does, nothing moves', () => {
    const arms = [{ name: 'a', costUsd: 2 }, { name: 'b', costUsd: 4 }, 'c'];
    const objective = { weights: { quality: 0.5, cost: 0.5, latency: 0.2, reliability: 0.1 } };
    const { terms } = termsUnder({ arms, objective });
    expect(terms.map(({ name }) => name)).toEqual(['cost']);
    close(terms[0]?.values ?? [], [-0.5, -1, -0.75]);
    expect(termsUnder({ arms: [{ name: 'a', costUsd: 0 }, 'b'], objective }).shifts).toEqual([]);
  });
});

describe('a saving that is too small', () => {
  const costs = (least: number, ...all: number[]) =>
    termOf('cost', {
      arms: all.map((costUsd, index) => ({ name: `arm${index}`, costUsd })),
      objective: { weights: { quality: 0.5, cost: 0.5 }, minSavingUsd: least },
    });

  test('is no reason to switch, one that is just large enough is', () => {
    const [dear, near] = costs(0.001, 0.0109, 0.01);
    expect(near).toBe(dear);
    // 0.011 - 0.01 is a little below 0.001 in doubles.
    const [from, to] = costs(0.001, 0.011, 0.01);
    expect(to).toBeGreaterThan(from ?? 0);
  });

  test('is left out of the larger savings that it is a part of', () => {
    close(costs(1, 10, 9.5, 5, 4.5), [-1, -1, -0.55, -0.55]);
    close(costs(1, 4.5, 10, 5, 9.5), [-0.55, -1, -0.55, -1]);
    close(costs(1, 3, 2.5, 2, 1.5), [-1, -1, -1, -1]);
  });
});

describe('laws over any arms', () => {
  const maybe = (of: fc.Arbitrary<number>) => fc.option(of, { nil: undefined });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const dollars = fc.oneof(fc.double({ min: 0, max: 1e12, noNaN: true }), fc.constantFrom(0, 1e-300, 0.001, 1e308));
  const estimates = fc.record({
    costUsd: maybe(dollars),
    latencyMs: maybe(dollars),
    quality: maybe(share),
    reliability: maybe(share),
  });
  const weights = fc.record({
    quality: fc.double({ min: 0.05, max: 1, noNaN: true }),
    ...{ cost: share, latency: share, reliability: share },
  });
  // A domain leaves out what it does not declare.
  const armsOf = (all: readonly object[]) =>
    all.map((one, index) => ({ name: `arm${index}`, ...JSON.parse(JSON.stringify(one)) }));

  test('every term is finite, and within its weight', () => {
    fc.assert(
      fc.property(
        fc.array(estimates, { minLength: 1, maxLength: 8 }),
        weights,
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.record({ weight: share, neutral: fc.double({ min: 0.01, max: 0.99, noNaN: true }) }),
        share,
        (all, weighed, minSavingUsd, preference, complexity) => {
          const arms = armsOf(all);
          const objective = { weights: weighed, minSavingUsd };
          const { shifts, terms } = termsUnder({ arms, objective, complexity: preference }, { complexity });
          const most = (name: string) =>
            name === 'complexity'
              ? preference.weight
              : weighed[name as 'cost' | 'latency' | 'reliability'] / weighed.quality;
          for (const { name, values } of terms) {
            expect(values).toHaveLength(arms.length);
            for (const value of values) {
              expect(value).toBeLessThanOrEqual(0);
              expect(value).toBeGreaterThanOrEqual(-most(name) * (1 + 1e-12));
            }
          }
          for (const shift of shifts) expect(Number.isFinite(shift)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('reward and shift rank the arms as the weighted sum of all four does', () => {
    const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    const full = fc.record({ costUsd: positive, latencyMs: positive, quality: share, reliability: share });
    fc.assert(
      fc.property(fc.array(full, { minLength: 2, maxLength: 8 }), weights, (arms, weighed) => {
        const { shifts } = termsUnder({ arms: armsOf(arms), objective: { weights: weighed } });
        const [dearest, slowest] = [
          Math.max(...arms.map(({ costUsd }) => costUsd)),
          Math.max(...arms.map(({ latencyMs }) => latencyMs)),
        ];
        const utilities = arms.map(
          ({ costUsd, latencyMs, quality, reliability }) =>
            weighed.cost * (1 - costUsd / dearest) +
            weighed.latency * (1 - latencyMs / slowest) +
            weighed.quality * quality +
            weighed.reliability * reliability,
        );
        const scores = arms.map(({ quality }, index) => weighed.quality * (quality + (shifts[index] ?? 0)));
        for (const [i, utility] of utilities.entries()) {
          for (const [j, other] of utilities.entries())
            expect((scores[i] ?? 0) - (scores[j] ?? 0)).toBeCloseTo(utility - other, 9);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('no two arms differ in cost that are less than the least saving apart', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 2, maxLength: 10 }),
        fc.integer({ min: 1, max: 10 }),
        (costs, least) => {
          const arms = costs.map((costUsd, index) => ({ name: `arm${index}`, costUsd }));
          const objective = { weights: { quality: 0.5, cost: 0.5 }, minSavingUsd: least };
          const values = termOf('cost', { arms, objective });
          if (values.length === 0) return;
          for (const [i, one] of costs.entries()) {
            for (const [j, other] of costs.entries()) {
              if (Math.abs(one - other) < least) expect(values[i]).toBe(values[j]);
              else if (one > other) expect(values[i]).toBeLessThanOrEqual(values[j] ?? Number.NaN);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

test('quality is what the default policy begins with too', async () => {
  const arms = [
    { name: 'weak', quality: 0.2 },
    { name: 'strong', quality: 0.8 },
    { name: 'even', quality: 0.5 },
  ];
  const stage = await given([configured({ arms, objective: { weights: { quality: 1 } } })]);
  const { answer } = await stage.when((reckoner) => reckoner.decide(DOMAIN, {}));
  const told = await stage.reckoner.explain(answer.decisionId);
  const [weak, strong, even] = told.arms.map(({ mean }) => mean);
  expect([told.policy, told.verified]).toEqual(['rand_ucb', true]);
  expect(weak).toBeGreaterThan(0);
  // The same pulls of another mean, whatever the policy takes an unknown arm for.
  expect((strong ?? 0) / (weak ?? 1)).toBeCloseTo(4, 9);
  expect((even ?? 0) / (weak ?? 1)).toBeCloseTo(2.5, 9);
  await stage.stop();
});

describe('a complexity preference', () => {
  const arms: Arms = [
    { name: 'cheap', costUsd: 1, quality: 0.5 },
    { name: 'good', costUsd: 4, quality: 0.9 },
  ];
  const complexity = { weight: 0.2 };

  test('takes from weak arms what they lack where it is hard, and from dear ones their cost where it is easy', () => {
    const at = (given: number) => termOf('complexity', { arms, complexity }, { complexity: given });
    close(at(1), [0.2 * -0.4, 0]);
    close(at(0.75), [0.1 * -0.4, 0]);
    close(at(0), [0.2 * -0.25, -0.2]);
    close(at(0.25), [0.1 * -0.25, -0.1]);
    expect(at(0.5)).toEqual([]);
  });

  test('is neutral where its configuration says so, and where a request tells no complexity', () => {
    expect(termsUnder({ arms, complexity }).shifts).toEqual([]);
    const early = { weight: 1, neutral: 0.2 };
    expect(termsUnder({ arms, complexity: early }, { complexity: 0.2 }).shifts).toEqual([]);
    close(termsUnder({ arms, complexity: early }, { complexity: 0.6 }).shifts, [-0.2, 0]);
  });

  test('is off where nothing is said of it: complexity is only recorded', async () => {
    const stage = await given([configured({ arms })]);
    const { events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, { complexity: 1 }));
    expect(events).toMatchObject([{ data: { complexity: 1, shifts: [], terms: [] } }]);
    await stage.stop();
  });
});

describe('as events', () => {
  test('the terms are recorded and explained beside the arms’ own shift', async () => {
    const arms = [
      { name: 'small', costUsd: 1, latencyMs: 100, quality: 0.5, shift: 0.125 },
      { name: 'large', costUsd: 2, latencyMs: 400, quality: 0.75 },
    ];
    const objective = { weights: { quality: 0.5, cost: 0.25, latency: 0.25 } };
    const stage = await given([configured({ arms, objective, complexity: { weight: 0.5 } })]);
    const { answer, events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, { complexity: 1 }));
    const terms = [
      { name: 'shift', values: [0.125, 0] },
      { name: 'cost', values: [-0.25, -0.5] },
      { name: 'latency', values: [-0.125, -0.5] },
      { name: 'complexity', values: [-0.125, 0] },
    ];
    expect(events).toMatchObject([{ type: 'DecisionMade', data: { shifts: [-0.375, -1], terms } }]);
    const told = await stage.reckoner.explain(answer.decisionId);
    expect(told.verified).toBe(true);
    expect(told.arms.map((arm) => [arm.shift, arm.terms])).toEqual([
      [-0.375, { shift: 0.125, cost: -0.25, latency: -0.125, complexity: -0.125 }],
      [-1, { shift: 0, cost: -0.5, latency: -0.5, complexity: 0 }],
    ]);
    await stage.stop();
  });

  test('the expected quality is where learning begins, and rewards move it from there', async () => {
    const objective = { preset: 'cost-aware', taskTypes: { code: -0.2 } } as const;
    const arms = [{ name: 'told', quality: 0.9 }, { name: 'own', prior: { alpha: 3, beta: 1 } }, 'silent'];
    const stage = await given([configured({ arms, objective, policy: { name: 'beta_thompson' } })]);
    const priorOf = async (body: object) => {
      const { events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, body));
      const [event] = events;
      return event?.type === 'DecisionMade' ? event.data.prior : [];
    };
    close(await priorOf({}), [1.8, 0.2, 3, 1, 1.4, 0.6]);
    close(await priorOf({ taskType: 'code' }), [1.4, 0.6, 3, 1, 1, 1]);
    close(await priorOf({ taskType: 'poem' }), [1.8, 0.2, 3, 1, 1.4, 0.6]);
    close(await priorOf({ taskType: 'constructor', candidates: ['silent'] }), [1.4, 0.6]);
    for (let i = 0; i < 40; i++) {
      const { decisionId } = await stage.reckoner.decide(DOMAIN, { candidates: ['told'] });
      await stage.reckoner.reward(decisionId, { value: 0.25 });
    }
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { taskType: 'code' });
    const told = await stage.reckoner.explain(decisionId);
    expect(told.verified).toBe(true);
    expect(told.arms[0]).toMatchObject({ arm: 'told', pulls: 40 });
    expect(told.arms[0]?.mean).toBeCloseTo((1.4 + 10) / 42, 12);
    await stage.stop();
  });

  test('an arm that is thought perfect, or hopeless, is still learned about', async () => {
    const arms = [
      { name: 'perfect', quality: 1 },
      { name: 'hopeless', quality: 0 },
    ];
    const prior = { alpha: 0.001, beta: 0.001 };
    const stage = await given([
      configured({ arms, prior, objective: { preset: 'balanced' }, policy: { name: 'beta_thompson' } }),
    ]);
    const { events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, {}));
    expect(events).toMatchObject([{ data: { prior: [0.002 * 0.99, 0.001, 0.001, 0.002 * 0.99] } }]);
    await stage.stop();
  });

  test('balanced asks for a reliability of at least 0.8, and an objective moves nothing of what was learned', async () => {
    const arms = [
      { name: 'shaky', reliability: 0.79 },
      { name: 'sound', reliability: 0.8 },
    ];
    const stage = await given([configured({ arms })]);
    const before = await stage.reckoner.decide(DOMAIN, { candidates: ['sound'] });
    await stage.reckoner.reward(before.decisionId, { value: 1 });
    await stage.reckoner.configure(DOMAIN, { arms, objective: { preset: 'balanced' } });
    const { answer, events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, {}));
    expect(answer.arm).toBe('sound');
    expect(events).toMatchObject([
      {
        data: {
          candidates: ['sound'],
          excluded: [{ arm: 'shaky', constraint: 'minReliability', limit: '0.8' }],
          posteriorRevision: 1,
        },
      },
    ]);
    await stage.stop();
  });

  test('beside a budget, a baseline and a reward window, every choice is made again from the log, term by term', async () => {
    const arms = [
      { name: 'small', costUsd: 0.002, latencyMs: 300, quality: 0.6, reliability: 0.99 },
      { name: 'medium', costUsd: 0.0025, latencyMs: 500, capabilities: ['json'] },
      { name: 'large', costUsd: 0.02, latencyMs: 900, quality: 0.9, contextWindow: 4000, shift: 0.05 },
      { name: 'shaky', reliability: 0.2 },
    ];
    const config: DomainConfigInput = {
      ...{ arms, bucketBy: ['urgent'], context: { urgent: { type: 'boolean' } }, sharing: { every: 5 } },
      objective: {
        preset: 'cost-aware',
        weights: { reliability: 0.1 },
        minReliability: 0.5,
        taskTypes: { code: -0.1 },
      },
      complexity: { weight: 0.3, neutral: 0.4 },
      constraints: { maxLatencyMs: 1000 },
      ...{ budget: { perRequestUsd: 0.01 }, conservative: { baseline: 'small' }, risk: 0.5 },
      reward: { window: { seconds: 3600, silence: 'failure' } },
    };
    const stage = await given([configured(config)]);
    const made: string[] = [];
    for (let i = 0; i < 60; i++) {
      const { decisionId, arm } = await stage.reckoner.decide(DOMAIN, {
        ...{ context: { urgent: i % 3 === 0 }, complexity: (i % 11) / 10, tokens: i * 100 },
        ...(i % 4 === 0 ? { taskType: 'code' } : {}),
        ...(i % 7 === 0 ? { k: 2 } : {}),
        ...(i % 9 === 0 ? { constraints: { capabilities: ['json'] } } : {}),
      });
      made.push(decisionId);
      await stage.reckoner.reward(decisionId, { value: arm === 'large' ? 0.9 : 0.5 });
    }
    const names = new Set<string>();
    const broken = new Set<string>();
    for (const decisionId of made) {
      const told = await stage.reckoner.explain(decisionId);
      expect(told.verified).toBe(true);
      for (const { shift, terms } of told.arms) {
        expect(Object.values(terms).reduce((sum, value) => sum + value, 0)).toBeCloseTo(shift, 12);
        for (const name of Object.keys(terms)) names.add(name);
      }
      for (const { constraint } of told.excluded) broken.add(constraint);
    }
    for (const name of ['shift', 'cost', 'latency', 'reliability', 'complexity', 'budget'])
      expect(names).toContain(name);
    for (const name of ['minReliability', 'capabilities', 'contextWindow']) expect(broken).toContain(name);
    await stage.stop();
  });
});
