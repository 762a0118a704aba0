import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as answers from '../../../adapters/http/analytics-answers.ts';
import * as examples from '../../../adapters/http/analytics-examples.ts';
import { type AnalyticsStage, analyticsStage } from './analytics-node.ts';
import { openRealDoor } from './open-door.ts';

const topics = ['billing', 'bug'];

/** Twelve decisions of two buckets for two people; two of three are rewarded. */
async function played(stage: AnalyticsStage, decisions = 12): Promise<string[]> {
  const { reckoner } = stage.node;
  const context = { topic: { type: 'categorical', values: topics } } as const;
  await reckoner.configure('support', { arms: ['small', 'large'], context, bucketBy: ['topic'] });
  const ids: string[] = [];
  for (let index = 0; index < decisions; index++) {
    const asked = { context: { topic: topics[index % 2] ?? '' }, subject: index % 4 === 0 ? 'anna' : 'omar' };
    const { decisionId } = await reckoner.decide('support', asked);
    ids.push(decisionId);
    if (index % 3 !== 2) await reckoner.reward(decisionId, { value: (index % 5) / 4 });
  }
  return ids;
}

const idsOf = (items: readonly { decisionId: string }[]) => items.map(({ decisionId }) => decisionId);

describe('decisions', () => {
  test('are found newest first, with what came back for them, and explained by their ids', async () => {
    const stage = await analyticsStage();
    const ids = await played(stage);
    await stage.fold();
    const { items, nextCursor, asOf } = await stage.ask('decisions', { domain: 'support' });
    expect(idsOf(items)).toEqual(ids.toReversed());
    expect(nextCursor).toBeNull();
    expect(asOf).toMatchObject({ behind: 0, time: expect.stringMatching(/Z$/) });
    for (const item of items.slice(0, 4)) {
      const told = await stage.node.reckoner.explain(item.decisionId);
      expect(item).toMatchObject({ arm: told.arm, propensity: told.propensity, time: told.time, bucket: told.bucket });
      expect(item.rewards).toBe(told.rewards.length);
    }
    expect(items[0]).not.toHaveProperty('stream');
    answers.DecisionList.parse({ items, nextCursor, asOf });
  });

  test('come page by page, and pages do not shift when new ones come in', async () => {
    const stage = await analyticsStage();
    const ids = await played(stage);
    await stage.fold();
    const first = await stage.ask('decisions', { domain: 'support', limit: 5 });
    await played(stage, 3);
    await stage.fold();
    const second = await stage.ask('decisions', { domain: 'support', limit: 5, cursor: first.nextCursor ?? '' });
    const third = await stage.ask('decisions', { domain: 'support', limit: 5, cursor: second.nextCursor ?? '' });
    expect(idsOf([first, second, third].flatMap(({ items }) => items))).toEqual(ids.toReversed());
    expect(third.nextCursor).toBeNull();
  });

  const filters: readonly Record<string, string | number | boolean>[] = [
    { bucket: true },
    { arm: 'small' },
    { subject: 'anna' },
    { rewarded: 'false' },
    { policyVersion: 1 },
    { mode: 'escalated' },
    { arm: 'large', subject: 'omar', rewarded: 'true' },
  ];
  test.each(filters)('are filtered by %j, in pages of any size alike', async (filter) => {
    const stage = await analyticsStage();
    await played(stage);
    await stage.fold();
    const { items: all } = await stage.ask('decisions', { domain: 'support' });
    const subjectOf = new Map(all.map((item, index) => [item.decisionId, (11 - index) % 4 === 0 ? 'anna' : 'omar']));
    const query = { domain: 'support', ...filter, ...(filter.bucket === true ? { bucket: all[0].bucket } : {}) };
    const expected = all.filter(
      (item) =>
        (filter.bucket !== true || item.bucket === all[0].bucket) &&
        (filter.arm === undefined || item.arm === filter.arm) &&
        (filter.subject === undefined || subjectOf.get(item.decisionId) === filter.subject) &&
        (filter.rewarded === undefined || String(item.rewards > 0) === filter.rewarded) &&
        (filter.mode === undefined || item.mode === filter.mode),
    );
    for (const limit of [1, 3, 100]) {
      const found: { decisionId: string }[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page = await stage.ask('decisions', { ...query, limit, ...(cursor === '' ? {} : { cursor }) });
        found.push(...page.items);
        cursor = page.nextCursor;
      }
      expect(idsOf(found)).toEqual(idsOf(expected));
    }
    expect(filter.mode === undefined ? expected.length : 1).toBeGreaterThan(0);
  });

  test('of a span are those in it', async () => {
    const stage = await analyticsStage();
    await played(stage);
    await stage.fold();
    const { items } = await stage.ask('decisions', { domain: 'support' });
    const [from, to] = [items[8].time, items[3].time];
    const some = await stage.ask('decisions', { domain: 'support', from, to });
    expect(idsOf(some.items)).toEqual(idsOf(items.slice(4, 9)));
  });

  test('of a person are found by the id that requests name, and asking makes nobody known', async () => {
    const stage = await analyticsStage();
    await played(stage);
    await stage.fold();
    const { items } = await stage.ask('decisions', { domain: 'support', subject: 'anna' });
    expect(items.length).toBe(3);
    const [pseudonym] = items.map(({ subject }) => subject);
    expect(pseudonym).toMatch(/^[\w-]{22}$/);
    // Whoever knows a pseudonym is not led to its person, nor are strangers made up.
    expect((await stage.ask('decisions', { domain: 'support', subject: pseudonym })).items).toEqual([]);
    expect((await stage.ask('decisions', { domain: 'support', subject: 'stranger' })).items).toEqual([]);
    const [, first] = await Promise.all([1, 2].map(() => stage.ask('decisions', { domain: 'support', subject: 'x' })));
    expect(first?.items).toEqual([]);
  });
});

