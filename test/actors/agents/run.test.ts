/** The router hands the arm to its agent, and falls back along the remaining candidates. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Attempt, RunBody } from '../../../actors/messages/run.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import type { DecodedEvent } from '../../../events/catalogue.ts';
import { ReckonerError } from '../../../events/errors.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { answers, type Cast, cast, fails, hangs } from '../cast.ts';
import { brokenLinks, configured, DOMAIN, given, openStage, problemOf, type Stage } from '../given.ts';
import { stateFrom } from '../posterior.ts';

const ARMS = ['red', 'green', 'blue', 'violet'];

function stageWith(agents: Cast, arms: readonly string[] = ARMS, log?: EventLog): Promise<Stage> {
  return given([configured({ arms: [...arms], policy: { name: 'beta_thompson' } })], {
    agents: agents.agents,
    ...(log === undefined ? {} : { log }),
  });
}

function inWords({ type, data }: DecodedEvent): string {
  if (type === 'DecisionMade') return `chose ${data.arm}`;
  if (type === 'AgentCallSucceeded') return `${data.arm} answered`;
  if (type === 'AgentCallFailed') return `${data.arm} ${data.category}`;
  if (type === 'RewardObserved') return `${data.arm} learned ${data.value}${data.feedback && ` ${data.feedback}`}`;
  return type;
}

/** The order of the candidates, computed anew from the log alone. */
async function rankedBy(log: EventLog, made: DecodedEvent | undefined): Promise<readonly string[]> {
  if (made?.type !== 'DecisionMade') throw new Error('no decision');
  const { domain, posterior } = await stateFrom(log, { stream: made.stream, upTo: made.revision });
  const { candidates, seed } = made.data;
  const { ranking } = domain.policy.choose(posterior, made.data, seed, candidates.length);
  return ranking.map((index) => candidates[index] ?? '');
}

test('the chosen arm’s agent is asked the question, and its answer comes back with the decision', async () => {
  const agents = cast(ARMS);
  const stage = await stageWith(agents);
  const { answer, events } = await stage.when((reckoner) => reckoner.run(DOMAIN, { question: { text: 'secret' } }));
  const { arm, decisionId, requestId } = answer.decision;
  expect(answer).toMatchObject({ arm, answer: arm, source: 'simulated', costUsd: 0.01, quality: 0.8, latencyMs: 40 });
  expect(answer).toMatchObject({ repeated: false, attempts: [{ arm, agent: arm, failure: null }] });
  expect(agents.asked).toMatchObject([{ agent: arm, call: { decisionId, arm, question: { text: 'secret' } } }]);
  const [made, called] = events;
  expect(events.map(inWords)).toEqual([`chose ${arm}`, `${arm} answered`]);
  expect(made?.data).toMatchObject({ run: true });
  expect(called).toMatchObject({
    id: answer.attempts[0]?.eventId,
    stream: `agent-${arm}-stage`,
    data: { agent: arm, arm, decisionId },
    metadata: { correlationId: requestId, causationId: made?.id },
  });
  await stage.stop();
});

test('neither the question nor the answer is in the log', async () => {
  const agents = cast(ARMS);
  for (const arm of ARMS) agents.does[arm] = answers('secret answer');
  const stage = await stageWith(agents);
  await stage.reckoner.run(DOMAIN, { requestId: 'r', question: 'secret question' });
  for await (const { data, metadata } of stage.log.readAll())
    expect(Buffer.concat([data, metadata]).toString('latin1')).not.toContain('secret');
  await stage.stop();
});

