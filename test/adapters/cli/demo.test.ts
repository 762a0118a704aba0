import { createColors } from 'picocolors';
import { expect, test } from 'vitest';
import { parseDomainConfig } from '../../../actors/config/domain-config.ts';
import { curlOf } from '../../../adapters/cli/banner.ts';
import { openNode } from '../../../adapters/cli/compose.ts';
import { type DemoStatus, paceAt, playOne } from '../../../adapters/cli/demo.ts';
import { liveLine, plainLine } from '../../../adapters/cli/demo-view.ts';
import {
  DEMO_DOMAIN,
  demoAgents,
  demoBounds,
  demoConfig,
  demoTask,
  demoTruth,
  demoWorld,
} from '../../../adapters/cli/demo-world.ts';

const plain = createColors(false);
const status: DemoStatus = {
  requests: 120,
  reward: 0.8,
  ...demoBounds(),
  favourites: [{ task: 'chat', arm: 'sim-small' }],
  intervalMs: 100,
};

test('the demonstration’s domain is valid, and says that it is simulated', () => {
  expect(parseDomainConfig(demoConfig).description).toMatch(/^Simulated/);
  expect(parseDomainConfig(demoConfig).arms.every(({ name }) => name.startsWith('sim-'))).toBe(true);
});

test('no arm is the best one for every task: there is something to learn', () => {
  const arms = Object.keys(demoWorld.arms);
  const best = Object.keys(demoWorld.values).map((task) =>
    arms.reduce((one, other) => (demoTruth(other, task) > demoTruth(one, task) ? other : one)),
  );
  expect(new Set(best).size).toBe(4);
  expect(demoBounds().best - demoBounds().random).toBeGreaterThan(0.2);
});

test('the truth about an arm is what its calls earn on average', () => {
  const { weights } = parseDomainConfig(demoConfig).reward;
  expect(weights.quality + weights.cost + weights.latency).toBeCloseTo(1);
  // 0.85 of 0.99 * 0.92 good answers, 0.1 of 98 % of the cost saved, 0.05 of 95 % of the time saved.
  expect(demoTruth('sim-small', 'chat')).toBeCloseTo(0.99 * (0.85 * 0.92 + 0.1 * 0.98 + 0.05 * 0.95), 12);
});

test('the demonstration is quick at first, and a server that is left alone makes less than ten thousand requests a day', () => {
  expect([0, 14, 15, 629, 630].map(paceAt)).toEqual([50, 50, 1000, 1000, 10_000]);
  let requests = 0;
  for (let seconds = 0; seconds < 86_400; seconds += paceAt(seconds) / 1000) requests++;
  expect(requests).toBeLessThan(10_000);
});

test('in ten seconds the demonstration has gone more than half of the way from random to best, with every seed', async () => {
  const { random, best } = demoBounds();
  for (let seed = 1; seed <= 5; seed++) {
    const { reckoner, close } = await openNode({ seed, agents: demoAgents });
    await reckoner.configure(DEMO_DOMAIN, demoConfig);
    const earned: number[] = [];
    for (let number = 1; number <= 200; number++)
      earned.push((await playOne({ reckoner, run: `seed-${seed}` }, number)).value);
    await close();
    const now = earned.slice(-60).reduce((sum, value) => sum + value / 60, 0);
    expect((now - random) / (best - random), `seed ${seed}`).toBeGreaterThan(0.5);
  }
});

test('tasks come as often as the world says', () => {
  const tasks = Array.from({ length: 3000 }, (_, index) => demoTask(`run-${index}`));
  expect(tasks.filter((task) => task === 'chat').length / 3000).toBeCloseTo(4 / 12, 1);
  expect(demoTask('a')).toBe(demoTask('a'));
});

test('the live line never is wider than the terminal', () => {
  for (const width of [20, 60, 80, 200]) {
    for (const turn of [0, 1]) expect(liveLine(status, plain, width, turn).length).toBeLessThan(width);
  }
});

test('the live line shows what is earned and who is chosen, in turns where it is narrow', () => {
  expect(liveLine(status, plain, 120, 0)).toMatch(
    /^120 simulated {2}reward 0\.80 {2}random 0\.\d\d ━+●─+ 0\.\d\d best {2}chat→small$/,
  );
  expect(liveLine(status, plain, 70, 0)).toMatch(/best $/);
  expect(liveLine(status, plain, 70, 1)).toBe('120 simulated  reward 0.80  chat→small');
});

test('every line says that it is simulated', () => {
  expect(plainLine(status)).toMatch(/^demo \(simulated\): 120 requests, average reward now 0\.80/);
});

test('the suggested curl survives a quote in a context', () => {
  const curl = curlOf('http://x', [{ domain: 'd', exampleContext: { name: "it's" } }]);
  expect(curl).toContain(`-d '{"context":{"name":"it'\\''s"}}'`);
});
