import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../actors/agents/agent-outcome.ts';
import { seal } from '../../../events/seal.ts';
import { agentStage, failing, good, question, scripted, settled } from '../agent-stage.ts';

const envelope = { correlationId: 'c', causationId: '', time: 1_700_000_000_000, writer: 'other' };

describe('a call', () => {
  test('is answered after its outcome is in the log', async () => {
    const stage = agentStage();
    const agent = await stage.start();

    const result = await agent.call({ ...question(), decisionId: 'demo.abc' });

    expect(result).toMatchObject({ ok: true, answer: 'secret answer', costUsd: 0.01, source: 'simulated' });
    expect(await stage.recorded()).toMatchObject([
      {
        id: result.eventId,
        type: 'AgentCallSucceeded',
        data: { agent: 'sim-small', decisionId: 'demo.abc', costUsd: 0.01, source: 'simulated' },
        metadata: { writer: 'node-a', time: stage.clock.now() },
      },
    ]);
  });

  test('leaves no trace of what was asked or answered', async () => {
    const stage = agentStage();
    const agent = await stage.start();
    await agent.call(question());
    stage.perform = failing;
    await agent.call(question());

    for await (const event of stage.log.readAll()) {
      const bytes = Buffer.concat([event.data, event.metadata]).toString('latin1');
      expect(bytes).not.toMatch(/secret|provider/);
    }
    expect(stage.faults).toMatchObject([{ message: 'the provider answered 500' }]);
  });

  test('that takes longer than its timeout is given up and its signal aborted', async () => {
    const stage = agentStage();
    const agent = await stage.start();
    let aborted = false;
    stage.perform = (_call, signal) =>
      new Promise(() => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
      });

    const call = agent.call(question());
    await settled();
    stage.clock.advance(1_000);

    expect(await call).toMatchObject({ ok: false, category: 'timeout', latencyMs: 1_000, state: 'degraded' });
    expect(aborted).toBe(true);
  });

  test('has no longer than its caller waits, and is not begun after that', async () => {
    const stage = agentStage();
    const agent = await stage.start();
    let begun = 0;
    stage.perform = () => {
      begun++;
      return new Promise(() => {});
    };
    const call = agent.call({ ...question(), deadline: stage.clock.now() + 200 });
    await settled();
    stage.clock.advance(200);
    expect(await call).toMatchObject({ category: 'timeout', latencyMs: 200 });

    expect(await agent.call({ ...question(), deadline: stage.clock.now() })).toMatchObject({ category: 'timeout' });
    expect(begun).toBe(1);
  });

  test('beyond the bound is refused as overloaded, recorded, and says nothing about health', async () => {
    const stage = agentStage({ concurrency: 2 });
    const agent = await stage.start();
    const waiting: ((outcome: Outcome) => void)[] = [];
    stage.perform = () => new Promise((resolve) => waiting.push(resolve));
    const calls = [agent.call(question()), agent.call(question())];
    await settled();

    expect(await agent.call(question())).toMatchObject({ ok: false, category: 'overloaded', state: 'healthy' });

    for (const resolve of waiting) resolve(good);
    expect(await Promise.all(calls)).toMatchObject([{ ok: true }, { ok: true }]);
    stage.perform = async () => good;
    expect(await agent.call(question())).toMatchObject({ ok: true });
  });
});

