/** Reckoner's actors over EventStoreDB: several nodes on one store, faults while they work, and a node from its start to its restart. */
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createAudit } from '../../../actors/audit/audit.ts';
import type { EventStoreLogOptions } from '../../../adapters/eventstoredb/event-log.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import {
  brokenLinks,
  configured,
  DOMAIN,
  given,
  openStage,
  type Stage,
  type StageOptions,
} from '../../actors/given.ts';
import { posteriorOf, stateFrom, watched } from '../../actors/posterior.ts';
import { collect } from '../../contracts/event-fixtures.ts';
import { temporaryDirectory } from '../sqlite/temporary.ts';
import type { Double } from './double.ts';
import type { Fault } from './double-faults.ts';
import { givenDouble, givenLog } from './given-log.ts';

// A server, its client and two nodes share two cores with all the other tests.
vi.setConfig({ testTimeout: 60_000 });

/** Two cores for many tests: what is not about time has it. */
const PATIENT = { patienceMs: 10_000, readMs: 5_000, appendMs: 5_000 };

async function twoNodes(
  double: Double,
  options: StageOptions = {},
  times: Partial<EventStoreLogOptions> = {},
): Promise<[Stage, Stage, EventLog]> {
  const logs = [givenLog(double, { ...PATIENT, ...times }), givenLog(double, { ...PATIENT, ...times })] as const;
  const one = await given([configured()], { ...options, log: logs[0], node: 'one', seed: 1 });
  const two = await openStage({ ...options, log: logs[1], node: 'two', seed: 2 });
  onTestFinished(async () => {
    await one.stop();
    await two.stop();
  });
  return [one, two, logs[0]];
}

/** The same events in a SQLite file, place for place. */
async function copied(log: EventLog): Promise<EventLog> {
  const copy = openSqliteEventLog({ file: ':memory:' });
  onTestFinished(() => copy.close());
  for await (const event of log.readAll()) {
    expect(await copy.append(event.stream, event.revision - 1, [event])).toMatchObject({ status: 'appended' });
  }
  return copy;
}

/** What an audit of the whole log finds wrong, every choice and propensity made anew. */
async function flaws(log: EventLog): Promise<unknown[]> {
  const found: unknown[] = [];
  const audit = createAudit({ log, makePolicy: createPolicy, found: (finding) => found.push(finding), share: 1 });
  for await (const event of log.readAll()) await audit.next(event);
  const { decisions } = await audit.finish();
  expect(decisions).toBeGreaterThan(0);
  return found;
}

test('two nodes that decide and reward in one bucket at once lose nothing, and end with the posterior of a single node’s replay', async () => {
  const double = await givenDouble();
  const watch = watched();
  const [one, two, log] = await twoNodes(double, { makePolicy: watch.makePolicy });
  const answered: string[] = [];
  for (let round = 0; round < 5; round++) {
    const attempts = await Promise.allSettled(
      [one, two].flatMap(({ reckoner }) =>
        Array.from({ length: 2 }, async () => {
          const { decisionId } = await reckoner.decide(DOMAIN, {});
          await reckoner.reward(decisionId, { value: round % 3 ? 1 : 0.25 });
          return decisionId;
        }),
      ),
    );
    for (const attempt of attempts) {
      if (attempt.status === 'fulfilled') answered.push(attempt.value);
      else expect(attempt.reason.problem).toMatchObject({ code: 'conflict', retryAfter: 1 });
    }
  }
  expect(answered.length).toBeGreaterThan(5);
  expect(new Set(answered).size).toBe(answered.length);
  expect(await brokenLinks(log)).toEqual([]);
  for (const id of answered.slice(0, 6)) {
    expect(await one.reckoner.explain(id)).toMatchObject({ verified: true, rewards: [{ retracted: false }] });
  }
  const replayed = await copied(log);
  expect(await brokenLinks(replayed)).toEqual([]);
  expect(await flaws(replayed)).toEqual([]);
  for (const node of [one, two]) {
    await node.reckoner.decide(DOMAIN, {});
    await node.reckoner.decide(DOMAIN, {});
    expect(watch.last).toBe(posteriorOf(await stateFrom(replayed)));
  }
});

test('one requestId sent to two nodes at once is one decision, the same for both, and true to the log', async () => {
  const double = await givenDouble();
  const [one, two, log] = await twoNodes(double);
  for (let round = 0; round < 10; round++) {
    const body = { requestId: `round-${round}` };
    const answers = await Promise.all([one, two, two].map(({ reckoner }) => reckoner.decide(DOMAIN, body)));
    expect(new Set(answers.map(({ decisionId, arm }) => `${decisionId} ${arm}`)).size).toBe(1);
    expect(await two.reckoner.explain(answers[0]?.decisionId ?? '')).toMatchObject({
      verified: true,
      arm: answers[0]?.arm,
    });
  }
  expect(await one.events('DecisionMade')).toHaveLength(10);
  expect(await flaws(log)).toEqual([]);
});

test('one reward sent to two nodes at once is one reward', async () => {
  const double = await givenDouble();
  const [one, two] = await twoNodes(double);
  for (let round = 0; round < 10; round++) {
    const { decisionId } = await one.reckoner.decide(DOMAIN, {});
    const receipts = await Promise.all([one, two].map(({ reckoner }) => reckoner.reward(decisionId, { value: 1 })));
    expect(receipts.map(({ repeated }) => repeated).sort()).toEqual([false, true]);
  }
  expect(await one.events('RewardObserved')).toHaveLength(10);
});