describe('falling back', () => {
  test('goes in the order in which the bucket ranked the candidates, until one answers', async () => {
    const agents = cast(ARMS);
    for (const arm of ARMS) agents.does[arm] = fails;
    const stage = await stageWith(agents);
    const first = await stage.when((reckoner) => reckoner.run(DOMAIN, { question: 1 }));
    const order = await rankedBy(stage.log, first.events[0]);
    expect(agents.asked.map(({ agent }) => agent)).toEqual(order);

    const [made] = first.events;
    agents.does[order[3] ?? ''] = answers('last');
    agents.asked.length = 0;
    const { answer, events } = await stage.when((reckoner) => reckoner.run(DOMAIN, { question: 1 }));
    const ranked = await rankedBy(stage.log, events[0]);
    const tried = ranked.slice(0, ranked.indexOf(order[3] ?? '') + 1);
    expect(made?.data).not.toEqual(events[0]?.data);
    expect(answer.attempts.map(({ arm }) => arm)).toEqual(tried);
    expect(answer).toMatchObject({ arm: order[3], answer: 'last', decision: { arm: ranked[0] } });
    expect(events.map(inWords)).toEqual([
      `chose ${ranked[0]}`,
      ...tried.slice(0, -1).flatMap((arm) => [`${arm} failed`, `${arm} learned 0 failed`]),
      `${order[3]} answered`,
    ]);
    await stage.stop();
  });

  test('keeps to the candidates of the request', async () => {
    const agents = cast(ARMS);
    for (const arm of ARMS) agents.does[arm] = fails;
    const stage = await stageWith(agents);
    const candidates = ['blue', 'red'];
    expect((await stage.when((reckoner) => reckoner.run(DOMAIN, { candidates, question: 1 }))).problem).toMatchObject({
      code: 'agent_failed',
    });
    expect(agents.asked.map(({ agent }) => agent).sort()).toEqual(candidates);
    await stage.stop();
  });

  test('teaches each arm that was asked and failed, and rewards the one that answered', async () => {
    const agents = cast(ARMS);
    const stage = await stageWith(agents, ['red', 'green']);
    agents.does.red = fails;
    agents.does.green = fails;
    await stage.when((reckoner) => reckoner.run(DOMAIN, { question: 1 }));
    const both = await stage.events('RewardObserved');
    const [made] = await stage.events('DecisionMade');
    if (made?.type !== 'DecisionMade') throw new Error('no decision');
    // A stand-in was not drawn: only the chosen arm has the decision's propensity.
    expect(both.map(({ data }) => data)).toMatchObject([
      { arm: made.data.arm, value: 0, share: 1, propensity: made.data.propensity },
      { value: 0, share: 1, propensity: undefined },
    ]);

    const { posterior, domain } = await stateFrom(stage.log);
    expect(domain.policy.belief(posterior, { ...made.data }, 0)).toMatchObject({ pulls: 1 });
    expect(domain.policy.belief(posterior, { ...made.data }, 1)).toMatchObject({ pulls: 1 });
    await stage.stop();
  });

  test('gives the reward to the arm that answered, also from another node, and once', async () => {
    const agents = cast(ARMS);
    const stage = await stageWith(agents, ['red', 'green']);
    const standIn = await fallenBack(stage, agents);
    const { decisionId } = standIn.decision;
    const receipt = await stage.reckoner.reward(decisionId, { value: 1 });
    expect(receipt).toMatchObject({ arm: standIn.arm, repeated: false });
    expect((await stage.events('RewardObserved')).at(-1)?.data).toMatchObject({
      arm: standIn.arm,
      value: 1,
      propensity: undefined,
    });
    await stage.stop();

    const other = await openStage({ log: stage.log, node: 'other' });
    expect(await other.reckoner.reward(decisionId, { value: 1 })).toEqual({ ...receipt, repeated: true });
    expect(await other.reckoner.reward(decisionId, { value: 1, kind: 'implicit' })).toMatchObject({ arm: standIn.arm });
    expect(await other.reckoner.explain(decisionId)).toMatchObject({ verified: true, arm: standIn.decision.arm });
    expect(await brokenLinks(stage.log)).toEqual([]);
    await other.stop();
  });

  test('passes over an agent whose breaker is open, and holds that against nobody', async () => {
    const agents = cast(['red', 'green'], { openAfter: 1, cooldownMs: 1e9 });
    const stage = await stageWith(agents, ['red', 'green']);
    agents.does.red = fails;
    const candidates = ['red'];
    await stage.when((reckoner) => reckoner.run(DOMAIN, { candidates, question: 1 }));
    agents.asked.length = 0;
    const learned = await stage.events('RewardObserved');
    const attempts: Attempt[] = [];
    for (let times = 0; times < 20; times++)
      attempts.push(...(await stage.reckoner.run(DOMAIN, { question: 1 })).attempts);
    expect(new Set(agents.asked.map(({ agent }) => agent))).toEqual(new Set(['green']));
    expect(attempts).toContainEqual({ arm: 'red', agent: 'red', eventId: null, latencyMs: 0, failure: 'refused' });
    expect(await stage.events('AgentCallFailed')).toHaveLength(1);
    expect(await stage.events('RewardObserved')).toEqual(learned);
    await stage.stop();
  });

  test('that helps nothing is told, arm by arm; asking again asks the agents again, for the same decision', async () => {
    const agents = cast(['red', 'green']);
    agents.does.red = hangs;
    agents.does.green = async () => {
      throw new Error('secret');
    };
    const stage = await stageWith(agents, ['red', 'green']);
    const body = { requestId: 'once', question: 1 };
    const { problem, events } = await stage.when((reckoner) => reckoner.run(DOMAIN, body));
    const order = await rankedBy(stage.log, events[0]);
    const why: Record<string, string> = { red: 'timeout', green: 'failed' };
    expect(problem).toMatchObject({
      code: 'agent_failed',
      status: 502,
      remedy: expect.stringContaining('asks the agents anew'),
      details: order.map((arm) => ({ path: `arms.${arm}`, message: why[arm] })),
    });
    expect(JSON.stringify(problem)).not.toContain('secret');

    agents.does.red = answers('now');
    agents.does.green = answers('now');
    const again = await stage.when((reckoner) => reckoner.run(DOMAIN, body));
    expect(again.answer).toMatchObject({ arm: order[0], answer: 'now', repeated: false });
    expect(again.events.map(inWords)).toEqual([`${order[0]} answered`]);
    expect(problem?.message).toContain(again.answer.decision.decisionId);
    await stage.stop();
  });

  test('ends when the request’s time has passed', async () => {
    const agents = cast(ARMS);
    const stage = await stageWith(agents);
    for (const arm of ARMS) {
      agents.does[arm] = async () => {
        stage.time += 600;
        return fails();
      };
    }
    const { problem } = await stage.when((reckoner) => reckoner.run(DOMAIN, { question: 1, timeoutMs: 1000 }));
    expect(problem).toMatchObject({ code: 'deadline_exceeded', status: 504, details: [{}, {}] });
    expect(agents.asked).toHaveLength(2);
    await stage.stop();
  });
});

