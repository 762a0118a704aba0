/** A node that is killed between a decision and its agent’s answer loses nothing that it acknowledged, and decides nothing anew. */
import { beforeAll, expect, test } from 'vitest';
import { openNode } from '../../adapters/cli/compose.ts';
import { temporaryDirectory } from '../adapters/sqlite/temporary.ts';
import { compiled } from '../compiled.ts';
import { cast } from './cast.ts';
import { CRASH_DOMAIN } from './crash-plan.ts';
import { brokenLinks, decodedOf } from './given.ts';
import { runUntilKilled } from './killed-child.ts';

beforeAll(compiled);

for (const times of [1, 7, 40]) {
  test(`SIGKILL while an agent is asked for the ${times}. time: what was answered is there, the rest is taken up`, async () => {
    const dataDir = temporaryDirectory();
    const acknowledged = await runUntilDead(dataDir, times);
    const agents = cast(['red', 'green', 'blue']);
    const node = await openNode({ dataDir, nodeName: 'after', agents: agents.agents });
    try {
      const before = await decodedOf(node.log.readAll());
      expect(await brokenLinks(node.log)).toEqual([]);
      expect(before.filter(({ type }) => type === 'AgentCallSucceeded')).toHaveLength(acknowledged.length);
      const made = before.filter(({ type }) => type === 'DecisionMade');
      expect(made).toHaveLength(acknowledged.length + 1);

      for (const [index, { decisionId, arm }] of acknowledged.entries()) {
        const run = await node.reckoner.run(CRASH_DOMAIN, { requestId: `run-${index}`, question: index });
        expect(run).toMatchObject({ decision: { decisionId }, arm, answer: null, repeated: true });
      }
      expect(agents.asked).toEqual([]);

      const requestId = `run-${acknowledged.length}`;
      const { decision, arm } = await node.reckoner.run(CRASH_DOMAIN, { requestId, question: acknowledged.length });
      expect(agents.asked).toMatchObject([{ agent: decision.arm }]);
      expect(arm).toBe(decision.arm);
      expect(made.at(-1)?.data).toMatchObject({ requestId, arm: decision.arm });
      expect((await decodedOf(node.log.readAll())).filter(({ type }) => type === 'DecisionMade')).toHaveLength(
        made.length,
      );
      expect(await node.reckoner.explain(decision.decisionId)).toMatchObject({ verified: true });
    } finally {
      await node.close();
    }
  });
}

async function runUntilDead(dataDir: string, times: number) {
  const lines = await runUntilKilled('run-crash-child', [dataDir, String(times)]);
  return lines.map((line) => line.split(' ')).map(([, decisionId = '', arm = '']) => ({ decisionId, arm }));
}
