/** A node that is reached over a real NATS server: by other nodes, and by clients that have the proto file, or JSON, and nothing else. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, headers, type NatsConnection, RequestStrategy } from 'nats';
import protobuf from 'protobufjs';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient } from '../../../actors/client.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { type NatsBus, type OpenNatsBusOptions, openNatsBus } from '../../../adapters/nats/open-bus.ts';
import { natsSettings, type Variables } from '../../../adapters/nats/settings.ts';
import { ReckonerError } from '../../../events/errors.ts';
import { cast } from '../../actors/cast.ts';
import { brokenLinks, configured, DOMAIN, given, type Stage, type StageOptions } from '../../actors/given.ts';
import { natsServerPath } from './find-server.ts';
import { type NatsServer, type NatsServerOptions, startNatsServer } from './server.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = await startNatsServer({ jetstream: false, ...options });
  ends.push(server.stop);
  return server;
}

async function openBus(variables: Variables, options: Partial<OpenNatsBusOptions> = {}): Promise<NatsBus> {
  const settings = natsSettings(variables);
  if (settings === undefined) throw new Error('NATS_URL is missing');
  const bus = await openNatsBus({ settings, node: 'test', version: '1.2.3', ...options });
  ends.push(bus.close);
  return bus;
}

/** A node with a domain, over a bus of its own. */
async function openNode(variables: Variables, options: StageOptions = {}): Promise<Stage> {
  const bus = await openBus(variables, { node: 'node' });
  const stage = await given([configured()], { bus, sleep: (ms) => sleep(ms, undefined, { ref: false }), ...options });
  ends.push(stage.stop);
  await bus.link.connection.flush(); // what it serves is known to the server
  return stage;
}

/** A client that knows nothing of us. */
async function plainClient({ url }: NatsServer): Promise<NatsConnection> {
  const client = await connect({ servers: url });
  ends.push(() => client.close());
  return client;
}

const health = () => {
  throw new Error('not asked');
};
const schema = protobuf.parse(readFileSync(new URL('../../../proto/messages.proto', import.meta.url), 'utf8')).root;
const message = (name: string) => schema.lookupType(`reckoner.v1.${name}`);
const write = (name: string, fields: object) => message(name).encode(message(name).fromObject(fields)).finish();
const read = (name: string, bytes: Uint8Array) => message(name).toObject(message(name).decode(bytes));
const typed = (type: string, more: Record<string, string> = {}) => {
  const made = headers();
  for (const [name, value] of Object.entries({ 'content-type': type, ...more })) made.set(name, value);
  return made;
};