describe('a request that is repeated', () => {
  test('is carried out once: at the same time, and soon after', async () => {
    const agents = cast(ARMS);
    const stage = await stageWith(agents);
    const ask = () => stage.reckoner.run(DOMAIN, { requestId: 'once', question: 'a' });
    const [first, ...others] = await Promise.all([ask(), ask(), ask()]);
    for (const other of [...others, await ask()]) expect(other).toEqual({ ...first, repeated: true });
    expect(agents.asked).toHaveLength(1);
    expect(await stage.events('DecisionMade', 'AgentCallSucceeded')).toHaveLength(2);
    await stage.stop();
  });

  test('is not carried out again by a node that only has the log: it tells who answered, not what', async () => {
    const agents = cast(ARMS);
    const stage = await stageWith(agents, ['red', 'green']);
    const before = await fallenBack(stage, agents);
    await stage.stop();
    agents.asked.length = 0;
    const other = await openStage({ log: stage.log, node: 'other', agents: agents.agents });
    const body = { requestId: before.decision.requestId, question: 1 };
    const { answer, events } = await other.when((reckoner) => reckoner.run(DOMAIN, body));
    expect(answer).toMatchObject({ decision: before.decision, arm: before.arm, answer: null, repeated: true });
    expect(answer).toMatchObject({ costUsd: before.costUsd, quality: before.quality, source: before.source });
    expect(agents.asked).toEqual([]);
    expect(events).toEqual([]);
    await other.stop();
  });

  test('and is answered by two nodes at once has one arm that rewards reach, on both', async () => {
    const [here, there] = [cast(['red', 'green']), cast(['red', 'green'])];
    const patient = (ms: number) => new Promise<void>((wake) => void (ms < 1_000 && setImmediate(wake)));
    const stage = await given([configured({ arms: ['red', 'green'] })], { agents: here.agents, sleep: patient });
    const other = await openStage({ log: stage.log, node: 'other', agents: there.agents });
    const ask = ({ reckoner }: Stage) => reckoner.run(DOMAIN, { requestId: 'once', question: 1 });
    let quick: Awaited<ReturnType<typeof ask>> | undefined;
    for (const arm of ['red', 'green']) {
      // The agent here takes so long that meanwhile the other node is asked, where the other arm answers.
      here.does[arm] = async () => {
        there.does[arm] = fails;
        quick = await ask(other);
        return { ok: true, answer: arm, costUsd: 0 };
      };
    }
    const late = await ask(stage);
    expect([late.repeated, quick?.repeated, late.arm === quick?.arm]).toEqual([false, false, false]);
    const { decisionId } = late.decision;
    for (const { reckoner } of [stage, other])
      expect(await reckoner.reward(decisionId, { value: 1 })).toMatchObject({ arm: quick?.arm });
    await stage.stop();
    await other.stop();
  });

  test('with another question, or without one, is another request', async () => {
    const stage = await stageWith(cast(ARMS));
    await stage.reckoner.run(DOMAIN, { requestId: 'once', question: 'a' });
    for (const other of [
      stage.reckoner.run(DOMAIN, { requestId: 'once', question: 'b' }),
      stage.reckoner.decide(DOMAIN, { requestId: 'once' }),
    ])
      expect(await problemOf(other)).toMatchObject({ code: 'request_id_reused' });
    await stage.stop();
  });
});