describe('the breaker', () => {
  test('goes from healthy over degraded to open with failures in a row, and a success heals it', async () => {
    const stage = agentStage({ openAfter: 3 });
    const agent = await stage.start();
    const states = [agent.state()];
    for (const perform of [failing, async () => good, failing, failing, failing]) {
      stage.perform = perform;
      await agent.call(question());
      states.push(agent.state());
    }
    expect(states).toEqual(['healthy', 'degraded', 'healthy', 'degraded', 'degraded', 'open']);
    expect(await stage.told()).toEqual([
      'failed → degraded',
      'AgentCallSucceeded',
      'failed → degraded',
      'failed → degraded',
      'failed → open',
    ]);
  });

  test('refuses while it is open, and lets one probe through after its rest', async () => {
    const stage = agentStage({ openAfter: 1, cooldownMs: 10_000 });
    const agent = await stage.start();
    stage.perform = failing;
    await agent.call(question());
    stage.clock.advance(9_000);
    const refused = { ok: false, category: 'refused', asked: false, state: 'open', retryAfterMs: 1_000 };
    for (let call = 0; call < 3; call++) expect(await agent.call(question())).toMatchObject(refused);

    stage.clock.advance(1_000);
    let heal: ((outcome: Outcome) => void) | undefined;
    stage.perform = () => new Promise((resolve) => (heal = resolve));
    const probe = agent.call(question());
    await settled();
    expect(agent.state()).toBe('halfOpen');
    expect(await agent.call(question())).toMatchObject({ ok: false, category: 'refused' });
    heal?.(good);
    expect(await probe).toMatchObject({ ok: true });
    expect(agent.state()).toBe('healthy');
  });

  test('counts whom it turns away, and records them with the next call that ends', async () => {
    const stage = agentStage({ openAfter: 1, cooldownMs: 10_000 });
    const agent = await stage.start();
    stage.perform = failing;
    await agent.call(question());
    for (let call = 0; call < 1_000; call++) await agent.call(question());
    expect(await stage.told()).toEqual(['failed → open']);

    stage.clock.advance(10_000);
    stage.perform = async () => good;
    await Promise.all([agent.call(question()), agent.call(question())]);
    await agent.call(question());
    const told = (await stage.recorded()).map(({ data }) => 'turnedAway' in data && data.turnedAway);
    // One more came while the probe was under way.
    expect(told).toEqual([0, 1_001, 0]);
  });

  test('that another process moved on still tells whom it turned away, once', async () => {
    const stage = agentStage({ openAfter: 2, cooldownMs: 10_000 });
    const [one, other] = [await stage.start(), await stage.start()];
    stage.perform = failing;
    for (let call = 0; call < 5; call++) await one.call(question());
    stage.clock.advance(10_000);
    stage.perform = async () => good;
    await other.call(question());
    await one.call(question());
    await one.call(question());
    const told = (await stage.recorded()).map(({ data }) => 'turnedAway' in data && data.turnedAway);
    expect(told).toEqual([0, 0, 0, 3, 0]);
  });

  test('opens again for a whole rest when the probe fails', async () => {
    const stage = agentStage({ openAfter: 1, cooldownMs: 10_000 });
    const agent = await stage.start();
    stage.perform = failing;
    await agent.call(question());
    stage.clock.advance(10_000);
    await agent.call(question());
    stage.clock.advance(9_999);
    expect(await agent.call(question())).toMatchObject({ category: 'refused', state: 'open' });
  });

  test('probes again after a probe that was declined, which shows nothing', async () => {
    const stage = agentStage({ openAfter: 1, cooldownMs: 10_000 });
    const agent = await stage.start();
    stage.perform = failing;
    await agent.call(question());
    stage.clock.advance(10_000);
    stage.perform = async () => ({ ok: false, category: 'refused' });
    await agent.call(question());
    stage.perform = async () => good;
    expect(await agent.call(question())).toMatchObject({ ok: true });
  });

  test('is as open after a restart as before, and rests no longer for it', async () => {
    const stage = agentStage({ openAfter: 3, cooldownMs: 10_000 });
    const before = await stage.start();
    stage.perform = failing;
    for (let call = 0; call < 4; call++) await before.call(question());
    await before.stop();

    stage.clock.advance(9_999);
    const after = await stage.start();
    expect(after.state()).toBe('open');
    expect(await after.call(question())).toMatchObject({ category: 'refused', retryAfterMs: 1 });
    stage.clock.advance(1);
    stage.perform = async () => good;
    expect(await after.call(question())).toMatchObject({ ok: true });
    expect(after.state()).toBe('healthy');
  });

  test('counts on after a restart where it stood', async () => {
    const stage = agentStage({ openAfter: 3 });
    const before = await stage.start();
    await before.call(question());
    stage.perform = failing;
    for (let call = 0; call < 2; call++) await before.call(question());
    await before.stop();

    const after = await stage.start();
    expect(after.state()).toBe('degraded');
    await after.call(question());
    expect(after.state()).toBe('open');
  });
});