describe('the other readings', () => {
  test('tell what was learned as the log has it', async () => {
    const stage = await analyticsStage();
    const ids = await played(stage);
    await stage.fold();
    const { items } = await stage.ask('posteriors', { domain: 'support' });
    expect(items.length).toBeGreaterThan(1);
    expect(items.every(({ label }) => /^topic=/.test(label))).toBe(true);
    const pulls = items.reduce((sum, item) => sum + item.pulls, 0);
    expect(pulls).toBe(8);
    const ofArm = await stage.ask('posteriors', { domain: 'support', arm: 'small', limit: 1 });
    expect(ofArm.items[0]).toMatchObject({ arm: 'small' });
    const ofBucket = await stage.ask('posteriors', { domain: 'support', bucket: items[0].bucket });
    expect(ofBucket.items).toEqual(items.filter(({ bucket }) => bucket === items[0].bucket));
    expect(ids.length).toBe(12);
    answers.PosteriorList.parse(await stage.ask('posteriors', { domain: 'support' }));
  });

  test('sum arms up, and tell their series', async () => {
    const stage = await analyticsStage();
    const ids = await played(stage);
    await stage.fold();
    const { items: arms } = await stage.ask('arms', { domain: 'support' });
    expect(arms.reduce((sum, { decisions }) => sum + decisions, 0)).toBe(ids.length);
    expect(arms.reduce((sum, { decisionShare }) => sum + decisionShare, 0)).toBeCloseTo(1, 12);
    for (const { rewardMean, rewardLower, rewardUpper, rewardSum, shares } of arms) {
      expect(rewardMean).toBeCloseTo(rewardSum / shares, 12);
      expect(rewardLower).toBeLessThan(rewardMean);
      expect(rewardUpper).toBeGreaterThan(rewardMean);
    }
    const series = await stage.ask('series', { domain: 'support', period: 'hour' });
    expect(series.items.map(({ arm, value }) => [arm, value]).sort()).toEqual(
      arms.map(({ arm, rewardMean }) => [arm, rewardMean]).sort(),
    );
    const { items: counted } = await stage.ask('series', { domain: 'support', metric: 'decisions', arm: 'small' });
    expect(counted.map(({ value }) => value)).toEqual([arms.find(({ arm }) => arm === 'small')?.decisions]);
    const { items: explored } = await stage.ask('series', { domain: 'support', metric: 'exploration' });
    expect(explored).toEqual([{ start: expect.any(String), arm: null, value: expect.any(Number) }]);
    const start = series.items[0].start;
    expect((await stage.ask('series', { domain: 'support', period: 'hour', from: start })).items).toEqual(series.items);
    expect((await stage.ask('series', { domain: 'support', period: 'hour', to: start })).items).toEqual([]);
    answers.ArmList.parse(await stage.ask('arms', { domain: 'support' }));
    answers.Series.parse(series);
  });

  test('show rewards, of one decision or of all, and when they were taken back', async () => {
    const stage = await analyticsStage();
    const [id = ''] = await played(stage, 4);
    const { rewards } = await stage.node.reckoner.explain(id);
    await stage.node.reckoner.retract(id, rewards[0]?.rewardId ?? '');
    await stage.node.reckoner.reward(id, { value: 1, requestId: 'again' });
    await stage.fold();
    const { items } = await stage.ask('rewards', { decisionId: id });
    expect(items.map(({ decisionId, value, retractedAt }) => [decisionId, value, retractedAt !== null])).toEqual([
      [id, 0, true],
      [id, 1, false],
    ]);
    const page = await stage.ask('rewards', { domain: 'support', limit: 2 });
    const more = await stage.ask('rewards', { domain: 'support', limit: 2, cursor: page.nextCursor ?? '' });
    expect(new Set([...page.items, ...more.items].map(({ rewardId }) => rewardId)).size).toBe(4);
    expect(more.nextCursor).toBeNull();
    answers.RewardList.parse(page);
  });

  test('show how a domain was configured, and what it can be returned to', async () => {
    const stage = await analyticsStage();
    await played(stage, 2);
    await stage.node.reckoner.configure('support', { arms: ['small', 'large', 'new'], bucketBy: [] });
    await stage.fold();
    const { items } = await stage.ask('config', { domain: 'support' });
    expect(items.map(({ config }) => config)).toEqual([undefined, undefined]);
    expect(items[0].diff.map(({ path }: { path: string }) => path)).toContain('bucketBy.0');
    const { items: first } = await stage.ask('config', { domain: 'support', revision: items[0].revision - 1 });
    expect(first[0].config.bucketBy).toEqual(['topic']);
    answers.ConfigHistory.parse(await stage.ask('config', { domain: 'support' }));
    answers.RollbackPointPage.parse(await stage.ask('rollback-points', { domain: 'support' }));
    answers.AgentList.parse(await stage.ask('agents'));
  });
});

