/** A node that is killed while it rolls back has done so, or has not: nothing lies in between. */
import { beforeAll, expect, test } from 'vitest';
import { openNode } from '../../adapters/cli/compose.ts';
import { temporaryDirectory } from '../adapters/sqlite/temporary.ts';
import { compiled } from '../compiled.ts';
import { CRASH_DOMAIN } from './crash-plan.ts';
import { brokenLinks, decodedOf } from './given.ts';
import { runUntilKilled } from './killed-child.ts';

beforeAll(compiled);

const crashes = [
  ['beforeCommit', 1],
  ['midBatch', 2],
  ['afterCommit', 1],
  ['afterCommit', 4],
] as const;

for (const [point, times] of crashes) {
  test(`SIGKILL at ${point}, time ${times} after the command: before or after, and every decision is one of either`, async () => {
    const dataDir = temporaryDirectory();
    const lines = await runUntilKilled('rollback-crash-child', [dataDir, point, String(times)]);
    const node = await openNode({ dataDir });
    try {
      expect(await brokenLinks(node.log)).toEqual([]);
      const all = await decodedOf(node.log.readAll());
      const turned = all.filter(({ type }) => type === 'RolledBack');
      const marked = all.filter(({ data }) => 'cause' in data && data.cause === 'rollback');
      expect(marked).toHaveLength(turned.length);
      if (lines.includes('rolledBack')) expect(turned).toHaveLength(1);
      for (const line of lines.filter((said) => said.startsWith('decision ')))
        expect(await node.reckoner.explain(line.slice('decision '.length))).toMatchObject({ verified: true });

      const { revision: at = 0, data } = turned[0] ?? {};
      const to = data !== undefined && 'toDomainRevision' in data ? data.toDomainRevision : 0;
      const counts = all.filter(
        (one) =>
          one.type === 'RewardObserved' &&
          !one.data.setAside &&
          (one.data.domainRevision <= to || one.data.domainRevision >= at),
      );
      const { decisionId } = await node.reckoner.decide(CRASH_DOMAIN, {});
      const { arms, verified } = await node.reckoner.explain(decisionId);
      expect(verified).toBe(true);
      expect(arms.reduce((sum, { pulls }) => sum + pulls, 0)).toBe(counts.length);
    } finally {
      await node.close();
    }
  });
}