describe('the stream', () => {
  test('takes outcomes that arrive together in one append, each chained to the one before', async () => {
    const stage = agentStage({ concurrency: 64 });
    const agent = await stage.start();
    await Promise.all(Array.from({ length: 50 }, () => agent.call(question())));
    const events = await stage.recorded();
    expect(events.map((event) => event.revision)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(new Set(events.map((event) => Buffer.from(event.metadata.previousHash).toString('hex'))).size).toBe(50);
  });

  test('that another process wrote to is read again, and its outcomes count', async () => {
    const stage = agentStage({ openAfter: 3 });
    const one = await stage.start();
    const other = await stage.start();
    stage.perform = failing;
    await other.call(question());
    await other.call(question());

    await one.call(question());

    expect(one.state()).toBe('open');
    expect(await stage.told()).toEqual(['failed → degraded', 'failed → degraded', 'failed → open']);
  });

  test('that somebody else always wins is given up after three retries, with an error that says so', async () => {
    const stage = agentStage();
    const lost = async () => ({ status: 'conflict', reason: 'revision', actual: 7 }) as const;
    const agent = await stage.start(scripted(stage.log, [lost, lost, lost, lost]));
    await expect(agent.call(question())).rejects.toMatchObject({ problem: { code: 'conflict' } });
    expect(await agent.call(question())).toMatchObject({ ok: true });
  });

  test('whose log does not say whether it wrote is asked again until it does, and holds the outcome once', async () => {
    const stage = agentStage();
    const unknown = async () => ({ status: 'outcomeUnknown', cause: new Error('connection lost') }) as const;
    const agent = await stage.start(scripted(stage.log, [unknown, unknown]));
    const call = agent.call(question());
    for (let turn = 0; turn < 3; turn++) {
      await settled();
      stage.clock.advance(100);
    }
    expect(await call).toMatchObject({ ok: true });
    expect(await stage.told()).toEqual(['AgentCallSucceeded']);
  });

  test('keeps unknown events of a newer version and skips them', async () => {
    const stage = agentStage({ openAfter: 2 });
    const agent = await stage.start();
    stage.perform = failing;
    await agent.call(question());
    await agent.stop();
    const [first] = await stage.recorded();
    const draft = { id: 'b1b1b1b1-0000-4000-8000-000000000000', type: 'AgentCallSucceeded' as const };
    const data = {
      agent: 'a',
      decisionId: '',
      latencyMs: 0,
      costUsd: 0,
      quality: 0,
      source: '',
      turnedAway: 0,
      inputTokens: 0,
      arm: '',
    };
    const stream = first?.stream ?? '';
    const head = { revision: 0, hash: new Uint8Array(32) };
    const { record } = seal({ ...draft, data: { ...data, outputTokens: 0 } }, envelope, head, stream);
    await stage.log.append(stream, 0, [{ ...record, type: 'AgentWasPromoted' }]);

    const after = await stage.start();
    expect(after.state()).toBe('degraded');
    await after.call(question());
    expect(after.state()).toBe('open');
  });
});

test('an agent that stops cuts off what is under way, records nothing of it, and refuses what comes', async () => {
  const stage = agentStage();
  const agent = await stage.start();
  const signals: AbortSignal[] = [];
  stage.perform = (_call, signal) => new Promise(() => signals.push(signal));
  const call = agent.call(question());
  await settled();
  const stopped = agent.stop();
  await expect(agent.call(question())).rejects.toMatchObject({ problem: { code: 'shutting_down' } });
  await expect(call).rejects.toMatchObject({ problem: { code: 'shutting_down' } });
  await stopped;
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(await stage.told()).toEqual([]);
});

test('a breaker that breaks is told of, and is made anew from the log with the next outcome', async () => {
  let read = 0;
  const cooldownMs = {
    // The second who asks for it is the machine itself; the first foresees what it will do.
    [Symbol.toPrimitive]() {
      read += 1;
      if (read === 2) throw new Error('as scripted');
      return 10_000;
    },
  };
  const stage = agentStage({ openAfter: 3, cooldownMs: cooldownMs as unknown as number }); // an object that breaks when it is read
  const agent = await stage.start();
  stage.perform = failing;
  await agent.call(question());
  expect(stage.failures).toMatchObject([{ stream: 'agent-sim-small-node-a', thrown: { message: 'as scripted' } }]);
  await agent.call(question());
  expect(agent.state()).toBe('degraded');
  await agent.call(question());
  expect(agent.state()).toBe('open');
  expect(stage.failures).toHaveLength(1);
  expect(await stage.told()).toEqual(['failed → degraded', 'failed → degraded', 'failed → open']);
});

test('a success whose id is in the log already is recorded under another one, and takes nothing down with it', async () => {
  const stage = agentStage({ concurrency: 3 });
  const one = await stage.start();
  const other = await stage.start();
  const successId = 'b1b1b1b1-0000-4000-8000-000000000000';
  expect(await one.call({ ...question(), successId })).toMatchObject({ eventId: successId });
  await other.call(question());
  const [again, beside] = await Promise.all([other.call({ ...question(), successId }), other.call(question())]);
  expect([again.ok, beside.ok]).toEqual([true, true]);
  const ids = (await stage.recorded()).map(({ id }) => id);
  expect(ids).toHaveLength(4);
  expect(ids).toContain(again.eventId);
  expect(again.eventId).not.toBe(successId);
});

test('a probe whose outcome the log refuses does not keep the breaker half open for ever', async () => {
  const stage = agentStage({ openAfter: 1, cooldownMs: 10_000 });
  const full = async () => Promise.reject(new Error('disk full'));
  const agent = await stage.start(scripted(stage.log, [async () => undefined, full]));
  stage.perform = failing;
  await agent.call(question());
  stage.clock.advance(10_000);
  stage.perform = async () => good;
  await expect(agent.call(question())).rejects.toThrow('disk full');
  expect(await agent.call(question())).toMatchObject({ ok: true });
});

test('an agent that stops waits no longer for a log that never says whether it wrote', async () => {
  const stage = agentStage();
  const unknown = async () => ({ status: 'outcomeUnknown', cause: new Error('connection lost') }) as const;
  const agent = await stage.start(
    scripted(
      stage.log,
      Array.from({ length: 99 }, () => unknown),
    ),
  );
  const call = agent.call(question());
  const refused = expect(call).rejects.toMatchObject({ problem: { code: 'outcome_unknown' } });
  await settled();
  const stopped = agent.stop();
  stage.clock.advance(100);
  await refused;
  await stopped;
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a text', 'done'],
  ['no category', { ok: false }],
  ['a category that nobody knows', { ok: false, category: 'tired' }],
  ['no cost', { ok: true, answer: 1 }],
  ['a cost that is no number', { ok: true, answer: 1, costUsd: Number.NaN }],
  ['a cost below nothing', { ok: true, answer: 1, costUsd: -1 }],
  ['a quality above 1', { ok: true, answer: 1, costUsd: 0, quality: 2 }],
  ['a latency that is a text', { ok: false, category: 'failed', latencyMs: '5' }],
  ['a latency without end', { ok: true, answer: 1, costUsd: 0, latencyMs: Infinity }],
  ['half a token', { ok: true, answer: 1, costUsd: 0, inputTokens: 1.5 }],
  ['more tokens than can be counted', { ok: true, answer: 1, costUsd: 0, outputTokens: 2 ** 32 }],
])('an agent that gives back %s has failed, and spoils no call beside it', async (_, outcome) => {
  const stage = agentStage({ concurrency: 3 });
  const agent = await stage.start();
  let calls = 0;
  stage.perform = async () => (++calls === 2 ? (outcome as Outcome) : good);
  const results = await Promise.all([1, 2, 3].map(() => agent.call(question())));
  expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
  expect(results[1]).toMatchObject({ category: 'failed', asked: true, latencyMs: 0 });
  expect(await stage.told()).toEqual(['AgentCallSucceeded', 'failed → degraded', 'AgentCallSucceeded']);
  expect(stage.faults).toMatchObject([{ name: 'TypeError' }]);
});

test('calls that succeed together under one id are all recorded, and one of them has it', async () => {
  const stage = agentStage({ concurrency: 3 });
  const agent = await stage.start();
  const successId = 'b1b1b1b1-0000-4000-8000-000000000000';
  const together = () => Promise.all([1, 2, 3].map(() => agent.call({ ...question(), successId })));
  const first = await together();
  expect(first.filter(({ eventId }) => eventId === successId)).toHaveLength(1);
  const again = await together();
  expect(again.filter(({ eventId }) => eventId === successId)).toEqual([]);
  expect(new Set((await stage.recorded()).map(({ id }) => id)).size).toBe(6);
});
