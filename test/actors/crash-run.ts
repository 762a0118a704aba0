/** One crash and what is left after it. */
import { expect } from 'vitest';
import { openNode, type ReckonerNode } from '../../adapters/cli/compose.ts';
import { eventId } from '../../events/ids.ts';
import { CRASH_DOMAIN, type Crash, crashConfig, crashDecision, crashReward, LANES } from './crash-plan.ts';
import { brokenLinks, decodedOf } from './given.ts';
import { runUntilKilled } from './killed-child.ts';

interface Acknowledged {
  readonly round: number;
  readonly lane: number;
  readonly id: string;
}

/** Runs the child until it is dead; what it acknowledged. */
async function runUntilDead(dataDir: string, { point, times, from = 0 }: Crash) {
  const words = [dataDir, point, String(times), String(from)];
  const lines = await runUntilKilled('crash-child', words, point === 'never' ? times : undefined);
  const of = (word: string): Acknowledged[] =>
    lines.flatMap((line) => {
      const [first, round, lane, id = ''] = line.split(' ');
      return first === word ? [{ round: Number(round), lane: Number(lane), id }] : [];
    });
  return { decisions: of('decision'), rewards: of('reward') };
}

/** Crashes a node and opens its data directory again: nothing acknowledged is gone, nothing is there twice, nothing half. */
export async function crashAndReopen(dataDir: string, crash: Crash): Promise<{ readonly acknowledged: number }> {
  const { decisions, rewards } = await runUntilDead(dataDir, crash);
  const node = await openNode({ dataDir });
  try {
    await whole(node, decisions, rewards);
    const { from = 0 } = crash;
    const last = Math.max(from - 1, ...decisions.map(({ round }) => round)) + 1;
    const before = new Map(decisions.map(({ round, lane, id }) => [`${round}-${lane}`, id]));
    await repeatAll(node, from, last, before);
    await repeatAll(node, Math.max(from, last - 2), last, before);
    const all = await decodedOf(node.log.readAll());
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const wanted = new Set(before.keys());
    for (const type of ['DecisionMade', 'RewardObserved'] as const) {
      // Rewards follow from their decision's request.
      const requests = all.filter((event) => event.type === type).map(({ metadata }) => metadata.correlationId);
      expect(requests.filter((id) => wanted.has(id.replace('decision-', ''))).length).toBe((last + 1 - from) * LANES);
    }
    expect(all.filter(({ type }) => type === 'DomainConfigured').length).toBeLessThanOrEqual(1);
    expect(await brokenLinks(node.log)).toEqual([]);
    for (const { id } of decisions.slice(-LANES))
      expect(await node.reckoner.explain(id)).toMatchObject({ verified: true, decisionId: id });
  } finally {
    await node.close();
  }
  return { acknowledged: decisions.length + rewards.length };
}

async function whole(node: ReckonerNode, decisions: readonly Acknowledged[], rewards: readonly Acknowledged[]) {
  expect(await brokenLinks(node.log)).toEqual([]);
  const ids = (await decodedOf(node.log.readAll())).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { round, lane } of decisions) {
    const { requestId = '' } = crashDecision(round, lane);
    expect(ids).toContain(eventId('default', CRASH_DOMAIN, requestId, 'DecisionMade'));
  }
  for (const { id } of rewards) expect(ids).toContain(id);
}

/** Sends every request again up to a round, as a caller would who got no answer; acknowledged ones give the same answer. */
async function repeatAll(
  { reckoner }: ReckonerNode,
  from: number,
  last: number,
  known: Map<string, string>,
): Promise<void> {
  await reckoner.configure(CRASH_DOMAIN, crashConfig);
  for (let round = from; round <= last; round++) {
    await Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        const { decisionId } = await reckoner.decide(CRASH_DOMAIN, crashDecision(round, lane));
        expect(decisionId).toBe(known.get(`${round}-${lane}`) ?? decisionId);
        known.set(`${round}-${lane}`, decisionId);
        await reckoner.reward(decisionId, crashReward(round, lane));
      }),
    );
  }
}