describe('arms and agents', () => {
  test('an arm is carried out by the agent that its configuration names', async () => {
    const agents = cast(['claude', 'gpt']);
    const arms = [
      { name: 'terse', agent: 'claude' },
      { name: 'wordy', agent: 'claude' },
    ];
    const stage = await given([configured({ arms })], { agents: agents.agents });
    const { decision, answer } = await stage.reckoner.run(DOMAIN, { question: 1 });
    expect(answer).toBe('claude');
    expect(agents.asked).toMatchObject([{ agent: 'claude', call: { arm: decision.arm } }]);
    expect((await stage.events('AgentCallSucceeded'))[0]?.data).toMatchObject({ agent: 'claude', arm: decision.arm });
    await stage.stop();
  });

  test('an arm that nobody carries out is told before anything is decided', async () => {
    const stage = await stageWith(cast(['red']), ['red', 'green']);
    const { problem, events } = await stage.when((reckoner) => reckoner.run(DOMAIN, { question: 1 }));
    expect(problem).toMatchObject({ code: 'agent_unknown', status: 422, message: expect.stringContaining('green') });
    expect(events).toEqual([]);
    expect(await stage.reckoner.run(DOMAIN, { candidates: ['red'], question: 1 })).toMatchObject({ arm: 'red' });
    await stage.stop();
  });

  test('an arm that the request cannot get needs nobody', async () => {
    const arms = [
      { name: 'red', contextWindow: 1000 },
      { name: 'green', contextWindow: 10, tenants: ['acme'] },
    ];
    const stage = await given([configured({ arms, fallback: 'blue' })], { agents: cast(['red']).agents });
    expect(await stage.reckoner.run(DOMAIN, { question: 1, tokens: 1000 })).toMatchObject({ arm: 'red' });
    const { problem, events } = await stage.when((reckoner) => reckoner.run(DOMAIN, { question: 1, tokens: 1001 }));
    expect(problem).toMatchObject({ code: 'agent_unknown', message: expect.stringContaining('blue') });
    expect(events).toEqual([]);
    await stage.stop();
  });

  test('so is a fallback that nobody carries out, where constraints may call for it', async () => {
    const arms = [{ name: 'red', costUsd: 1 }];
    const stage = await given([configured({ arms, fallback: 'green' })], { agents: cast(['red']).agents });
    const body = { candidates: ['red'], question: 1 };
    const { problem, events } = await stage.when((reckoner) =>
      reckoner.run(DOMAIN, { ...body, constraints: { maxCostUsd: 0.5 } }),
    );
    expect(problem).toMatchObject({ code: 'agent_unknown', message: expect.stringContaining('green') });
    expect(events).toEqual([]);
    expect(await stage.reckoner.run(DOMAIN, body)).toMatchObject({ arm: 'red' });
    await stage.stop();
  });

  test('an agent whose stream cannot be read is counted, and tried anew by the next call', async () => {
    const log = openSqliteEventLog({ file: ':memory:' });
    let locked = true;
    const readStream: EventLog['readStream'] = (stream, options) => {
      if (!stream.startsWith('agent-') || !locked) return log.readStream(stream, options);
      locked = false;
      throw new ReckonerError('log_locked', 'As scripted.');
    };
    const stage = await stageWith(cast(['red']), ['red'], { ...log, readStream });
    const body = { requestId: 'once', question: 1 };
    expect(await problemOf(stage.reckoner.run(DOMAIN, body))).toMatchObject({ code: 'log_locked' });
    expect(stage.failures).toMatchObject([{ where: 'agent-red-stage' }]);
    expect(await stage.reckoner.health()).toMatchObject({ restarts: 1, ready: true });
    expect(await stage.reckoner.run(DOMAIN, body)).toMatchObject({ arm: 'red', repeated: false });
    expect(await stage.events('DecisionMade')).toHaveLength(1);
    await stage.stop();
  });
});

