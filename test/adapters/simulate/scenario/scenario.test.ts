import { describe, expect, it } from 'vitest';
import { openNode } from '../../../../adapters/cli/compose.ts';
import type { Dataset } from '../../../../adapters/datasets/dataset.ts';
import { simulateOptions } from '../../../../adapters/simulate/options.ts';
import { planOf } from '../../../../adapters/simulate/plan.ts';
import { configIn, scenarioPlanOf } from '../../../../adapters/simulate/scenario/plan.ts';
import { runScenario } from '../../../../adapters/simulate/scenario/run.ts';
import { changed, type ScenarioName } from '../../../../adapters/simulate/scenario/scenario.ts';
import { summariseScenario } from '../../../../adapters/simulate/scenario/summary.ts';

/** 450 requests of two kinds. `good` is best everywhere, `fair` next, `dear` and `poor` are worse. */
const dataset: Dataset = {
  name: 'made/up',
  arms: ['poor', 'fair', 'good', 'dear'],
  bucketFeature: 'task',
  promptFeatures: [],
  buckets: ['x', 'y'],
  priced: true,
  rows: Array.from({ length: 450 }, (_, index) => ({
    context: { task: index % 2 === 0 ? 'x' : 'y' },
    rewards: [index % 4 === 0 ? 1 : 0, index % 5 < 4 ? 1 : 0, index % 10 === 9 ? 0 : 1, index % 3 === 0 ? 1 : 0],
    dollars: [1e-5, 2e-4, 4e-4, 1e-2],
  })),
  leftOut: { contaminated: 0, incomplete: 0 },
};

const planned = (name: ScenarioName, more: Record<string, string> = {}, data: Dataset = dataset) => {
  const options = simulateOptions({ dataset: 'x', shuffles: '1', ...more });
  return scenarioPlanOf(planOf(data, options), name, options.change);
};

/** Plays one shuffle; `configured` says after how many decisions the log has each configuration. */
async function played(name: ScenarioName, more: Record<string, string> = {}) {
  const plan = planned(name, more);
  const configured: number[] = [];
  const result = await runScenario(plan, 0, async (options) => {
    const node = await openNode(options);
    const close = async () => {
      let decided = 0;
      for await (const { type } of node.log.readAll()) {
        if (type === 'DecisionMade') decided++;
        if (type === 'DomainConfigured') configured.push(decided);
      }
      await node.close();
    };
    return { ...node, close };
  });
  return { plan, result, configured, summary: summariseScenario(plan, [result]) };
}

