/** A node that is killed between a decision and its agent’s answer loses nothing that it acknowledged, and decides nothing anew. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openNode, type ReckonerNode } from '../../adapters/cli/compose.ts';
import { type DecodedEvent, decode } from '../../events/catalogue.ts';
import { temporaryDirectory } from '../adapters/sqlite/temporary.ts';
import { compiled, root } from '../compiled.ts';
import { cast } from './cast.ts';
import { CRASH_DOMAIN } from './crash-plan.ts';
import { brokenLinks } from './given.ts';

beforeAll(compiled);

for (const times of [1, 7, 40]) {
  test(`SIGKILL while an agent is asked for the ${times}. time: what was answered is there, the rest is taken up`, async () => {
    const dataDir = temporaryDirectory();
    const acknowledged = await runUntilDead(dataDir, times);
    const agents = cast(['red', 'green', 'blue']);
    const node = await openNode({ dataDir, nodeName: 'after', agents: agents.agents });
    try {
      const before = await eventsOf(node);
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
      expect((await eventsOf(node)).filter(({ type }) => type === 'DecisionMade')).toHaveLength(made.length);
      expect(await node.reckoner.explain(decision.decisionId)).toMatchObject({ verified: true });
    } finally {
      await node.close();
    }
  });
}

async function runUntilDead(dataDir: string, times: number) {
  const script = join(root, 'dist/test/actors/run-crash-child.js');
  const child = spawn(process.execPath, [script, dataDir, String(times)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const deadline = setTimeout(() => child.kill('SIGTERM'), 15_000);
  const signal = await new Promise((resolve) => child.on('close', (_, killed) => resolve(killed)));
  clearTimeout(deadline);
  // SIGTERM: it never came to be killed.
  expect(signal, errors).toBe('SIGKILL');
  return output
    .slice(0, output.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
    .map(([, decisionId = '', arm = '']) => ({ decisionId, arm }));
}

async function eventsOf({ log }: ReckonerNode): Promise<DecodedEvent[]> {
  const all: DecodedEvent[] = [];
  for await (const event of log.readAll()) {
    const decoded = decode(event);
    if (decoded !== undefined) all.push(decoded);
  }
  return all;
}
