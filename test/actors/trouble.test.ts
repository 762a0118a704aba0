/** What a bucket does when its log, its policy or its callers let it down. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { BucketOutcome } from '../../actors/bucket/bucket-batch.ts';
import { createBuckets } from '../../actors/bucket/buckets.ts';
import { WINDOW } from '../../actors/bucket/recent-ids.ts';
import { createDomains } from '../../actors/domain/domains.ts';
import type { Environment } from '../../actors/environment.ts';
import { CONFLICT_PAUSE_MS } from '../../actors/retries.ts';
import { openSqliteEventLog } from '../../adapters/sqlite/event-log.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog } from '../../events/event-log.ts';
import { NO_SNAPSHOTS } from '../../events/snapshot-store.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { type Fault, faulty } from './faulty-log.ts';
import { brokenLinks, configured, DOMAIN, given, problemOf, type Stage, TENANT } from './given.ts';
import { ONLY_STREAM, posteriorOf, stateFrom, unforgetting, watched } from './posterior.ts';

const memory = () => openSqliteEventLog({ file: ':memory:' });

for (const script of [
  ['lost'],
  ['unsaid'],
  ['lost', 'lost', 'unsaid', 'lost'],
  ['unsaid', 'unsaid'],
  ['lost', 'log_full'],
  ['unsaid', 'log_full'],
] satisfies Fault[][]) {
  const story = script.join(', then ');
  test(`a log that answers ${story} loses nothing and doubles nothing`, async () => {
    const log = faulty(memory());
    const watch = watched();
    const stage = await given([configured()], { log, makePolicy: watch.makePolicy });
    const first = await stage.reckoner.decide(DOMAIN, { context: {} });

    log.script = [...script];
    const bodies = Array.from({ length: 100 }, (_, index) => ({ context: {}, requestId: `request-${index}` }));
    const attempts = await Promise.allSettled([
      ...bodies.map((body) => stage.reckoner.decide(DOMAIN, body)),
      stage.reckoner.reward(first.decisionId, { value: 1 }),
    ]);
    for (const attempt of attempts) {
      if (attempt.status === 'rejected') expect(attempt.reason.code).toBe('outcome_unknown');
    }

    const again = await Promise.all(bodies.map((body) => stage.reckoner.decide(DOMAIN, body)));
    const reward = await stage.reckoner.reward(first.decisionId, { value: 1 });
    for (const [index, attempt] of attempts.entries()) {
      const answer = index < again.length ? again[index] : { ...reward, repeated: expect.any(Boolean) };
      if (attempt.status === 'fulfilled') expect(attempt.value).toEqual(answer);
    }
    expect(await stage.events('DecisionMade')).toHaveLength(101);
    expect(await stage.events('RewardObserved')).toHaveLength(1);
    expect(await brokenLinks(log)).toEqual([]);
    await stage.reckoner.decide(DOMAIN, {});
    expect(watch.last).toBe(posteriorOf(await stateFrom(log)));
    await stage.stop();
  });
}

test('a retraction that the log wrote at the second try is unlearned, also by a policy that cannot forget', async () => {
  const log = faulty(memory());
  const watch = watched(unforgetting);
  const stage = await given([configured()], { log, makePolicy: watch.makePolicy });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  const { rewardId } = await stage.reckoner.reward(decisionId, { value: 1 });
  log.script = ['lost'];
  await stage.reckoner.retract(decisionId, rewardId);
  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(posteriorOf(await stateFrom(log, { makePolicy: unforgetting })));
  expect(watch.last).toBe(posteriorOf(await stateFrom(log, { upTo: 0 })));
  await stage.stop();
});

test('a full disk leaves memory equal to the log', async () => {
  const log = faulty(memory());
  const watch = watched();
  const stage = await given([configured()], { log, makePolicy: watch.makePolicy });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});

  log.script = ['log_full'];
  const refused = await stage.when((reckoner) => reckoner.reward(decisionId, { value: 1 }));
  expect(refused.problem).toMatchObject({ code: 'log_full', status: 507 });
  expect(refused.events).toEqual([]);

  await stage.reckoner.decide(DOMAIN, {});
  expect(watch.last).toBe(posteriorOf(await stateFrom(log, { upTo: 1 })));
  expect(await stage.reckoner.reward(decisionId, { value: 1 })).toMatchObject({ repeated: false, learned: true });
  await stage.stop();
});

test('after three conflicts in a row a bucket tries no more, and says when to come again', async () => {
  const log = faulty(memory());
  const stage = await given([configured()], { log });
  log.script = ['conflict', 'conflict', 'conflict'];
  expect((await stage.when((reckoner) => reckoner.decide(DOMAIN, {}))).events).toHaveLength(1);
  log.script = ['conflict', 'conflict', 'conflict', 'conflict'];
  const { problem, events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, {}));
  expect(problem).toMatchObject({ code: 'conflict', status: 503, retryAfter: 1 });
  expect(events).toEqual([]);
  expect((await stage.when((reckoner) => reckoner.decide(DOMAIN, {}))).events).toHaveLength(1);
  await stage.stop();
});

test('a policy that throws while it chooses refuses that request, and the next one works', async () => {
  let broken = false;
  const stage = await given([configured()], {
    makePolicy: (spec) => {
      const policy = createPolicy(spec);
      const choose: typeof policy.choose = (...situation) => {
        if (broken) throw new Error('secret');
        return policy.choose(...situation);
      };
      return { ...policy, choose };
    },
  });
  broken = true;
  const { problem, events } = await stage.when((reckoner) => reckoner.decide(DOMAIN, {}));
  expect(problem).toMatchObject({ code: 'internal', status: 500 });
  expect(JSON.stringify(problem)).not.toContain('secret');
  expect(events).toEqual([]);
  broken = false;
  expect((await stage.when((reckoner) => reckoner.decide(DOMAIN, {}))).events).toHaveLength(1);
  await stage.stop();
});

test('a policy that throws while it learns is counted, all its callers are told, and the reward is there once', async () => {
  let broken = false;
  const stage = await given([configured()], {
    makePolicy: (spec) => {
      const policy = createPolicy(spec);
      const learn: typeof policy.learn = (...lesson) => {
        if (broken) throw new Error('secret');
        return policy.learn(...lesson);
      };
      return { ...policy, learn };
    },
  });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  broken = true;
  const problems = await Promise.all([
    problemOf(stage.reckoner.reward(decisionId, { value: 1 })),
    problemOf(stage.reckoner.reward(decisionId, { value: 1, kind: 'implicit' })),
  ]);
  // The first had reached the log when learning failed; the second had not been asked of it.
  expect(problems.map(({ code }) => code)).toEqual(['outcome_unknown', 'internal']);
  expect(stage.failures).toMatchObject([{ where: ONLY_STREAM }]);
  expect(await stage.reckoner.health()).toMatchObject({ restarts: 1, liveBuckets: 0, ready: true });

  broken = false;
  // The first was durable before it was learned; the second still waited.
  expect(await stage.reckoner.reward(decisionId, { value: 1 })).toMatchObject({ repeated: true });
  expect(await stage.reckoner.reward(decisionId, { value: 1, kind: 'implicit' })).toMatchObject({ repeated: false });
  expect(await stage.events('RewardObserved')).toHaveLength(2);
  expect(await brokenLinks(stage.log)).toEqual([]);
  await stage.stop();
});

test('what a bucket that broke had under way ends without a word on the terminal', async () => {
  const said = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  onTestFinished(() => said.mockRestore());
  let broken = false;
  let writing = () => {};
  let write = () => {};
  const begun = new Promise<void>((resolve) => {
    writing = resolve;
  });
  const held = new Promise<void>((resolve) => {
    write = resolve;
  });
  const log = memory();
  const gated = { arms: ['red', 'blue'], confidence: { gate: true } };
  const stage = await given([configured(gated)], {
    log: {
      ...log,
      async append(stream, expected, events) {
        if (stream.startsWith('bucket-')) {
          writing();
          await held;
        }
        return log.append(stream, expected, events);
      },
    },
    makePolicy: (spec) => {
      const policy = createPolicy(spec);
      const belief: typeof policy.belief = (...asked) => {
        if (broken) throw new Error('as scripted');
        return policy.belief(...asked);
      };
      return { ...policy, belief };
    },
  });
  const decided = problemOf(stage.reckoner.decide(DOMAIN, {}));
  await begun;
  broken = true;
  await stage.reckoner.configure(DOMAIN, { ...gated, description: 'changed' });
  expect(await decided).toMatchObject({ code: 'outcome_unknown' });
  expect(stage.failures).toMatchObject([{ where: ONLY_STREAM }]);
  write();
  await vi.waitFor(async () => expect(await stage.events('DecisionMade')).toHaveLength(1));
  await new Promise((resolve) => setImmediate(resolve));
  expect(said).not.toHaveBeenCalled();
  await stage.stop();
});

test('a bucket whose history cannot be folded answers each request with a problem, and is tried anew by the next', async () => {
  let broken = false;
  const options = {
    makePolicy: (spec: Parameters<typeof createPolicy>[0]) => {
      const policy = createPolicy(spec);
      const init = () => {
        if (broken) throw new Error('secret');
        return policy.init();
      };
      return { ...policy, init };
    },
  };
  const stage = await given([configured()], options);
  broken = true;
  expect(await problemOf(stage.reckoner.decide(DOMAIN, {}))).toMatchObject({ code: 'internal' });
  broken = false;
  expect((await stage.when((reckoner) => reckoner.decide(DOMAIN, {}))).events).toHaveLength(1);
  await stage.stop();
});

test('more requests than a node may have under way are shed at the door', async () => {
  const stage = await given([configured()], { maxInFlight: 3 });
  const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => stage.reckoner.decide(DOMAIN, {})));
  const shed = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason.problem] : []));
  expect(shed).toHaveLength(7);
  for (const problem of shed) expect(problem).toMatchObject({ code: 'overloaded', status: 503, retryAfter: 1 });
  expect(await stage.events('DecisionMade')).toHaveLength(3);
  await stage.stop();
});

test('more commands than a bucket may hold are shed, the others are answered', async () => {
  const stage = await given([configured()]);
  const attempts = await Promise.allSettled(Array.from({ length: 2000 }, () => stage.reckoner.decide(DOMAIN, {})));
  const shed = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason.problem] : []));
  expect(shed.length).toBeGreaterThan(0);
  for (const problem of shed) expect(problem).toMatchObject({ code: 'overloaded', status: 503, retryAfter: 1 });
  expect(await stage.events('DecisionMade')).toHaveLength(2000 - shed.length);
  await stage.stop();
});

test('a domain whose write cannot be known is configured exactly once', async () => {
  for (const script of [['lost'], ['unsaid'], ['unsaid', 'lost'], ['unsaid', 'log_full']] satisfies Fault[][]) {
    const log = faulty(memory(), 'domain-');
    log.script = [...script];
    const stage = await given([], { log });
    const outcome = await stage.when((reckoner) => reckoner.configure(DOMAIN, { arms: ['red'] }));
    if (outcome.problem !== undefined) expect(outcome.problem.code).toBe('outcome_unknown');
    await stage.reckoner.configure(DOMAIN, { arms: ['red'] });
    expect(await stage.events('DomainConfigured')).toHaveLength(1);
    expect(await stage.reckoner.domain(DOMAIN)).toMatchObject({ revision: 1, frozen: false });
    await stage.stop();
  }
});

test('a configuration whose policy cannot be made is refused, and the domain lives', async () => {
  let broken = true;
  const stage = await given([], {
    makePolicy: (spec) => {
      if (broken) throw new Error('secret');
      return createPolicy(spec);
    },
  });
  expect(await problemOf(stage.reckoner.configure(DOMAIN, { arms: ['red'] }))).toMatchObject({ code: 'internal' });
  broken = false;
  expect(await stage.reckoner.configure(DOMAIN, { arms: ['red'] })).toMatchObject({ domain: DOMAIN });
  await stage.stop();
});

test('a crowd of late duplicates is answered in one round', async () => {
  const log = faulty(memory());
  const stage = await given([configured()], { log });
  const decisions = await Promise.all(Array.from({ length: 300 }, () => stage.reckoner.decide(DOMAIN, {})));
  const rewardAll = () =>
    Promise.all(decisions.map(({ decisionId }) => stage.reckoner.reward(decisionId, { value: 1 })));
  const first = await rewardAll();
  for (let count = 0; count < WINDOW; count++) await stage.reckoner.decide(DOMAIN, {});
  log.tried = 0;
  const [fresh, ...again] = await Promise.all([stage.reckoner.decide(DOMAIN, {}), rewardAll()]);
  expect(again.flat()).toEqual(first.map((receipt) => ({ ...receipt, repeated: true })));
  expect(log.tried).toBeLessThan(8);
  expect(await stage.reckoner.explain(fresh.decisionId)).toMatchObject({ verified: true });
  expect(await stage.events('RewardObserved')).toHaveLength(300);
  await stage.stop();
});

test('a domain that many ask for while it is loaded is loaded once', async () => {
  const stage = await given([configured()]);
  const env = { node: 'test', now: () => 0, uuid: () => '', seed: () => 0, sleep: async () => {} };
  const domains = createDomains({ log: stage.log, env, makePolicy: createPolicy, onChange() {}, onFailure() {} });
  const handles = await Promise.all(
    Array.from({ length: 60 }, async (_, turns) => {
      for (let turn = 0; turn < turns; turn++) await undefined;
      return domains.loaded('default', DOMAIN) ?? domains.get('default', DOMAIN);
    }),
  );
  expect(new Set(handles).size).toBe(1);
  domains.stop();
  await stage.stop();
});

test('a log that cannot be read at the start is followed as soon as it can', async () => {
  const log = memory();
  let attempts = 0;
  const head: EventLog['head'] = async () => {
    attempts += 1;
    if (attempts === 1) throw new ReckonerError('log_locked', 'As scripted.');
    return log.head();
  };
  const stage = await given([configured()], { log: { ...log, head } });
  await stage.reckoner.decide(DOMAIN, {});
  await expect.poll(() => attempts).toBeGreaterThan(1);
  expect(stage.failures).toMatchObject([{ where: 'domains', thrown: { code: 'log_locked' } }]);
  await stage.stop();
});

test('a thousand requests that are all refused are all answered', async () => {
  const stage = await given([configured()]);
  const refused = Array.from({ length: 1000 }, () =>
    problemOf(stage.reckoner.decide(DOMAIN, { candidates: ['green'] })),
  );
  for (const { code } of await Promise.all(refused)) expect(code).toBe('arm_unknown');
  expect(await stage.events('DecisionMade')).toEqual([]);
  await stage.stop();
});

test('more changes than a domain may hold are shed, the others are made', async () => {
  const log = memory();
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const slow: EventLog = {
    ...log,
    append: async (stream, expected, events) => {
      if (stream.startsWith('domain-') && expected >= 0) await held;
      return log.append(stream, expected, events);
    },
  };
  const stage = await given([configured()], { log: slow });
  const changes = Promise.allSettled(
    Array.from({ length: 100 }, (_, cost) =>
      stage.reckoner.configure(DOMAIN, { arms: [{ name: 'red', costUsd: cost }, 'blue'] }),
    ),
  );
  await new Promise((resolve) => setImmediate(resolve));
  letGo();
  const made = await changes;
  const refused = made.flatMap((one) => (one.status === 'rejected' ? [one.reason.problem] : []));
  expect(refused).toHaveLength(100 - 65);
  for (const problem of refused) expect(problem).toMatchObject({ code: 'overloaded', status: 503, retryAfter: 1 });
  expect(await stage.events('DomainConfigured')).toHaveLength(1 + 65);
  expect((await stage.reckoner.configure(DOMAIN, { arms: ['red'] })).created).toBe(false);
  await stage.stop();
});

/** Buckets of a node of their own over a log, without a router before them. */
async function bareBuckets(stage: Stage, log: EventLog, sleep: Environment['sleep'] = async () => {}) {
  const env = { node: 'bare', now: () => 0, uuid: () => '', seed: () => 2 ** 31, sleep };
  const quiet = { onChange: () => {}, onFailure: () => {} };
  const domains = createDomains({ log: stage.log, env, makePolicy: createPolicy, ...quiet });
  onTestFinished(() => domains.stop());
  const domain = await domains.get(TENANT, DOMAIN);
  if (domain === undefined) throw new Error('there is no domain');
  const { timeline, refresh } = domain;
  const buckets = createBuckets({ onFailure: () => {} });
  const dependencies = { stream: ONLY_STREAM, env, log, snapshots: stage.snapshots, timeline, refresh };
  return {
    ask(reply: (outcome: BucketOutcome) => void) {
      buckets.send(ONLY_STREAM, () => dependencies, {
        ...{ id: randomUUID(), type: 'ItemsShown', correlationId: '', causationId: '', reply },
        make: () => ({ domainRevision: 0, decisionRevision: 0, items: [], requestHash: new Uint8Array(0) }),
      });
    },
  };
}

