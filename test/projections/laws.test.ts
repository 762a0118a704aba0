/** What holds for every read model, whatever happened. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSqliteEventLog } from '../../adapters/sqlite/event-log.ts';
import { catalogue, type EventType } from '../../events/catalogue.ts';
import { agentCalls } from '../../projections/agent-calls.ts';
import { configHistory } from '../../projections/config-history.ts';
import { outcomes } from '../../projections/outcomes.ts';
import type { Projection, Row } from '../../projections/projection.ts';
import { messageOf } from '../events/messages.ts';
import { readHistory } from '../golden/history.ts';
import { type Happened, logOf } from './history.ts';
import { type ProjectOptions, project } from './project.ts';
import { randomHistory } from './random-history.ts';

const projections = [outcomes, configHistory, agentCalls].map(watched);
const tables = projections.flatMap((projection) => projection.tables.map(({ name }) => name));

/** The same projection, but a number that is none, which SQLite would store as null without a word, fails the test. */
function watched(projection: Projection): Projection {
  const check = (table: string, row: Row) => {
    for (const [column, value] of Object.entries(row))
      if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${table}.${column} is ${value}`);
  };
  return {
    ...projection,
    open: (below) =>
      projection.open({
        ...below,
        put: (table, row) => {
          check(table, row);
          below.put(table, row);
        },
        update: (table, key, changes) => {
          check(table, changes);
          return below.update(table, key, changes);
        },
      }),
  };
}

type Contents = Record<string, Row[]>;

async function rebuilt(history: readonly Happened[], options: ProjectOptions): Promise<Contents> {
  const { log } = await logOf(...history);
  const { rows, close } = await project(projections, log, options);
  const contents = Object.fromEntries(tables.map((table) => [table, rows(table)]));
  close();
  return contents;
}

describe('read models rebuilt from zero equal those that were kept', () => {
  const history = randomHistory(7, 1500);

  test('in one batch as in many, with a memory as without, and where batches fail and are folded again, row for row', async () => {
    const whole = await rebuilt(history, { batch: 1e6 });
    for (const table of tables) expect(whole[table]?.length, table).toBeGreaterThan(0);
    expect(whole.rewards?.some((row) => row.voided_by !== null)).toBe(true);
    for (const options of [{ batch: 500 }, { batch: 97, forgetful: true }, { batch: 53, clumsy: true }])
      expect(await rebuilt(history, options), JSON.stringify(options)).toEqual(whole);
  }, 30_000);

  test('where the log grew meanwhile', async () => {
    const { log, happen } = await logOf(...history.slice(0, 500));
    const kept = await project(projections, log);
    for (const [from, to] of [
      [500, 501],
      [501, 900],
      [900, 1200],
    ] as const) {
      await happen(...history.slice(from, to));
      await kept.goOn();
    }
    const anew = await rebuilt(history.slice(0, 1200), {});
    for (const table of tables) expect(kept.rows(table), table).toEqual(anew[table]);
  });

  test('whatever happened, and wherever batches end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 60 }), fc.boolean(), async (seed, batch, clumsy) => {
        const some = randomHistory(seed, 150);
        expect(await rebuilt(some, { batch, clumsy, forgetful: !clumsy })).toEqual(await rebuilt(some, { batch: 1e6 }));
      }),
      { numRuns: 15 },
    );
  }, 30_000);
});

describe('read models add up', () => {
  test('to the same sums by decision, by kind, by hour and by day', async () => {
    const { log } = await logOf(...randomHistory(11, 1500));
    const { query } = await project(projections, log);
    const whole = (sql: string) => query(sql)[0];
    const rewards = whole(`SELECT tenant, count(*) AS n, sum(share) AS shares, sum(share * value) AS sum FROM rewards
      WHERE share > 0 AND retracted_at IS NULL AND voided_at IS NULL`);
    expect(Number(rewards?.n)).toBeGreaterThan(100);
    for (const table of [
      'reward_counts',
      'performance_hours',
      'performance_days',
      'exploration_hours',
      'exploration_days',
    ]) {
      const sums = whole(`SELECT sum(rewards) AS n, sum(shares) AS shares, sum(reward_sum) AS sum FROM ${table}`);
      expect(sums?.n, table).toBe(rewards?.n);
      expect(sums?.shares, table).toBeCloseTo(Number(rewards?.shares), 6);
      expect(sums?.sum, table).toBeCloseTo(Number(rewards?.sum), 6);
    }
    const made = whole('SELECT count(*) AS n, sum(calls) AS calls, sum(cost_usd) AS cost FROM decisions');
    for (const period of ['hours', 'days']) {
      const sums = whole(
        `SELECT sum(decisions) AS n, sum(calls) AS calls, sum(cost_usd) AS cost FROM performance_${period}`,
      );
      expect([sums?.n, sums?.calls], period).toEqual([made?.n, made?.calls]);
      expect(sums?.cost, period).toBeCloseTo(Number(made?.cost), 6);
      expect(whole(`SELECT sum(decisions) AS n FROM exploration_${period}`)?.n, period).toBe(made?.n);
    }
    const back = whole('SELECT sum(retracted) AS retracted, sum(voided) AS voided FROM performance_days');
    expect(whole('SELECT sum(retracted) AS retracted, sum(voided) AS voided FROM performance_hours')).toEqual(back);
    expect(Number(back?.retracted) * Number(back?.voided)).toBeGreaterThan(0);
  });
});

describe('read models fold every log', () => {
  test('of an earlier build', async () => {
    const events = readHistory(new URL('../golden/version-1.ndjson', import.meta.url));
    const log = openSqliteEventLog({ file: ':memory:' });
    for (const { stream, revision, ...event } of events) await log.append(stream, revision - 1, [event]);
    const { rows } = await project(projections, log);
    const count = (type: string) => events.filter((event) => event.type === type).length;
    expect(rows('decisions')).toHaveLength(count('DecisionMade'));
    expect(rows('rewards')).toHaveLength(count('RewardObserved'));
    expect(rows('rewards').filter((row) => row.retracted_at !== null)).toHaveLength(count('RewardRetracted'));
    expect(rows('config_history')).toHaveLength(count('DomainConfigured'));
    expect(rows('decisions').every((row) => row.configured_at !== null)).toBe(true);
  });

  test('with anything at all in its events', async () => {
    const anything = (type: EventType, stream: string): fc.Arbitrary<Happened> =>
      fc
        .record({ data: messageOf(type), metadata: messageOf('Metadata'), id: fc.uuid() })
        // Arbitrary messages have the fields of their type.
        .map(({ data, metadata, id }) => ({ ...metadata, stream, type, id, data }) as unknown as Happened);
    const streams = { bucket: 'bucket-t-d-b', domain: 'domain-t-d', agent: 'agent-a-n', deadletters: 'deadletters-t' };
    const types = Object.keys(catalogue) as EventType[]; // its own keys
    const event = fc.oneof(...types.map((type) => anything(type, streams[catalogue[type].stream])));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(event, { selector: ({ id }) => id, maxLength: 30 }), async (history) => {
        const { log } = await logOf(...history);
        const { rows, close } = await project(projections, log, { batch: 7 });
        const made = history.filter(({ type }) => type === 'DecisionMade');
        expect(rows('decisions')).toHaveLength(made.length);
        close();
      }),
      { numRuns: 100 },
    );
  }, 30_000);
});