describe('an answer', () => {
  test('says how far it is behind the log, and waits where it is asked to', async () => {
    const stage = await analyticsStage();
    await played(stage, 2);
    await stage.fold();
    const { decisionId } = await stage.node.reckoner.decide('support', { context: { topic: 'bug' } });
    expect((await stage.ask('decisions', { domain: 'support' })).asOf.behind).toBe(1);
    const waiting = stage.ask('decisions', { domain: 'support', wait: 'now' });
    await stage.fold();
    const { items, asOf } = await waiting;
    for (const wait of [asOf.position, Number(asOf.position)])
      expect((await stage.ask('decisions', { domain: 'support', wait })).asOf).toEqual(asOf);
    expect([items[0].decisionId, asOf.behind]).toEqual([decisionId, 0]);
  });

  test('is a problem with a remedy where there are no read models yet, or none at all', async () => {
    const stage = await analyticsStage();
    const none = await stage.door.call('GET', '/v1/analytics/decisions?domain=support');
    expect([none.status, none.json.code]).toEqual([503, 'projections_building']);
    const memory = await openRealDoor();
    const never = await memory.call('GET', '/v1/analytics/agents');
    expect([never.status, never.json.code]).toEqual([503, 'projections_building']);
    await memory.close();
  });

  test('tells a domain of which nothing is there yet from one that does not exist', async () => {
    const stage = await analyticsStage();
    await stage.node.reckoner.configure('support', { arms: ['small', 'large'], bucketBy: [] });
    await stage.fold();
    await stage.node.reckoner.configure('later', { arms: ['small', 'large'], bucketBy: [] });
    const paths = ['decisions', 'posteriors', 'arms', 'series', 'rewards', 'config', 'rollback-points'];
    for (const path of paths) {
      const none = await stage.door.call('GET', `/v1/analytics/${path}?domain=nowhere`);
      expect([path, none.status, none.json.code]).toEqual([path, 404, 'domain_unknown']);
      // One that the read models have not heard of yet is there.
      expect([path, (await stage.ask(path, { domain: 'later' })).items]).toEqual([path, []]);
    }
    const { items } = await stage.ask('decisions', { domain: 'support', arm: 'unheard' });
    expect(items).toEqual([]);
  });

  test('refuses what it does not understand, by name', async () => {
    const stage = await analyticsStage();
    await played(stage, 3);
    await stage.fold();
    const first = await stage.ask('decisions', { domain: 'support', limit: 1 });
    const wrong: [path: string, about: string][] = [
      ['decisions', 'domain'],
      ['decisions?domain=No!', 'domain'],
      ['decisions?domain=support&limit=0', 'limit'],
      ['decisions?domain=support&limit=501', 'limit'],
      ['decisions?domain=support&from=yesterday', 'from: must be a time as 2026-03-01T12:00:00Z'],
      ['decisions?domain=support&nonsense=1', 'nonsense'],
      ['decisions?domain=support&domain=demo', 'domain'],
      ['decisions?domain=support&cursor=x', 'cursor'],
      [`decisions?domain=support&arm=small&cursor=${first.nextCursor}`, 'cursor'],
      ["decisions?domain=support&bucket=' OR 1=1 --", 'bucket'],
      ['decisions?domain=support&wait=soon', 'wait'],
      ['series?domain=support&metric=value,(SELECT 1)', 'metric'],
      ['series?domain=support&period=year', 'period'],
      ['rewards', 'domain'],
      ['config?domain=support&revision=-1', 'revision'],
    ];
    for (const [path, about] of wrong) {
      const { status, json } = await stage.door.call('GET', `/v1/analytics/${path}`);
      expect([path, status, json.code]).toEqual([path, 400, 'request_invalid']);
      expect(json.detail, path).toContain(about);
    }
    const foreign = await stage.door.call(
      'GET',
      '/v1/analytics/rewards?decisionId=support.aaaaaaaaaaaaaaaa.0.aaaaaaaaaaaaa',
    );
    expect([foreign.status, foreign.json.code]).toEqual([400, 'decision_id_invalid']);
    // What looks like SQL is a value, and nothing else.
    expect((await stage.ask('decisions', { domain: 'support', policy: "' OR 1=1 --" })).items).toEqual([]);
    expect((await stage.ask('decisions', { domain: 'support', subject: "'; DROP TABLE x" })).items).toEqual([]);
    expect(existsSync('x')).toBe(false);
  });

  test('is the caller’s own tenant’s', async () => {
    const stage = await analyticsStage({
      caller: ({ authorization }) => ({ tenant: authorization ?? 'default', by: 'test' }),
    });
    await played(stage, 3);
    await stage.fold();
    const paths = ['decisions', 'posteriors', 'arms', 'series', 'rewards', 'config', 'rollback-points'];
    for (const path of paths) {
      const { json } = await stage.door.call('GET', `/v1/analytics/${path}?domain=support`, undefined, {
        authorization: 'other',
      });
      expect([path, json.code]).toEqual([path, 'domain_unknown']);
    }
    const subject = await stage.door.call('GET', '/v1/analytics/decisions?domain=support&subject=anna', undefined, {
      authorization: 'other',
    });
    expect(subject.json.code).toBe('domain_unknown');
  });
});

test('the examples of the documentation fit their schemas', () => {
  const { posteriors, arms, series, decisions, rewards, agents, config, rollbackPoints } = examples;
  const pairs = [
    [answers.PosteriorList, posteriors],
    [answers.ArmList, arms],
    [answers.Series, series],
    [answers.DecisionList, decisions],
    [answers.RewardList, rewards],
    [answers.AgentList, agents],
    [answers.ConfigHistory, config],
    [answers.RollbackPointPage, rollbackPoints],
  ] as const;
  for (const [schema, example] of pairs) expect(schema.safeParse(example).error?.message).toBeUndefined();
});