test('a bucket that loses races pauses at random, longer each time, and gives up after the fourth', async () => {
  const stage = await given([configured()]);
  const log = faulty(stage.log);
  log.script = ['conflict', 'conflict', 'conflict', 'conflict'];
  const paused: number[] = [];
  const buckets = await bareBuckets(stage, log, async (ms) => void paused.push(ms));
  const asked = () => new Promise(buckets.ask);
  expect(await asked()).toMatchObject({ status: 'failed', problem: { code: 'conflict', retryAfter: 1 } });
  expect(paused).toEqual([1, 2, 4].map((times) => times * CONFLICT_PAUSE_MS));
  expect(await asked()).toMatchObject({ status: 'recorded', revision: 0 });
  await stage.stop();
});

test.each([
  [['ok'], ['recorded', 'recorded']],
  [['lost'], ['recorded', 'recorded']],
  [['log_full'], ['failed', 'recorded']],
  [
    ['lost', 'log_full'],
    ['failed', 'recorded'],
  ],
  [
    ['conflict', 'conflict', 'conflict', 'conflict'],
    ['failed', 'recorded'],
  ],
] satisfies [Fault[], BucketOutcome['status'][]][])(
  'who asks again within an answer is answered too, of a log that answers %s',
  async (script, statuses) => {
    const stage = await given([configured()]);
    const log = faulty(stage.log);
    log.script = [...script];
    const { ask } = await bareBuckets(stage, log);
    const outcomes = await new Promise<BucketOutcome[]>((resolve) =>
      ask((first) => ask((second) => resolve([first, second]))),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(statuses);
    await stage.stop();
  },
);

test('who asks again within the refusal of a bucket that cannot be read is refused too, and not forgotten', async () => {
  const stage = await given([configured()]);
  const snapshots = { ...NO_SNAPSHOTS, latest: () => Promise.reject(new Error('secret')) };
  const { ask } = await bareBuckets({ ...stage, snapshots }, stage.log);
  const outcomes = await new Promise<BucketOutcome[]>((resolve) =>
    ask((first) => ask((second) => resolve([first, second]))),
  );
  expect(outcomes).toMatchObject([{ problem: { code: 'internal' } }, { problem: { code: 'shutting_down' } }]);
  await stage.stop();
});

test('a bucket is not put away while it makes a batch, though a request that moves on needs its place', async () => {
  // Given a bucket that writes a decision, behind which another one and a reward wait,
  const log = memory();
  let hold = Promise.resolve();
  const append: EventLog['append'] = async (stream, expected, events) => {
    if (stream.startsWith('bucket-')) await hold;
    return log.append(stream, expected, events);
  };
  const context = { urgent: { type: 'boolean' } } as const;
  const config = { arms: ['red', 'blue'], context };
  const stage = await given([configured(config)], { log: { ...log, append }, maxLiveBuckets: 1 });
  const body = { context: { urgent: true } };
  const { decisionId } = await stage.reckoner.decide(DOMAIN, body);
  let release = () => {};
  hold = new Promise((resolve) => {
    release = resolve;
  });
  const waiting = [
    stage.reckoner.decide(DOMAIN, body),
    stage.reckoner.decide(DOMAIN, body),
    stage.reckoner.reward(decisionId, { value: 1 }),
  ] as const;
  // when the domain is bucketed anew meanwhile, so that the one that waits belongs to a bucket that is not live,
  await stage.reckoner.configure(DOMAIN, { ...config, bucketBy: ['urgent'] });
  release();
  // then all are answered, the reward by the bucket that it came to.
  const [written, moved, receipt] = await Promise.all(waiting);
  expect(written.bucket).not.toBe(moved.bucket);
  expect(receipt).toMatchObject({ decisionId, value: 1, repeated: false });
  await stage.stop();
});
