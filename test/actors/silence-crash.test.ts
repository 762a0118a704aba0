/** A node that is killed between the end of a reward window and its record leaves it to the next; several nodes record it once. */
import { beforeAll, expect, test } from 'vitest';
import { openNode } from '../../adapters/cli/compose.ts';
import { temporaryDirectory } from '../adapters/sqlite/temporary.ts';
import { compiled } from '../compiled.ts';
import { CRASH_DOMAIN, SILENT_DECISIONS } from './crash-plan.ts';
import { brokenLinks, decodedOf } from './given.ts';
import { runUntilKilled } from './killed-child.ts';

beforeAll(compiled);

// Of two that stand by for a node that is gone both try; where it comes back by its name, it is first.
for (const [point, names] of [
  ['beforeCommit', ['one', 'two']],
  ['afterCommit', ['child', 'two']],
] as const) {
  test(`SIGKILL at ${point} of closing windows: two nodes after it close each window once`, async () => {
    const dataDir = temporaryDirectory();
    const lines = await runUntilKilled('silence-crash-child', [dataDir, point]);
    expect(lines).toHaveLength(SILENT_DECISIONS);
    const unrewarded = lines.filter((_, index) => index % 3 !== 0).map((line) => line.split(' ')[1] ?? '');
    const nodes = await Promise.all(names.map((nodeName) => openNode({ dataDir, nodeName, log: { pollMs: 5 } })));
    const [node] = nodes;
    if (node === undefined) throw new Error('no node was opened');
    const silences = async () =>
      (await decodedOf(node.log.readAll({ types: ['RewardObserved'] }))).flatMap((event) =>
        event.type === 'RewardObserved' && event.data.feedback === 'silence' ? [event] : [],
      );
    try {
      const before = (await silences()).length;
      expect(before).toBeLessThan(unrewarded.length);
      if (point === 'afterCommit') expect(before).toBeGreaterThan(0);
      for (const { reckoner } of nodes) await reckoner.domain(CRASH_DOMAIN);
      await expect.poll(async () => (await silences()).length, { timeout: 8_000 }).toBe(unrewarded.length);
      for (const decisionId of unrewarded) {
        const { rewards } = await node.reckoner.explain(decisionId);
        expect(rewards).toMatchObject([{ feedback: 'silence', value: 0, retracted: false }]);
      }
      expect(await brokenLinks(node.log)).toEqual([]);
      const { decisionId } = await node.reckoner.decide(CRASH_DOMAIN, { context: { user: 1 } });
      expect(await node.reckoner.explain(decisionId)).toMatchObject({ verified: true });
    } finally {
      for (const opened of nodes) await opened.close();
    }
  });
}
