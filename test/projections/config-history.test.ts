import { describe, expect, test } from 'vitest';
import { configHistory } from '../../projections/config-history.ts';
import { configured, frozen, type Happened, HOUR, logOf, marked, NOON, rolledBack, thawed, voided } from './history.ts';
import { project } from './project.ts';

async function projected(...history: readonly Happened[]) {
  const { log } = await logOf(...history);
  return project([configHistory], log);
}

describe('the history of configurations', () => {
  const first = '{"arms":[{"costUsd":1,"name":"small"}],"policy":{"name":"lin_ucb"}}';
  const second = '{"arms":[{"name":"large"},{"costUsd":2,"name":"small"}],"policy":{"name":"lin_ucb"}}';

  test('tells who configured what, why, and what it changed', async () => {
    const { rows } = await projected(
      configured({ config: first, by: 'ann', reason: 'begin', time: NOON }),
      marked(),
      configured({ config: second, by: 'bob', reason: 'grow', time: NOON + HOUR, relearn: true }),
    );
    const [before, after] = rows('config_history');
    expect(before).toMatchObject({
      ...{ tenant: 'default', domain: 'support', revision: 0, time: NOON, by: 'ann', reason: 'begin' },
      ...{ policy: 'lin_ucb', changes: 0, diff: '[]', config: first, brought_back_from: null, relearn: 0 },
    });
    expect(after).toMatchObject({ revision: 2, by: 'bob', changes: 2, config: second, relearn: 1 });
    expect(JSON.parse(String(after?.diff))).toEqual([
      { path: 'arms.large', is: { name: 'large' } },
      { path: 'arms.small.costUsd', was: 1, is: 2 },
    ]);
  });

  test('has what a rollback brought back, but not where the configuration stayed', async () => {
    const { rows } = await projected(
      ...[configured({ config: first }), configured({ config: second })],
      rolledBack({ toDomainRevision: 0, config: second, configKept: true }),
      rolledBack({ toDomainRevision: 0, config: first, configKept: false }),
    );
    expect(rows('config_history').map((row) => [row.revision, row.brought_back_from, row.changes])).toEqual([
      [0, null, 0],
      [1, null, 2],
      [3, 0, 2],
    ]);
  });

  test('has a row for everything that was done to a domain', async () => {
    const { rows } = await projected(
      ...[configured(), marked(), frozen({ reason: 'odd rewards' }), thawed()],
      voided({ subject: 'spammer', fromTime: 1.5, rewards: 7 }),
      rolledBack({ toDomainRevision: 3, configKept: true }),
    );
    const blank = {
      to_revision: null,
      config_kept: null,
      subject: null,
      from_time: null,
      to_time: null,
      rewards: null,
    };
    expect(rows('domain_changes')).toMatchObject([
      { revision: 0, change: 'configured', ...blank },
      { revision: 2, change: 'frozen', reason: 'odd rewards', ...blank },
      { revision: 3, change: 'thawed', ...blank },
      { revision: 4, change: 'rewards_voided', ...blank, subject: 'spammer', from_time: 1.5, rewards: 7 },
      { revision: 5, change: 'rolled_back', ...blank, to_revision: 3, config_kept: 1 },
    ]);
  });

  test('keeps apart tenants that have a domain of the same name', async () => {
    const { rows } = await projected(configured({ config: first }), configured({ stream: 'domain-acme-support' }));
    expect(rows('config_history').map((row) => [row.tenant, row.changes])).toEqual([
      ['acme', 0],
      ['default', 0],
    ]);
  });

  test('takes a configuration that is no JSON as the text that it is', async () => {
    const { rows } = await projected(configured({ config: '' }), configured({ config: '{' }));
    expect(rows('config_history')[1]).toMatchObject({ policy: null, diff: '[{"path":"","was":"","is":"{"}]' });
  });
});
