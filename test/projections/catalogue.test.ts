/** All projections together, over what the real actors did. */
import { expect, test } from 'vitest';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import { allProjections } from '../../adapters/projector/catalogue.ts';
import type { DecodedEvent } from '../../events/catalogue.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';
import { DOMAIN, openStage, type Stage } from '../actors/given.ts';
import { project } from './project.ts';

const MINUTE = 60_000;

const config: DomainConfigInput = {
  arms: ['a', 'b', 'c'],
  context: { user: { type: 'numeric', round: 1 } },
  bucketBy: ['user'],
  sharing: { every: 20 },
};

const agents = ['a', 'b', 'c'].map((id) => ({
  id,
  source: 'simulated' as const,
  perform: async () =>
    id === 'b'
      ? ({ ok: false, category: 'overloaded' } as const)
      : ({ ok: true, answer: id, costUsd: 0.01, latencyMs: 20 } as const),
}));

/** Some weeks of a domain: requests, runs, rewards, and everything that is done to it. @returns ids of its decisions */
async function live(stage: Stage, commands: number, meanwhile: () => Promise<void>): Promise<string[]> {
  const random = randomness(5);
  const below = (limit: number) => Math.floor(drawUniform(random) * limit);
  const { reckoner } = stage;
  await reckoner.configure(DOMAIN, config);
  const decisions: string[] = [];
  const rewards: { readonly decisionId: string; readonly rewardId: string }[] = [];
  for (let done = 0; done < commands; done++) {
    stage.time += below(120 * MINUTE);
    const context = { user: below(3) };
    const decisionId = decisions[below(decisions.length)] ?? '';
    const kind = below(100);
    if (kind < 30 || decisions.length === 0)
      decisions.push((await reckoner.decide(DOMAIN, { context, subject: 'anna' })).decisionId);
    else if (kind < 40) decisions.push((await reckoner.run(DOMAIN, { context, question: '?' })).decision.decisionId);
    else if (kind < 75)
      // One subject each, so that none is the same as one before.
      rewards.push(await reckoner.reward(decisionId, { value: below(5) / 4, kind: 'outcome', subject: `${done}` }));
    else if (kind < 82) {
      const { decisionId: of, rewardId } = rewards[below(rewards.length)] ?? {};
      if (of !== undefined && rewardId !== undefined) await reckoner.retract(of, rewardId);
    } else if (kind < 86) await reckoner.configure(DOMAIN, { ...config, exploration: below(5) / 10 });
    else if (kind < 89) await reckoner.freeze(DOMAIN);
    else if (kind < 92) await reckoner.thaw(DOMAIN);
    else if (kind < 94) await reckoner.voidRewards(DOMAIN, { from: new Date(stage.time - 600 * MINUTE).toISOString() });
    else if (kind < 97) {
      const { revision } = await reckoner.domain(DOMAIN);
      await reckoner.rollBack(DOMAIN, { to: below(revision + 1), reason: 'a bad week', keepConfig: below(2) === 0 });
    } else await meanwhile();
  }
  await stage.settled();
  return decisions;
}

test('kept while the actors worked, they equal themselves made anew, and tell what the log says', async () => {
  const stage = await openStage({ agents });
  const { log } = stage;
  const projections = allProjections(log);
  const kept = await project(projections, log, { batch: 9 });
  const decisionIds = await live(stage, 300, kept.goOn);
  await kept.goOn();
  const anew = await project(allProjections(log), log, { batch: 1000 });
  const tables = projections.flatMap((projection) => projection.tables.map(({ name }) => name));
  for (const table of tables) expect(kept.rows(table), table).toEqual(anew.rows(table));

  const events = await stage.events();
  const of = <T extends DecodedEvent['type']>(type: T) => events.filter((event) => event.type === type);
  for (const type of ['RolledBack', 'RewardVoided', 'RewardRetracted', 'AgentCallFailed', 'DomainFrozen'] as const)
    expect(of(type).length, type).toBeGreaterThan(0);
  expect(anew.rows('decisions')).toHaveLength(of('DecisionMade').length);
  expect(anew.rows('rewards')).toHaveLength(of('RewardObserved').length);
  const sum = (table: string, column: string) =>
    anew.rows(table).reduce((total, row) => total + Number(row[column]), 0);
  const calls = of('AgentCallSucceeded').length + of('AgentCallFailed').length;
  for (const table of ['decisions', 'performance_hours', 'performance_days', 'agent_calls'])
    expect(sum(table, 'calls'), table).toBe(calls);
  expect(anew.rows('rollback_points')).toHaveLength(of('RollbackPointMarked').length + of('RolledBack').length);

  for (const decisionId of decisionIds.slice(0, 20)) {
    const { stream, revision, rewards } = await stage.reckoner.explain(decisionId);
    const rows = anew.rows('rewards').filter((row) => row.stream === stream && row.decision_revision === revision);
    const told = rows.map((row) => [row.reward_id, row.arm, row.value, row.retracted_at !== null]);
    expect(told).toEqual(rewards.map(({ rewardId, arm, value, retracted }) => [rewardId, arm, value, retracted]));
  }
  await stage.stop();
}, 60_000);
