/** Every policy of the catalogue through the real actors: arms that come, go and return while it runs, and events without NaN. */
import { describe, expect, test } from 'vitest';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import type { DecodedEvent } from '../../events/catalogue.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { everySpec } from '../policies/every-policy.ts';
import { configured, DOMAIN, given, type Stage } from './given.ts';
import { posteriorOf, stateFrom, watched } from './posterior.ts';

const CONTEXT: NonNullable<DomainConfigInput['context']> = {
  topic: { type: 'categorical', values: ['x', 'y', 'z'] },
  urgent: { type: 'boolean' },
  size: { type: 'numeric' },
  prompt: { type: 'text', dimensions: 4 },
  meaning: { type: 'embedding', size: 3 },
};
const SEEN = { topic: 'x', urgent: true, size: 2, ...saidOf(2) };

/** A text and an embedding. */
function saidOf(round: number): { readonly prompt: string; readonly meaning: number[] } {
  return { prompt: `ask number ${round % 5}`, meaning: [round % 2, (round % 3) - 1, 0.1] };
}

/** Decides and rewards, ten at a time: by arm, and a little by context. @returns how often each arm was chosen */
async function play({ reckoner }: Stage, rounds: number, rewarded: boolean): Promise<Record<string, number>> {
  const chosen: Record<string, number> = {};
  for (let from = 0; from < rounds; from += 10) {
    await Promise.all(
      Array.from({ length: 10 }, async (_, at) => {
        const round = from + at;
        const context = { topic: 'xyz'[round % 3] ?? 'x', urgent: round % 2 === 0, size: round % 7, ...saidOf(round) };
        const { decisionId, arm } = await reckoner.decide(DOMAIN, { context });
        chosen[arm] = (chosen[arm] ?? 0) + 1;
        const value = { a: 0.3, b: 0.6, c: 0.5, d: 0.7 }[arm] ?? 0;
        if (rewarded) await reckoner.reward(decisionId, { value: value + (context.urgent ? 0.1 : 0) });
      }),
    );
  }
  return chosen;
}

/** Whether an arm is chosen within 300 rounds: by the floor alone it is, but for once in 10^13. */
async function isTried(stage: Stage, arm: string): Promise<boolean> {
  for (let round = 0; round < 300; round += 20) if (arm in (await play(stage, 20, true))) return true;
  return false;
}

/** What is believed of an arm in one context. */
async function beliefOf({ reckoner }: Stage, arm: string) {
  const { decisionId } = await reckoner.decide(DOMAIN, { context: SEEN });
  const { arms, verified } = await reckoner.explain(decisionId);
  const { mean, lower, upper, pulls } = arms.find((one) => one.arm === arm) ?? {};
  return { mean, lower, upper, pulls, verified };
}

/** Where a number that no one can add to stands in the events. */
function unfinite(events: readonly DecodedEvent[]): string[] {
  const found: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'number' && !Number.isFinite(value)) found.push(`${path} is ${value}`);
    if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
  };
  for (const { type, data } of events) walk(data, type);
  return found;
}

describe.each(everySpec)('given a domain of the policy %s', (_, policy) => {
  const config = (arms: DomainConfigInput['arms']): DomainConfigInput => ({
    ...{ arms, context: CONTEXT, policy, exploration: 0.4, propensity: 'eager' },
  });

  test('a new arm gets tried, one that was removed is never chosen, and its return finds its posterior', async () => {
    const watch = watched();
    const stage = await given([configured(config(['a', 'b', 'c']))], { makePolicy: watch.makePolicy });
    await play(stage, 30, true);

    await stage.reckoner.configure(DOMAIN, config(['a', 'b', 'c', 'd']));
    expect(await beliefOf(stage, 'd')).toMatchObject({ pulls: 0, verified: true });
    expect(await isTried(stage, 'd')).toBe(true);

    const before = await beliefOf(stage, 'b');
    expect(before.pulls).toBeGreaterThan(0);
    await stage.reckoner.configure(DOMAIN, config(['a', 'c', 'd']));
    expect(await play(stage, 30, false)).not.toHaveProperty('b');
    expect(await beliefOf(stage, 'b')).toMatchObject({ pulls: undefined, verified: true });

    await stage.reckoner.configure(DOMAIN, config(['a', 'b', 'c', 'd']));
    expect(await beliefOf(stage, 'b')).toEqual({ ...before, verified: true });
    expect(await isTried(stage, 'b')).toBe(true);
    await stage.reckoner.decide(DOMAIN, { context: SEEN });
    expect(watch.last).toBe(posteriorOf(await stateFrom(stage.log)));
    expect(stage.failures).toEqual([]);
    await stage.stop();
  });

  test.runIf(createPolicy(policy).priorWidth > 0)('a new arm begins with the prior that it is given', async () => {
    const stage = await given([configured(config(['a', 'b', 'c']))]);
    await play(stage, 30, true);
    const prior = { alpha: 57, beta: 3 };
    await stage.reckoner.configure(DOMAIN, config(['a', 'b', 'c', { name: 'd', prior }]));
    const { mean, pulls } = await beliefOf(stage, 'd');
    expect(pulls).toBe(0);
    expect(mean).toBeCloseTo(0.95, 1);
    await stage.stop();
  });

  test('no event holds a number that is none, whatever the contexts, the rewards and the arms', async () => {
    const stage = await given([configured(config(['a', 'b', 'c']))]);
    const sizes = [0, 1e-12, 1e12, -1e300, Number.MAX_VALUE, Number.MIN_VALUE];
    for (const value of [0, 1, 0.5]) {
      for (const size of sizes) {
        const most = Math.max(-1e100, Math.min(1e100, size));
        const context = { topic: size > 0 ? 'x' : 'y', urgent: false, size, prompt: '', meaning: [most, 0, -most] };
        const { decisionId } = await stage.reckoner.decide(DOMAIN, { context, k: 3 });
        await stage.reckoner.reward(decisionId, { value });
      }
    }
    // A context that was never seen, and one arm alone.
    const never = { topic: 'z', urgent: true, size: 7e7, prompt: 'never seen', meaning: [9, 9, 9] };
    const alone = await stage.reckoner.decide(DOMAIN, { context: never, candidates: ['b'], k: 1 });
    expect(alone).toMatchObject({ arm: 'b', propensity: 1 });
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: never, k: 3 });
    expect(await stage.reckoner.explain(decisionId)).toMatchObject({ verified: true });

    const many = Array.from({ length: 1000 }, (_, at) => `arm-${at}`).concat('a', 'b', 'c');
    await stage.reckoner.configure(DOMAIN, { ...config(many), propensity: 'auto' });
    for (let round = 0; round < 2; round++) {
      const made = await stage.reckoner.decide(DOMAIN, { context: SEEN, k: 2 });
      await stage.reckoner.reward(made.decisionId, { value: 1 });
    }
    expect(unfinite(await stage.events())).toEqual([]);
    expect(stage.failures).toEqual([]);
    await stage.stop();
  });
});
