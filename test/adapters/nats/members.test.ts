/** Heartbeats over a bus of this process; over a real server see `several-processes.test.ts`. */
import { expect, onTestFinished, test } from 'vitest';
import { createInProcessBus } from '../../../adapters/memory/message-bus.ts';
import { askNodes, HEARTBEAT, HOW_ARE_YOU, type MembersOptions, openMembers } from '../../../adapters/nats/members.ts';
import type { MessageBus } from '../../../events/message-bus.ts';

const STATUS = { liveBuckets: 3, inFlight: 1, position: '0000000000000007', forwarded: 0, takenOver: 0 };

/** Members that beat fast; each has its own way to the bus, which can be cut. */
async function memberOn(bus: MessageBus, self: string, options: Partial<MembersOptions> = {}) {
  let cut = false;
  const way: MessageBus = {
    ...bus,
    publish: async (...told) => (cut ? undefined : bus.publish(...told)),
  };
  const fast = { beatMs: 10, goneMs: 60, listenMs: 5 };
  const members = await openMembers({
    ...{ bus: way, self, version: '1', status: () => STATUS, ...fast, ...options },
  });
  onTestFinished(() => members.close());
  const cutOff = () => {
    cut = true;
  };
  return Object.assign(members, { cutOff });
}

test('who joins is known to all, with what is there by then; who only listens is not', async () => {
  const bus = createInProcessBus();
  const one = await memberOn(bus, 'one');
  one.join();
  const two = await memberOn(bus, 'two');
  expect(two.live()).toEqual(['one']);
  expect(one.live()).toEqual(['one']);
  two.join();
  await expect.poll(() => one.live()).toEqual(['one', 'two']);
  expect(two.live()).toEqual(['one', 'two']);
});

test('who says goodbye is gone at once, who says nothing after a while, and who comes back is back', async () => {
  const bus = createInProcessBus();
  const [one, two, three] = [await memberOn(bus, 'one'), await memberOn(bus, 'two'), await memberOn(bus, 'three')];
  for (const node of [one, two, three]) node.join();
  await expect.poll(() => one.live()).toEqual(['one', 'three', 'two']);
  let changes = 0;
  one.onChange(() => {
    changes += 1;
  });
  two.leave();
  await expect.poll(() => one.live(), { interval: 1 }).toEqual(['one', 'three']);
  three.cutOff();
  const since = performance.now();
  await expect.poll(() => one.live(), { interval: 1 }).toEqual(['one']);
  expect(performance.now() - since).toBeGreaterThan(40);
  const again = await memberOn(bus, 'three');
  again.join();
  await expect.poll(() => one.live()).toEqual(['one', 'three']);
  expect(changes).toBe(3);
});

test('a node whose own loop was held up takes nobody for gone', async () => {
  const bus = createInProcessBus();
  const [one, two] = [await memberOn(bus, 'one'), await memberOn(bus, 'two')];
  for (const node of [one, two]) node.join();
  await expect.poll(() => one.live()).toEqual(['one', 'two']);
  let changes = 0;
  one.onChange(() => {
    changes += 1;
  });
  const until = performance.now() + 200;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(changes).toBe(0);
});

test('clocks that differ are told of once, and which way', async () => {
  const bus = createInProcessBus();
  const troubles: string[] = [];
  const one = await memberOn(bus, 'one', { onTrouble: ({ message }) => troubles.push(message) });
  const two = await memberOn(bus, 'two', { clock: () => Date.now() + 5_000 });
  const three = await memberOn(bus, 'three', { clock: () => Date.now() - 2_500 });
  for (const node of [one, two, three]) node.join();
  await expect.poll(() => troubles.length).toBe(2);
  expect(troubles.sort()).toEqual([
    expect.stringMatching(/^The clock of node three is 2\.[45] s behind this one’s\.$/),
    expect.stringMatching(/^The clock of node two is (5\.0|4\.9) s ahead of this one’s\.$/),
  ]);
  const skews = Object.fromEntries(one.heard().map(({ name, skewMs }) => [name, Math.round(skewMs / 100)]));
  expect(skews).toEqual({ two: 50, three: -25 });
});

test('heartbeats that come late, all at once, are no clock that differs', async () => {
  const bus = createInProcessBus();
  const troubles: string[] = [];
  await memberOn(bus, 'one', { onTrouble: ({ message }) => troubles.push(message) });
  let late = 6_000;
  const two = await memberOn(bus, 'two', { beatMs: 10_000, clock: () => Date.now() - late });
  two.join();
  for (; late >= 0; late -= 1_000) await bus.publish(HOW_ARE_YOU, {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(troubles).toEqual([]);
});

test('a node that writes another log is none of ours, and told; one that has not written yet may be', async () => {
  const bus = createInProcessBus();
  const troubles: string[] = [];
  let log = '';
  const one = await memberOn(bus, 'one', { log: () => 'a', onTrouble: ({ message }) => troubles.push(message) });
  const two = await memberOn(bus, 'two', { log: () => log });
  for (const node of [one, two]) node.join();
  await expect.poll(() => one.live()).toEqual(['one', 'two']);
  expect(troubles).toEqual([]);
  log = 'b';
  await expect.poll(() => one.live()).toEqual(['one']);
  expect(troubles).toEqual(['The node two writes another log than this one: nothing is shared with it.']);
});

test('two processes of one name are told', async () => {
  const bus = createInProcessBus();
  const troubles: string[] = [];
  (await memberOn(bus, 'one', { onTrouble: ({ message }) => troubles.push(message) })).join();
  (await memberOn(bus, 'one')).join();
  await expect.poll(() => troubles).toEqual(['Another node has the name one too.']);
});

test('a node is asked by its name, whatever is in it; and who is not there does not answer', async () => {
  const bus = createInProcessBus();
  const name = 'host.example-3000';
  const [one, two] = [await memberOn(bus, 'one'), await memberOn(bus, name)];
  two.respond(async (message) => ({ ok: true, body: message }));
  const message = { subject: 'decide.testing', body: { a: 1 }, headers: { tenant: 'acme' } };
  expect(await one.ask(name, message, 100)).toEqual({ ok: true, body: message });
  await expect(one.ask('three', message, 100)).rejects.toMatchObject({ code: 'overloaded' });
});

test('whoever asks is told by all how they are; what is no heartbeat is passed by', async () => {
  const bus = createInProcessBus();
  (await memberOn(bus, 'one')).join();
  await memberOn(bus, 'two', { clock: () => Date.now() + 60_000 });
  void bus.publish(HEARTBEAT, { name: 7 });
  const nodes = await askNodes(bus, { waitMs: 50 });
  expect(nodes).toMatchObject([
    { name: 'one', version: '1', takesPart: true, status: STATUS },
    { name: 'two', takesPart: false },
  ]);
  expect(Math.round((nodes[1]?.skewMs ?? 0) / 1000)).toBe(60);
});