describe('a node that stops', () => {
  test('lets agents answer what is under way', async () => {
    const agents = cast(['red']);
    let finish = () => {};
    let begun = () => {};
    const asked = new Promise<void>((resolve) => {
      begun = resolve;
    });
    agents.does.red = () =>
      new Promise((resolve) => {
        finish = () => resolve({ ok: true, answer: 'red', costUsd: 0 });
        begun();
      });
    const patient = (ms: number) => new Promise<void>((wake) => void (ms < 1_000 && setImmediate(wake)));
    const stage = await given([configured({ arms: ['red'] })], { agents: agents.agents, sleep: patient });
    const running = stage.reckoner.run(DOMAIN, { question: 1 });
    await asked;
    const stopped = stage.stop();
    expect(await problemOf(stage.reckoner.run(DOMAIN, { question: 1 }))).toMatchObject({ code: 'shutting_down' });
    finish();
    expect(await running).toMatchObject({ arm: 'red', answer: 'red' });
    await stopped;
    expect(await stage.events('AgentCallSucceeded')).toHaveLength(1);
  });

  test('cuts off what takes longer than its patience, and the request can be sent again', async () => {
    const agents = cast(['red']);
    let drain = () => {};
    let begun = () => {};
    const asked = new Promise<void>((resolve) => {
      begun = resolve;
    });
    agents.does.red = () => {
      begun();
      return hangs();
    };
    // Who sleeps without a signal is the node itself, waiting for what is under way.
    const sleep = (_: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        if (signal === undefined) drain = resolve;
      });
    const stage = await given([configured({ arms: ['red'] })], { agents: agents.agents, sleep });
    const running = problemOf(stage.reckoner.run(DOMAIN, { requestId: 'once', question: 1 }));
    await asked;
    const stopped = stage.stop();
    drain();
    expect(await running).toMatchObject({ code: 'shutting_down' });
    await stopped;
    expect(await stage.events('AgentCallSucceeded', 'AgentCallFailed', 'RewardObserved')).toEqual([]);

    agents.does.red = answers('red');
    const other = await openStage({ log: stage.log, agents: agents.agents });
    expect(await other.reckoner.run(DOMAIN, { requestId: 'once', question: 1 })).toMatchObject({ answer: 'red' });
    expect(await other.events('DecisionMade')).toHaveLength(1);
    await other.stop();
  });
});

test('whatever was learned before, the order of a decision is what the log gives, here and on another node', async () => {
  const step = fc.record({
    failing: fc.subarray(ARMS),
    value: fc.double({ min: 0, max: 1, noNaN: true }),
    user: fc.nat({ max: 1 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const agents = cast(ARMS, { openAfter: 1e9 });
      const context = { user: { type: 'numeric', round: 1 } } as const;
      const facts = [configured({ arms: ARMS, context, bucketBy: ['user'], exploration: 0.2, sharing: { every: 3 } })];
      const stage = await given(facts, { agents: agents.agents, maxLiveBuckets: 1 });
      const unanswered: { readonly body: RunBody; readonly order: readonly string[] }[] = [];
      for (const [index, { failing, value, user }] of steps.entries()) {
        for (const arm of ARMS) agents.does[arm] = failing.includes(arm) ? fails : answers(arm);
        agents.asked.length = 0;
        const body = { requestId: `request-${index}`, context: { user }, question: index };
        const scene = await stage.when((reckoner) => reckoner.run(DOMAIN, body));
        const order = await rankedBy(
          stage.log,
          scene.events.find(({ type }) => type === 'DecisionMade'),
        );
        const answering = order.find((arm) => !failing.includes(arm));
        const tried = answering === undefined ? order : order.slice(0, order.indexOf(answering) + 1);
        expect(agents.asked.map(({ agent }) => agent)).toEqual(tried);
        if (answering === undefined) {
          expect(scene.problem).toMatchObject({ code: 'agent_failed' });
          unanswered.push({ body, order });
        } else {
          expect(scene.answer.arm).toBe(answering);
          expect(await stage.reckoner.reward(scene.answer.decision.decisionId, { value })).toMatchObject({
            arm: answering,
          });
        }
      }
      await stage.stop();

      for (const arm of ARMS) agents.does[arm] = fails;
      const other = await openStage({ log: stage.log, node: 'other', agents: agents.agents });
      for (const { body, order } of unanswered) {
        agents.asked.length = 0;
        expect(await problemOf(other.reckoner.run(DOMAIN, body))).toMatchObject({ code: 'agent_failed' });
        expect(agents.asked.map(({ agent }) => agent)).toEqual(order);
      }
      expect(await brokenLinks(stage.log)).toEqual([]);
      await other.stop();
    }),
    { numRuns: 15 },
  );
});

/** A run of a request that its chosen arm fails; the other one answers. */
async function fallenBack(stage: Stage, { does }: Cast) {
  for (let tries = 0; ; tries++) {
    does.red = tries % 2 === 0 ? fails : answers('red');
    does.green = tries % 2 === 0 ? answers('green') : fails;
    const run = await stage.reckoner.run(DOMAIN, { requestId: `try-${tries}`, question: 1 });
    if (run.arm !== run.decision.arm) return run;
  }
}