describe('a scenario', () => {
  it('plays the requests twice: to learn from, and in three equal phases', () => {
    expect(planned('price-drop').scenario.phases).toEqual([
      { name: 'learning', requests: 450 },
      { name: 'before', requests: 150 },
      { name: 'after', requests: 150 },
      { name: 'restored', requests: 150 },
    ]);
    expect(planned('new-bad-arm').scenario.phases).toEqual([
      { name: 'learning', requests: 450 },
      { name: 'after', requests: 450 },
    ]);
  });

  it('changes the dearest arm, the one called most, or adds the second best, unless it is told which', () => {
    expect(planned('price-drop').scenario.arm).toBe(3);
    expect(planned('quality-drop').scenario.arm).toBeNull();
    expect(planned('new-good-arm').scenario.arm).toBe(1);
    expect(planned('quality-drop', { arm: 'fair' }).scenario.arm).toBe(1);
  });

  it('lets a quality fall to 0.75, or to 0.81 of what is lower, and never lets it rise', () => {
    const { rewardFactors } = planned('quality-drop').scenario;
    expect(rewardFactors[2]).toBeCloseTo((0.81 * 0.9) / 0.9, 12);
    expect(planned('quality-drop', { dropTo: '0.3' }).scenario.rewardFactors[2]).toBeCloseTo(0.3 / 0.9, 12);
    expect(planned('quality-drop', { dropTo: '0.95' }).scenario.rewardFactors[2]).toBe(1);
    const high = { ...dataset, rows: dataset.rows.map((row) => ({ ...row, rewards: [0.96, 0.9, 1, 0.95] })) };
    expect(planned('quality-drop', {}, high).scenario.rewardFactors[2]).toBeCloseTo(0.75, 12);
  });

  it('changes what one arm brings or costs, and nothing else', () => {
    const request = dataset.rows[8]!;
    expect(request.rewards).toEqual([1, 1, 1, 0]);
    expect(changed(request, planned('new-bad-arm').scenario, 1)).toEqual({ ...request, rewards: [1, 0.5, 1, 0] });
    expect(changed(request, planned('price-drop', { priceFactor: '0.5' }).scenario, 3)).toEqual({
      ...request,
      dollars: [1e-5, 2e-4, 4e-4, 5e-3],
    });
  });

  it('declares prices and newcomers, and keeps a fallen quality to itself', () => {
    const costs = (name: ScenarioName, phase: 'before' | 'after', arm: number) =>
      configIn(planned(name), { name: phase, requests: 1 }, arm).arms.map((one) => [one.name, one.costUsd]);
    expect(costs('quality-drop', 'after', 2)).toEqual(costs('quality-drop', 'before', 2));
    expect(costs('new-good-arm', 'before', 1).map(([arm]) => arm)).toEqual(['poor', 'good', 'dear']);
    expect(costs('new-good-arm', 'after', 1).map(([arm]) => arm)).toEqual(['poor', 'fair', 'good', 'dear']);
    const [before, after] = [costs('price-drop', 'before', 3), costs('price-drop', 'after', 3)];
    expect(Number(after[3]![1]) / Number(before[3]![1])).toBeCloseTo(0.0178, 12);
    expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
  });

  it('has a budget where a price falls, or nobody would see it', () => {
    const budgetOf = (name: ScenarioName, more: Record<string, string> = {}) => planned(name, more).config.budget;
    expect(budgetOf('price-drop')).toEqual({ perRequestUsd: 3.2e-4 }); // halfway from 1e-5 to 1e-2
    expect(budgetOf('price-drop', { budgetPerRequest: '0.002' })).toEqual({ perRequestUsd: 0.002 });
    expect(budgetOf('quality-drop')).toBeUndefined();
    expect(budgetOf('new-bad-arm', { budgetPerRequest: '0.002' })).toEqual({ perRequestUsd: 0.002 });
  });

  it('is refused where there are too few requests, no prices, or no such arm', () => {
    const refused = (make: () => unknown, message: RegExp) =>
      expect(make).toThrowError(
        expect.objectContaining({ code: 'request_invalid', message: expect.stringMatching(message) }),
      );
    const few = { ...dataset, rows: dataset.rows.slice(0, 449) };
    refused(() => planned('quality-drop', {}, few), /^A scenario asks for 450 requests at least, made\/up has 449/);
    refused(() => planned('price-drop', {}, { ...dataset, priced: false }), /no price can fall/);
    refused(() => planned('new-good-arm', { arm: 'none' }), /^There is no arm none/);
  });
});

describe('a world that changes', { timeout: 30_000 }, () => {
  it('drops the price that is paid and the one that is declared, and restores both', async () => {
    const { plan, result, configured } = await played('price-drop', {
      ...{ policy: 'fixed:arm=dear', floor: '0', budgetPerRequest: '1' },
    });
    const { dollars } = result;
    expect(configured).toEqual([0, 600, 750]);
    expect(new Set(dollars.slice(0, 600))).toEqual(new Set([1e-2]));
    expect(new Set(dollars.slice(600, 750))).toEqual(new Set([1e-2 * plan.scenario.dollarFactor]));
    expect(new Set(dollars.slice(750))).toEqual(new Set([1e-2]));
  });

  it('lets the most called arm fall and says nothing, and sees the router leave it', async () => {
    const { summary, configured } = await played('quality-drop', { dropTo: '0.1', policy: 'beta_thompson' });
    const [, before, after] = summary.phases;
    expect(configured).toEqual([0]);
    expect(summary.arms).toEqual(new Map([['good', 1]]));
    expect(before!.knowing).toBeCloseTo(0.9, 1);
    expect(after!.knowing).toBeCloseTo(0.8, 1);
    expect(before!.share).toBeGreaterThan(0.8);
    expect(after!.share).toBeLessThan(0.7);
    expect(after!.utility.mean).toBeLessThan(after!.knowing);
    expect(summary.noWorse).toBe(summary.adaptation! <= 52);
  });

  it('adopts a good newcomer, and is the same again for the same seed, to the digit', async () => {
    const { plan, result, configured, summary } = await played('new-good-arm', { arm: 'good' });
    expect(configured).toEqual([0, 450]);
    expect(result.called.slice(0, 450)).not.toContain(2);
    expect(summary.adoption!.adopted).toBe(1);
    expect(summary.noWorse).toBe(summary.adoption!.step! <= 142);
    expect(await runScenario(plan, 0, openNode)).toEqual(result);
  });

  it('does not adopt one that was made worse', async () => {
    const { summary } = await played('new-bad-arm', { arm: 'good', policy: 'epsilon_greedy:epsilon=0.02' });
    expect(summary.adoption).toEqual({ adopted: 0, step: null });
    expect(summary).toMatchObject({ noWorse: true, adaptation: null });
  });
});
