import { expect, test } from 'vitest';
import type { Members } from '../../../actors/cluster/members.ts';
import { createPlacement } from '../../../actors/cluster/placement.ts';
import { ReckonerError } from '../../../events/errors.ts';
import type { Reply } from '../../../events/message-bus.ts';

const MESSAGE = { subject: 'decide.testing', body: {}, headers: {} };
const STREAMS = Array.from({ length: 60 }, (_, index) => `bucket-default-testing-${index}`);

/** Three members, of whom this is `one`; what the others answer is up to the test. */
function stage() {
  const at = { time: 0, live: ['one', 'two', 'three'] };
  const listeners = new Set<() => void>();
  const answers = new Map<string, () => Promise<Reply>>();
  const members: Members = {
    self: 'one',
    live: () => at.live,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    ask: (node) => answers.get(node)?.() ?? Promise.resolve({ ok: true, body: node }),
    respond: () => ({ close: async () => {} }),
    join: () => {},
    leave: () => {},
  };
  const placement = createPlacement(members, { now: () => at.time });
  return {
    at,
    placement,
    answer: (node: string, answer: () => Promise<Reply>) => void answers.set(node, answer),
    change(...live: string[]) {
      at.live = live;
      for (const listener of listeners) listener();
    },
    owners: () => [...new Set(STREAMS.map(placement.ownerOf))].sort(),
  };
}

const thrown = (code: ConstructorParameters<typeof ReckonerError>[0]) => () =>
  Promise.reject(new ReckonerError(code, ''));
const refused = (code: ConstructorParameters<typeof ReckonerError>[0]) => async () =>
  ({ ok: false, problem: new ReckonerError(code, '').problem }) as const;

test('what an owner answers counts, also where it refuses', async () => {
  const { placement, answer } = stage();
  expect(await placement.forward('two', MESSAGE)).toEqual({ ok: true, body: 'two' });
  for (const code of ['arm_unknown', 'conflict', 'overloaded', 'outcome_unknown', 'context_invalid'] as const) {
    answer('two', refused(code));
    expect(await placement.forward('two', MESSAGE)).toMatchObject({ ok: false, problem: { code } });
  }
  expect(placement.counts).toEqual({ forwarded: 6, takenOver: 0 });
});

test('what an older version does not know, or a node that goes cannot do, is handled here', async () => {
  const { placement, answer, owners } = stage();
  for (const code of ['route_unknown', 'request_invalid', 'agent_unknown'] as const) {
    answer('two', refused(code));
    expect(await placement.forward('two', MESSAGE)).toBeUndefined();
  }
  expect(owners()).toEqual(['one', 'three', 'two']);
  answer('two', refused('shutting_down'));
  expect(await placement.forward('two', MESSAGE)).toBeUndefined();
  expect(owners()).toEqual(['one', 'three']);
  expect(placement.counts).toEqual({ forwarded: 0, takenOver: 4 });
});

test('a node that nobody listens at is suspected for a while, and who waits for it waits no more', async () => {
  const { at, placement, answer, owners } = stage();
  let changes = 0;
  placement.onChange(() => {
    changes += 1;
  });
  answer('two', () => new Promise(() => {}));
  const waits = placement.forward('two', MESSAGE, 600_000);
  answer('two', thrown('overloaded'));
  expect(await placement.forward('two', MESSAGE)).toBeUndefined();
  expect(await waits).toBeUndefined();
  expect(owners()).toEqual(['one', 'three']);
  expect(changes).toBe(1);
  at.time += 3_499;
  expect(owners()).toEqual(['one', 'three']);
  at.time += 1;
  expect(owners()).toEqual(['one', 'three', 'two']);
  expect(changes).toBe(2);
});

test('who waits for a node is told when it goes', async () => {
  const { placement, answer, change } = stage();
  answer('two', () => new Promise(() => {}));
  const waits = placement.forward('two', MESSAGE, 600_000);
  change('one', 'three');
  expect(await waits).toBeUndefined();
});

test('one that answers others is only slow with this; what could not be sent says nothing of it', async () => {
  const { at, placement, answer, owners } = stage();
  let expire = () => {};
  answer(
    'two',
    () =>
      new Promise((_, reject) => {
        expire = () => reject(new ReckonerError('outcome_unknown', ''));
      }),
  );
  const waits = placement.forward('two', MESSAGE);
  at.time += 1_000;
  answer('two', async () => ({ ok: true, body: 'two' }));
  await placement.forward('two', MESSAGE);
  at.time += 1_000;
  expire();
  expect(await waits).toBeUndefined();
  expect(owners()).toEqual(['one', 'three', 'two']);
  answer('two', thrown('bus_unreachable'));
  expect(await placement.forward('two', MESSAGE)).toBeUndefined();
  expect(owners()).toEqual(['one', 'three', 'two']);
  at.time += 1;
  answer('two', thrown('outcome_unknown'));
  expect(await placement.forward('two', MESSAGE)).toBeUndefined();
  expect(owners()).toEqual(['one', 'three']);
});
