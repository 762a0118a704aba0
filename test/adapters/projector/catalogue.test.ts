import { expect, onTestFinished, test } from 'vitest';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { openNode } from '../../../adapters/cli/compose.ts';
import { allProjections } from '../../../adapters/projector/catalogue.ts';
import { faultsOf } from '../../../adapters/projector/declared.ts';
import { startProjector } from '../../../adapters/projector/projector.ts';
import { connectReadOnly } from '../../../adapters/projector/reader.ts';
import type { Row } from '../../../projections/projection.ts';
import { project } from '../../projections/project.ts';
import { temporaryFile } from '../sqlite/temporary.ts';

const config: DomainConfigInput = {
  arms: [{ name: 'small', costUsd: 0.001 }, { name: 'large', costUsd: 0.02 }, 'tool'],
  context: { task: { type: 'categorical', values: ['chat', 'code', 'math'] }, tokens: { type: 'numeric', min: 0 } },
  bucketBy: ['task'],
  sharing: { every: 10 },
};

test('every projection kept live is, row for row, the one built from nothing', async () => {
  const node = await openNode({ seed: 7, log: { pollMs: 1 } });
  const { reckoner, log } = node;
  const projections = allProjections(log);
  expect(faultsOf(projections)).toEqual([]);
  const file = temporaryFile('projections.db');
  const projector = startProjector({
    ...{ log, projections, file, owner: 'the test', now: Date.now, random: () => 0.5 },
    pace: { batchEvents: 17, requestsMs: 10 },
    onTrouble: (where, thrown) => {
      throw new Error(where, { cause: thrown });
    },
  });
  onTestFinished(async () => {
    await projector.stop();
    await node.close();
  });
  const ids: string[] = [];
  for (let round = 0; round < 6; round++) {
    await reckoner.configure(
      'routing',
      round % 2 === 0 ? config : { ...config, policy: { name: 'lin_ts' }, exploration: 0.2 },
    );
    for (let count = 0; count < 20; count++) {
      const context = { task: ['chat', 'code', 'math'][count % 3] ?? '', tokens: (count * 37) % 100 };
      const { decisionId } = await reckoner.decide('routing', { context, subject: `person ${count % 4}` });
      ids.push(decisionId);
      const about = ids[(count * 7 + round) % ids.length] ?? decisionId;
      const kind = `kind-${round}-${count}`;
      const { rewardId } = await reckoner.reward(about, { value: (count % 5) / 4, costUsd: 0.001, requestId: kind });
      if (count % 9 === 8) await reckoner.retract(about, rewardId, { reason: 'a test' });
    }
    if (round === 3) await reckoner.rollBack('routing', { to: 1, reason: 'a test' });
    expect(await projector.whenProcessed(await log.head(), 10_000)).toBe(true);
  }
  const fresh = await project(allProjections(log), log);
  const database = connectReadOnly(file);
  for (const { version, tables } of projections) {
    for (const { name, key } of tables) {
      const live = database.prepare<[], Row>(`SELECT * FROM ${name}_v${version} ORDER BY ${key.join(', ')}`).all();
      expect(live, name).toEqual(fresh.rows(name));
    }
  }
  expect(fresh.rows('decisions')).toHaveLength(120);
  expect(fresh.rows('posteriors').length).toBeGreaterThan(6);
  database.close();
  fresh.close();
});
