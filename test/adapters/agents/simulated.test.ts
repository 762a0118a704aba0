import { expect, test } from 'vitest';
import { diceOf, type SimulatedWorld, simulatedAgent, successOf } from '../../../adapters/agents/simulated.ts';

const world: SimulatedWorld = {
  feature: 'task',
  values: { chat: 1, code: 1 },
  arms: { small: { success: { chat: 0.8, code: 0.2 }, latencyMs: 100, costUsd: 0.001, failure: 0.1 } },
};

const call = (id: number, task = 'chat') => ({
  decisionId: `demo.${id}`,
  arm: 'small',
  correlationId: '',
  question: { context: { task } },
});

async function shareOfGood(task: string): Promise<number> {
  const perform = simulatedAgent(world, 'small', 1);
  let good = 0;
  for (let id = 0; id < 4000; id++) {
    const outcome = await perform(call(id, task));
    if (outcome.ok) good += outcome.quality ?? 0;
  }
  return good / 4000;
}

test('a simulated agent is as good as its world says, context by context', async () => {
  expect(await shareOfGood('chat')).toBeCloseTo(successOf(world, 'small', { task: 'chat' }), 1);
  expect(await shareOfGood('code')).toBeCloseTo(successOf(world, 'small', { task: 'code' }), 1);
});

test('its outcome depends on seed and decision, not on the order of calls', async () => {
  const perform = simulatedAgent(world, 'small', 1);
  const forwards = await Promise.all([1, 2, 3].map((id) => perform(call(id))));
  const backwards = await Promise.all([3, 2, 1].map((id) => perform(call(id))));
  expect(backwards.reverse()).toEqual(forwards);
});

test('every answer says that it is simulated', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, id) => simulatedAgent(world, 'small', 1)(call(id))),
  );
  const answers = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.answer] : []));
  expect(answers.length).toBeGreaterThan(30);
  for (const answer of answers)
    expect(answer).toMatchObject({ source: 'simulated', text: expect.stringMatching(/^\[simulated\]/) });
});

test('a question that it cannot make sense of is declined: that is no fault of the agent', async () => {
  expect(await simulatedAgent(world, 'small', 1)({ ...call(1), question: 'hello' })).toMatchObject({
    ok: false,
    category: 'refused',
  });
});

test('an arm that the world does not know is refused when it is made', () => {
  expect(() => simulatedAgent(world, 'huge', 1)).toThrow(RangeError);
});

test('dice are numbers in [0, 1) that a name fixes', () => {
  const [one, other] = [diceOf('a'), diceOf('a')];
  for (let round = 0; round < 100; round++) {
    const value = one();
    expect(value).toBe(other());
    expect(value >= 0 && value < 1).toBe(true);
  }
});
