import { expect, test } from 'vitest';
import { createFolding } from '../../actors/bucket/bucket-folding.ts';
import { openSqliteEventLog } from '../../adapters/sqlite/event-log.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { agentCalls } from '../../projections/agent-calls.ts';
import { configHistory } from '../../projections/config-history.ts';
import { outcomes } from '../../projections/outcomes.ts';
import { posteriors } from '../../projections/posteriors.ts';
import { tablesReference } from '../../projections/tables-reference.ts';

const folding = createFolding({ log: openSqliteEventLog({ file: ':memory:' }), makePolicy: createPolicy });
const projections = [posteriors(folding), outcomes, configHistory, agentCalls];

// `npm run generate` writes the page: it runs this file with --update.
test('the reference of the read models says what the tables declare (else: npm run generate)', async () => {
  await expect(tablesReference(projections)).toMatchFileSnapshot('../../projections/REFERENCE.md');
});

test('tables of all projections have names of their own, and their keys and indexes are columns', () => {
  const tables = projections.flatMap((projection) => projection.tables);
  expect(new Set(tables.map(({ name }) => name)).size).toBe(tables.length);
  for (const { name, columns, key, indexes = [] } of tables) {
    for (const column of [...key, ...indexes.flat()]) expect(columns, name).toHaveProperty(column);
    for (const column of key) expect(columns[column]?.nullable, `${name}.${column}`).not.toBe(true);
  }
});