describe.skipIf(natsServerPath === undefined)('a node over NATS', () => {
  it('answers a client that sends JSON with JSON: a decision, its reward, and why', async () => {
    const server = await serve();
    const stage = await openNode({ NATS_URL: server.url });
    const client = await plainClient(server);
    const asked = await client.request(`decide.${DOMAIN}`, '{"context":{},"subject":"ann"}', { timeout: 5_000 });
    expect(asked.headers?.get('content-type')).toBe('application/json');
    const decision = asked.json<{ decisionId: string; arm: string; propensity: number }>();
    expect(decision).toMatchObject({ domain: DOMAIN, propensity: expect.any(Number), fallback: false, mode: null });

    const reward = JSON.stringify({ decisionId: decision.decisionId, body: { value: 1 } });
    const receipt = await client.request(`ask.reward.${DOMAIN}`, reward, {
      timeout: 5_000,
      headers: typed('application/json', { tenant: 'default', by: 'a client' }),
    });
    expect(receipt.json()).toMatchObject({ decisionId: decision.decisionId, arm: decision.arm, repeated: false });
    const why = await client.request('query.decision', JSON.stringify({ decisionId: decision.decisionId }));
    expect(why.json()).toMatchObject({ verified: true, rewards: [{ value: 1 }] });
    expect((await stage.events('DecisionMade', 'RewardObserved')).map(({ type }) => type)).toEqual([
      'DecisionMade',
      'RewardObserved',
    ]);
  });

  it('answers a client that sends protobuf with protobuf, and one request is one decision in either', async () => {
    const server = await serve();
    const config: DomainConfigInput = {
      arms: ['red', 'blue'],
      context: { n: { type: 'numeric' }, t: { type: 'boolean' } },
    };
    const stage = await openNode({ NATS_URL: server.url });
    await stage.reckoner.configure('other', config);
    const client = await plainClient(server);
    const context = { n: { number: 0.1 }, t: { flag: true } };
    const reply = await client.request(
      'decide.other',
      write('DecideRequest', { requestId: 'r-1', context, candidates: ['red', 'blue'], complexity: 0 }),
    );
    expect(reply.headers).toBeUndefined();
    const decision = read('Decision', reply.data);
    expect(decision).toMatchObject({ domain: 'other', requestId: 'r-1', propensity: expect.any(Number) });
    expect(decision).not.toHaveProperty('mode');

    const json = { requestId: 'r-1', context: { n: 0.1, t: true }, candidates: ['red', 'blue'], complexity: 0 };
    const again = await client.request('decide.other', JSON.stringify(json));
    expect(again.json()).toMatchObject({ decisionId: decision.decisionId, propensity: decision.propensity });
    const other = await client.request('decide.other', JSON.stringify({ ...json, complexity: 0.5 }));
    expect(other.json()).toMatchObject({ code: 'request_id_reused', status: 409 });

    const reward = write('RewardRequest', { decisionId: decision.decisionId, body: { feedback: { word: 'click' } } });
    const receipt = await client.request('ask.reward.other', reward);
    expect(read('RewardReceipt', receipt.data)).toMatchObject({ value: 1, kind: 'explicit', learned: true });
  });

  it('tells what is wrong with a request in the form that it came in, and as a micro service does', async () => {
    const server = await serve();
    await openNode({ NATS_URL: server.url });
    const client = await plainClient(server);
    const json = await client.request('decide.nobody', '{}');
    expect(json.headers?.get('Nats-Service-Error-Code')).toBe('404');
    expect(json.headers?.get('Nats-Service-Error')).toBe('domain_unknown');
    expect(json.json()).toMatchObject({ code: 'domain_unknown', status: 404, remedy: expect.stringContaining('GET') });
    const binary = await client.request('decide.nobody', write('DecideRequest', {}));
    expect(read('Problem', binary.data)).toMatchObject({ code: 'domain_unknown', status: 404 });

    const codeOf = async (payload: Uint8Array | string, given?: ReturnType<typeof typed>) => {
      const reply = await client.request(`decide.${DOMAIN}`, payload, { timeout: 5_000, headers: given });
      return reply.headers?.get('Nats-Service-Error');
    };
    expect(await codeOf('what is this?')).toBe('request_invalid');
    expect(await codeOf(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]))).toBe('request_invalid');
    expect(await codeOf('{"context":', typed('application/json'))).toBe('request_invalid');
    expect(await codeOf('{"contxt":{}}')).toBe('request_invalid');
    expect(await codeOf('<decide/>', typed('text/xml'))).toBe('media_type_unsupported');
    expect(await codeOf('{}', typed('application/json', { tenant: 'No Such Name' }))).toBe('request_invalid');
    expect(await codeOf('{}', typed('application/json', { by: 'y'.repeat(257) }))).toBe('request_invalid');
    expect(await codeOf('{"context":{}}')).toBe('');
  });

  it('is found by the tools for micro services, with what it takes and how it goes', async () => {
    const server = await serve();
    const stage = await openNode({ NATS_URL: server.url });
    const client = await plainClient(server);
    await client.request(`decide.${DOMAIN}`, '{}');
    await client.request('decide.nobody', '{}');
    const services = client.services.client({ maxWait: 300, strategy: RequestStrategy.JitterTimer });
    const all = async <T>(found: Promise<AsyncIterable<T>>) => {
      const list: T[] = [];
      for await (const one of await found) list.push(one);
      return list;
    };
    expect(await all(services.ping('reckoner'))).toMatchObject([{ name: 'reckoner', version: '1.2.3' }]);
    const [info] = await all(services.info('reckoner'));
    expect(info).toMatchObject({ metadata: { node: 'node' } });
    expect(info?.endpoints).toContainEqual({
      ...{ name: 'decide', subject: 'decide.*', queue_group: 'reckoner' },
      metadata: expect.objectContaining({ request: 'reckoner.v1.DecideRequest', answer: 'reckoner.v1.Decision' }),
    });
    expect(info?.endpoints?.map(({ subject }) => subject)).toContain('ask.reward.*');
    const [stats] = await all(services.stats('reckoner'));
    const decide = stats?.endpoints?.find(({ name }) => name === 'decide');
    expect(decide).toMatchObject({ num_requests: 2, num_errors: 1, last_error: 'domain_unknown' });
    expect(decide?.average_processing_time).toBeGreaterThan(0);
    await stage.stop();
    const [after] = await all(services.info('reckoner'));
    expect(after?.endpoints).toEqual([]);
  });

  it('gives a door elsewhere every answer that it gives its own', async () => {
    const server = await serve();
    const { agents } = cast(['red', 'blue']);
    const stage = await openNode({ NATS_URL: server.url }, { agents });
    const far = createClient(await openBus({ NATS_URL: server.url }), health);
    const near = stage.reckoner;
    const question = { text: 'grün?', list: [null, 1.5] };
    const run = await far.run(DOMAIN, { requestId: 'run-1', question });
    expect(await near.run(DOMAIN, { requestId: 'run-1', question })).toMatchObject({
      decision: run.decision,
      repeated: true,
    });
    const { decisionId } = await far.decide(DOMAIN, { k: 2 });
    const lists = [
      { arm: 'red', items: ['a', 'b'] },
      { arm: 'blue', items: [] },
    ];
    expect(await far.blend(decisionId, { lists, size: 2 })).toMatchObject({ items: [{ item: 'a' }, { item: 'b' }] });
    const { rewardId } = await far.reward(decisionId, { value: 0.5, item: 'a' });
    expect(await far.retract(decisionId, rewardId, { reason: 'a mistake' })).toMatchObject({ retracted: true });
    await far.freeze(DOMAIN, { reason: 'hold' });
    await far.thaw(DOMAIN);
    await far.checkpoint(DOMAIN, { name: 'here', reason: '' });
    await far.rollBack(DOMAIN, { to: 0, reason: '' });
    expect(await far.domains()).toEqual(await near.domains());
    expect(await far.domain(DOMAIN)).toEqual(await near.domain(DOMAIN));
    expect(await far.rollbackPoints(DOMAIN)).toEqual(await near.rollbackPoints(DOMAIN));
    expect(await far.posterior(DOMAIN, {})).toEqual(await near.posterior(DOMAIN, {}));
    // JSON has no -0, which an explanation may.
    expect(await far.explain(decisionId)).toEqual(JSON.parse(JSON.stringify(await near.explain(decisionId))));
    const [distant, close] = await Promise.all(
      [far, near].map((door) => door.decide('nobody', {}).catch((thrown) => thrown)),
    );
    expect(distant).toBeInstanceOf(ReckonerError);
    expect(distant.problem).toEqual(close.problem);
  });

  it('shares the requests with a second one, and leaves it alone when it stops', async () => {
    const server = await serve();
    const stages = [await openNode({ NATS_URL: server.url }), await openNode({ NATS_URL: server.url })];
    const far = createClient(await openBus({ NATS_URL: server.url }), health);
    const decide = (many: number) => Promise.all(Array.from({ length: many }, () => far.decide(DOMAIN, {})));
    await decide(60);
    const [first, second] = await Promise.all(stages.map(async (stage) => (await stage.events('DecisionMade')).length));
    expect(first).toBeGreaterThan(5);
    expect(second).toBeGreaterThan(5);
    let asking = true;
    const asked = (async () => {
      while (asking) await decide(5);
    })();
    await stages[0]?.stop();
    asking = false;
    await asked;
    await decide(20);
    expect(await Promise.all(stages.map(({ log }) => brokenLinks(log)))).toEqual([[], []]);
  });

  it('answers each request once though the server is killed and comes back, again and again', async () => {
    const server = await serve();
    const stage = await openNode({ NATS_URL: server.url });
    const far = createClient(await openBus({ NATS_URL: server.url }, { timeoutMs: 2_000 }), health);
    const problems = new Set<string>();
    const answered = new Map<string, string>();
    let next = 0;
    let over = false;
    const caller = async () => {
      while (!over) {
        const requestId = `r-${next++}`;
        for (;;) {
          const decided = await far.decide(DOMAIN, { requestId }).catch((thrown: ReckonerError) => thrown);
          if (!(decided instanceof ReckonerError)) {
            answered.set(requestId, decided.decisionId);
            break;
          }
          problems.add(decided.code);
          await sleep(5);
        }
      }
    };
    const callers = Array.from({ length: 16 }, caller);
    for (let kill = 0; kill < 2; kill++) {
      const before = answered.size;
      await expect.poll(() => answered.size).toBeGreaterThan(before + 50);
      await server.kill();
      await sleep(50);
      await server.start();
    }
    const before = answered.size;
    await expect.poll(() => answered.size).toBeGreaterThan(before + 50);
    over = true;
    await Promise.all(callers);

    const recorded = await stage.events('DecisionMade');
    expect(recorded).toHaveLength(answered.size);
    expect(new Set(answered.values()).size).toBe(answered.size);
    expect(await brokenLinks(stage.log)).toEqual([]);
    for (const code of problems) expect(['outcome_unknown', 'bus_unreachable', 'overloaded']).toContain(code);
    expect(problems.size).toBeGreaterThan(0);
  });

  it('lets nobody wait for an answer that a lost connection will not bring', async () => {
    const server = await serve();
    const answering = await openBus({ NATS_URL: server.url }, { drainMs: 100 });
    answering.respond('decide.*', () => new Promise(() => {}));
    const asking = await openBus({ NATS_URL: server.url }, { drainMs: 100 });
    await sleep(50);
    const asked = expect(asking.request('decide.x', {}, { timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    await sleep(50);
    await server.kill();
    await asked;
    await expect(asking.request('decide.x', {})).rejects.toMatchObject({ code: 'bus_unreachable' });
    await expect(asking.publish('nodes.heartbeat', {})).rejects.toMatchObject({ code: 'bus_unreachable' });
  });

  it('refuses what is larger than the server takes, whichever way it goes', async () => {
    const server = await serve({ maxPayload: 2_048 });
    const answering = await openBus({ NATS_URL: server.url });
    const asking = await openBus({ NATS_URL: server.url });
    answering.respond('query.*', async ({ subject }) => ({
      ok: true,
      body: subject.endsWith('long') ? 'x'.repeat(4_000) : 1,
    }));
    await sleep(50);
    const long = { text: 'x'.repeat(4_000) };
    for (const attempt of [asking.request('query.short', long), asking.publish('query.short', long)]) {
      await expect(attempt).rejects.toMatchObject({
        code: 'request_invalid',
        problem: { remedy: expect.stringContaining('max_payload') },
      });
    }
    // With its headers it is too large, without them it would not be.
    const almost = { headers: { by: 'y'.repeat(100) } };
    await expect(asking.request('query.short', 'x'.repeat(2_000), almost)).rejects.toMatchObject({
      code: 'request_invalid',
    });
    expect(await asking.request('query.long', {})).toMatchObject({
      ok: false,
      problem: { code: 'request_invalid', message: expect.stringContaining('The answer') },
    });
    expect(await asking.request('query.short', {})).toEqual({ ok: true, body: 1 });
  });

  it('tells of messages that it cannot read, and of a subscriber that stays behind', async () => {
    const server = await serve();
    const told: string[] = [];
    const hearing = await openBus(
      { NATS_URL: server.url },
      {
        maxWaiting: 5,
        onError: (thrown) => void told.push(thrown instanceof ReckonerError ? thrown.message : String(thrown)),
      },
    );
    const client = await plainClient(server);
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const heard: unknown[] = [];
    hearing.subscribe('nodes.*', async ({ body }) => {
      heard.push(body);
      if (heard.length === 1) await held;
    });
    await hearing.link.connection.flush();
    client.publish('nodes.heartbeat', 'junk');
    client.publish('nodes.heartbeat', '1');
    await client.flush();
    await expect.poll(() => heard).toEqual([1]);
    expect(told).toEqual([expect.stringContaining('not valid JSON')]);
    for (let n = 2; n < 20; n++) client.publish('nodes.heartbeat', `${n}`);
    await expect.poll(() => told.length).toBe(2);
    expect(told[1]).toContain('does not keep up');
    letGo();
    await expect.poll(() => heard).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('is reached over TLS by those who have the password, and by nobody else', async () => {
    const server = await serve({ tls: {}, config: 'authorization { user: node, password: "s3cret" }' });
    const variables = { NATS_URL: server.url, NATS_TLS_CA: server.certificates?.ca, NATS_USER: 'node' };
    await openNode({ ...variables, NATS_PASSWORD: 's3cret' });
    const far = createClient(await openBus({ ...variables, NATS_PASSWORD: 's3cret' }), health);
    expect(await far.decide(DOMAIN, {})).toMatchObject({ domain: DOMAIN });
    await expect(openBus({ ...variables, NATS_PASSWORD: 'wrong' })).rejects.toMatchObject({ code: 'bus_refused' });
  });

  it('says so where the server does not let it ask', async () => {
    const server = await serve({
      config: 'authorization { users: [{ user: a, password: b, permissions: { publish: { deny: "decide.>" } } }] }',
    });
    const bus = await openBus({ NATS_URL: server.url, NATS_USER: 'a', NATS_PASSWORD: 'b' });
    await expect(bus.request('decide.x', {})).rejects.toMatchObject({
      code: 'bus_refused',
      problem: { remedy: expect.stringContaining('permission') },
    });
  });
});