test('what one node configures takes effect on the other', async () => {
  const double = await givenDouble();
  const [one, two] = await twoNodes(double);
  await two.reckoner.decide(DOMAIN, {});
  await one.reckoner.configure(DOMAIN, { arms: ['green'] });
  await expect.poll(async () => (await two.reckoner.decide(DOMAIN, {})).arm).toBe('green');
});

test('whatever the store does in between, what was answered is in the log once', async () => {
  const double = await givenDouble();
  const watch = watched();
  const [one, two, log] = await twoNodes(double, { makePolicy: watch.makePolicy }, { appendMs: 1_000 });
  const faults: Fault[] = [
    { kind: 'lostAck' },
    { kind: 'silent' },
    { kind: 'cut' },
    { kind: 'unanswered' },
    { kind: 'deadline', done: true },
    { kind: 'busy' },
  ];
  const rewarded: string[] = [];
  for (let round = 0; round < 12; round++) {
    const node = round % 2 ? one : two;
    const fault = faults[round % faults.length];
    if (fault !== undefined) double.script('append', fault);
    if (round === 7) void double.restart();
    const requestId = `round-${round}`;
    // The caller does what an answer of 503 says: the same again.
    const { decisionId } = await insisting(() => node.reckoner.decide(DOMAIN, { requestId }));
    await insisting(() => node.reckoner.reward(decisionId, { value: 1, requestId: `${requestId}-reward` }));
    rewarded.push(decisionId);
  }
  expect(new Set(rewarded).size).toBe(12);
  expect(await one.events('DecisionMade')).toHaveLength(12);
  expect(await one.events('RewardObserved')).toHaveLength(12);
  expect(await flaws(log)).toEqual([]);
  await one.reckoner.decide(DOMAIN, {});
  await one.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(posteriorOf(await stateFrom(await copied(log))));
});

async function insisting<T>(command: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await command();
    } catch (thrown) {
      expect(thrown).toMatchObject({ problem: { status: 503 } });
      if (attempt === 20) throw thrown;
    }
  }
}

test('a node decides, learns, explains, is rolled back, and is the same after a restart', async () => {
  const double = await givenDouble();
  const indexFile = join(temporaryDirectory(), 'ids.db');
  const first = givenLog(double, { ...PATIENT, indexFile });
  const before = await given([configured()], { log: first });
  onTestFinished(() => before.stop());
  const { reckoner } = before;
  await reckoner.checkpoint(DOMAIN, { name: 'before' });
  const ids: string[] = [];
  for (let count = 0; count < 10; count++) {
    const { decisionId } = await reckoner.decide(DOMAIN, { requestId: `request-${count}` });
    await reckoner.reward(decisionId, { value: count % 2 });
    ids.push(decisionId);
  }
  const domain = await reckoner.domain(DOMAIN);
  const learned = posteriorOf(await stateFrom(first));
  await reckoner.rollBack(DOMAIN, { to: 'before', reason: 'a test' });
  await reckoner.decide(DOMAIN, {});
  const unlearned = posteriorOf(await stateFrom(first));
  expect(unlearned).not.toBe(learned);
  await before.stop();
  await first.close();

  await double.restart();
  const second = givenLog(double, { ...PATIENT, indexFile });
  const watch = watched();
  const after = await openStage({ log: second, makePolicy: watch.makePolicy });
  onTestFinished(() => after.stop());
  await after.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(unlearned);
  const repeated = await after.reckoner.decide(DOMAIN, { requestId: 'request-3' });
  expect(repeated.decisionId).toBe(ids[3]);
  expect(await after.reckoner.explain(ids[3] ?? '')).toMatchObject({ verified: true, rewards: [{ value: 1 }] });
  expect((await after.reckoner.domain(DOMAIN)).revision).toBeGreaterThan(domain.revision);
  expect(await brokenLinks(second)).toEqual([]);
  expect(await flaws(second)).toEqual([]);
});

test('what the store holds can be read there: a summary beside the bytes, or the body as JSON', async () => {
  const double = await givenDouble();
  for (const json of [false, true]) {
    const prefix = json ? 'json_' : 'bytes_';
    const log = givenLog(double, { ...PATIENT, json, prefix });
    const stage = await given([configured()], { log, seed: 5 });
    onTestFinished(() => stage.stop());
    const { decisionId, arm } = await stage.reckoner.decide(DOMAIN, { requestId: 'first' });
    await stage.reckoner.reward(decisionId, { value: 0.75 });
    await stage.stop();
    const records = double.store.records.filter(({ stream }) => stream.startsWith(`${prefix}bucket-`));
    const events = await collect(log.readAll({ streamPrefix: 'bucket-' }));
    expect(records.map((record) => record.json)).toEqual([json, json]);
    const [decision, reward] = records.map((record) => JSON.parse(Buffer.from(record.metadata).toString('utf8')));
    expect(decision).toMatchObject({ id: events[0]?.id, summary: { requestId: 'first', arm } });
    expect(decision.summary.time).toMatch(/^2026-01-01T12:00/);
    expect(reward.summary).toMatchObject({ arm });
    const body = Buffer.from(records[0]?.data ?? []);
    if (json)
      expect(JSON.parse(body.toString('utf8'))).toMatchObject({ requestId: 'first', arm, candidates: ['red', 'blue'] });
    else expect(body).toEqual(Buffer.from(events[0]?.data ?? []));
    expect(await flaws(log)).toEqual([]);
  }
});
