import type Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { agentsSql } from '../../../adapters/analytics/agents.ts';
import { decisionsSql } from '../../../adapters/analytics/decisions.ts';
import { governanceSql } from '../../../adapters/analytics/governance.ts';
import { armMetrics, armsSql, domainMetrics, seriesSql } from '../../../adapters/analytics/performance.ts';
import { posteriorsSql } from '../../../adapters/analytics/posteriors.ts';
import { rewardsSql } from '../../../adapters/analytics/rewards.ts';
import { createEditions } from '../../../adapters/projector/editions.ts';
import { openReadModelsFile } from '../../../adapters/projector/file.ts';
import { agentCalls } from '../../../projections/agent-calls.ts';
import { configHistory } from '../../../projections/config-history.ts';
import { outcomes } from '../../../projections/outcomes.ts';
import { posteriorTables } from '../../../projections/posteriors-tables.ts';
import type { Projection } from '../../../projections/projection.ts';

const posteriors: Projection = { ...outcomes, name: 'posteriors', tables: posteriorTables };

function emptyReadModels(): Database.Database {
  const database = openReadModelsFile(':memory:', () => {});
  const editions = createEditions(database);
  for (const projection of [posteriors, outcomes, configHistory, agentCalls]) editions.show(editions.begin(projection));
  return database;
}

const statements: [name: string, sql: string][] = Object.entries({
  ...{ decisionsSql, rewardsSql, posteriorsSql, agentsSql, governanceSql },
  performance: {
    arms: armsSql,
    ...Object.fromEntries([...armMetrics, ...domainMetrics].map((metric) => [metric, seriesSql('hour', metric)])),
    day: seriesSql('day', 'reward_mean'),
  },
}).flatMap(([group, found]) => Object.entries(found).map(([name, sql]): [string, string] => [`${group}.${name}`, sql]));

test('no route scans a table, and only the sum over arms sorts', () => {
  const database = emptyReadModels();
  expect(statements.length).toBeGreaterThan(30);
  for (const [name, sql] of statements) {
    const plan = database
      .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql.replaceAll(/@\w+/g, '1')}`)
      .all()
      .map(({ detail }) => detail);
    expect([name, plan.filter((detail) => detail.startsWith('SCAN'))]).toEqual([name, []]);
    if (name !== 'performance.arms')
      expect([name, plan.filter((detail) => detail.includes('TEMP B-TREE'))]).toEqual([name, []]);
  }
  database.close();
});

test('a series can be of every metric, and of nothing else', () => {
  const database = emptyReadModels();
  for (const metric of [...armMetrics, ...domainMetrics])
    for (const period of ['hour', 'day'] as const) database.prepare(seriesSql(period, metric));
  expect(() => seriesSql('day', 'arm')).toThrow();
  expect(() => seriesSql('day', '1; DROP TABLE x')).toThrow();
  database.close();
});
