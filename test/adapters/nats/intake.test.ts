/** Rewards over a real JetStream: whatever happens on the way, the log has each that was sent, once. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { walkChains } from '../../../events/chain.ts';
import type { ReckonerError } from '../../../events/errors.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { faulty } from '../../actors/faulty-log.ts';
import { decodedOf } from '../../actors/given.ts';
import { temporaryFile } from '../sqlite/temporary.ts';
import { natsServerPath } from './find-server.ts';
import {
  CONFIG,
  DOMAIN,
  decided,
  leftIn,
  openSender,
  reward,
  rewardsIn,
  type StageOptions,
  startIntakeNode,
  until,
} from './intake-stage.ts';
import { type NatsServer, type NatsServerOptions, startNatsServer } from './server.ts';
import { startTcpProxy } from './tcp-proxy.ts';

const SUBJECT = `reward.${DOMAIN}`;

async function server(options?: NatsServerOptions): Promise<NatsServer> {
  const started = await startNatsServer(options);
  onTestFinished(started.stop);
  return started;
}

function openLog(file = temporaryFile()): EventLog {
  const log = openSqliteEventLog({ file, pollMs: 5 });
  onTestFinished(log.close);
  return log;
}

async function stage(options: StageOptions = {}, serverOptions?: NatsServerOptions, log = openLog()) {
  const nats = await server(serverOptions);
  const node = await startIntakeNode(nats.url, log, options);
  const sender = await openSender(nats.url);
  await until('the node listens', () => node.intake.status().listening);
  return { nats, node, sender, log };
}

/** Each decision has one reward, and the log is whole. */
async function eachOnce(log: EventLog, count: number): Promise<void> {
  const found = await rewardsIn(log);
  expect([found.size, ...new Set(found.values())]).toEqual([count, 1]);
  expect((await walkChains(log, () => {})).broken).toBeUndefined();
}

describe.skipIf(natsServerPath === undefined)('the intake of rewards', () => {
  it('records what was sent twice, late and out of order once each', async () => {
    const { node, sender, log } = await stage({ rewards: { duplicatesMs: 100 } });
    const ids = await decided(node.reckoner, 60);
    const shuffled = ids.map((id, n) => ({ id, n })).sort((a, b) => ((a.n * 37) % 60) - ((b.n * 37) % 60));
    for (const { id, n } of shuffled) await sender.send(SUBJECT, reward(id), `reward-${n}`);
    // JetStream knows the ids no more: the log does.
    await new Promise((resolve) => setTimeout(resolve, 250));
    const again = await Promise.all(shuffled.map(({ id, n }) => sender.send(SUBJECT, reward(id), `reward-${n}`)));
    expect(again.some(({ duplicate }) => duplicate)).toBe(false);
    await until('all are handled', async () => node.taken.length === 120 && (await leftIn(sender)) === 0);
    expect(new Set(node.taken.map(({ what }) => what))).toEqual(new Set(['recorded']));
    await eachOnce(log, 60);
    // The same by HTTP is the same.
    const receipt = await node.reckoner.reward(ids[3] ?? '', { value: 1, requestId: 'reward-3' });
    expect(receipt.repeated).toBe(true);
  });

  it('takes protobuf and JSON, with an id in the body, in the header, one that no request can have, or none', async () => {
    const { node, sender, log } = await stage();
    const ids = await decided(node.reckoner, 4);
    const [a = '', b = '', c = '', d = ''] = ids;
    const { encodeRequest } = await import('../../../adapters/nats/codec.ts');
    const binary = encodeRequest(SUBJECT, { decisionId: a, body: { value: 0.5, requestId: 'mine' } }).bytes;
    const protobuf = { 'content-type': 'application/protobuf' };
    for (const id of ['one', 'two']) await sender.send(SUBJECT, binary, id, protobuf);
    await sender.send(SUBJECT, reward(b, 0.25), 'id of b');
    await sender.send(SUBJECT, reward(c, 0.25), 'c');
    for (let n = 0; n < 2; n++) await sender.send(SUBJECT, reward(d, 0.25));
    await until('all are handled', () => node.taken.length === 6);
    await eachOnce(log, 4);
    expect((await node.reckoner.reward(a, { value: 0.5, requestId: 'mine' })).repeated).toBe(true);
  });

  it('waits while the log takes nothing, and burns no message for it', async () => {
    const log = faulty(openLog());
    const { node, sender } = await stage({ refusals: { firstMs: 20, mostMs: 60, maxFailures: 2 } }, undefined, log);
    const ids = await decided(node.reckoner, 10);
    log.script = Array.from({ length: 60 }, () => 'log_full' as const);
    await Promise.all(ids.map((id, n) => sender.send(SUBJECT, reward(id), `r-${n}`)));
    await until('all are recorded', () => node.taken.filter(({ what }) => what === 'recorded').length === 10);
    const codes = new Set(node.taken.flatMap((one) => (one.what === 'recorded' ? [] : [one.code])));
    expect([...codes]).toEqual(['log_full']);
    await eachOnce(log, 10);
    const waits = node.taken.flatMap((one) => (one.what === 'later' ? [one.afterMs] : []));
    expect(waits.length).toBeGreaterThan(20);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...waits)).toBeGreaterThan(30); // they grow
  });

  it('puts aside what can never work: an event without the payload, an advisory, and no further delivery', async () => {
    const { node, sender, log } = await stage({ refusals: { firstMs: 20, mostMs: 50, graceMs: 200 } });
    const [id = '', other = ''] = await decided(node.reckoner, 2);
    const advisories: unknown[] = [];
    sender.link.connection.subscribe('advisory.deadletter', {
      callback: (_, message) => void advisories.push(JSON.parse(message.string())),
    });
    await sender.link.connection.flush();
    await sender.send(SUBJECT, Buffer.from('{"secret words'), 'broken');
    await sender.send(SUBJECT, reward('no.decision.of.ours'), 'foreign');
    await sender.send(SUBJECT, reward(id, 7), 'too much');
    await sender.send(SUBJECT, reward(other, 1), 'for another', { tenant: 'stranger' });
    await sender.send(SUBJECT, reward(id), 'good');
    await until('all are handled', async () => node.taken.length >= 5 && (await leftIn(sender)) === 0);
    const letters = (await decodedOf(log.readAll({ types: ['DeadLettered'] }))).flatMap((event) =>
      event.type === 'DeadLettered' ? [{ stream: event.stream, ...event.data }] : [],
    );
    expect(letters.map(({ messageId, reason, sequence }) => [messageId, reason, sequence]).sort()).toEqual([
      ['broken', 'request_invalid', 1],
      ['for another', expect.stringMatching(/_unknown$|decision_id_invalid/), 4],
      ['foreign', 'decision_id_invalid', 2],
      ['too much', 'request_invalid', 3],
    ]);
    expect(new Set(letters.map(({ stream }) => stream))).toEqual(
      new Set(['deadletters-default', 'deadletters-stranger']),
    );
    expect(letters.map(({ payloadHash, busStream }) => [payloadHash.length, busStream])).toEqual(
      letters.map(() => [32, 'RECKONER_REWARDS']),
    );
    expect(JSON.stringify(letters)).not.toContain('secret');
    await until('advisories came', () => advisories.length === 4);
    expect(JSON.stringify(advisories)).not.toContain('secret');
    expect((await rewardsIn(log)).size).toBe(1);
    expect((await walkChains(log, () => {})).broken).toBeUndefined();
    // The message lies there for who wants to look.
    const manager = await sender.link.connection.jetstreamManager();
    expect((await manager.streams.getMessage('RECKONER_REWARDS', { seq: 1 })).string()).toContain('secret');
  });

  it('loses nothing when the server is killed under load', async () => {
    const { nats, node, sender, log } = await stage({ ackWaitMs: 2_000 });
    const ids = await decided(node.reckoner, 400);
    const sent = Promise.all(ids.map((id, n) => sender.insist(SUBJECT, reward(id), `r-${n}`)));
    await until('some are handled', () => node.taken.length > 20);
    await nats.kill();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await nats.start();
    await sent;
    await until('all are recorded', async () => (await rewardsIn(log)).size === 400, 20_000);
    await until('nothing is left', async () => (await leftIn(sender)) === 0, 20_000);
    await eachOnce(log, 400);
  }, 60_000);

  it('goes on with another node while one is cut off, and with both afterwards', async () => {
    const nats = await server();
    const proxy = await startTcpProxy(nats.port);
    onTestFinished(proxy.stop);
    const file = temporaryFile();
    const log = openLog(file);
    const options = { ackWaitMs: 1_500, maxInFlight: 16 };
    const cutOff = await startIntakeNode(`nats://127.0.0.1:${proxy.port}`, openLog(file), { ...options, name: 'one' });
    const other = await startIntakeNode(nats.url, log, { ...options, name: 'two' });
    const sender = await openSender(nats.url);
    await until('both listen', () => cutOff.intake.status().listening && other.intake.status().listening);
    const ids = await decided(other.reckoner, 300);
    const send = (from: number, to: number) =>
      Promise.all(ids.slice(from, to).map((id, n) => sender.send(SUBJECT, reward(id), `r-${from + n}`)));
    await send(0, 100);
    await until('both work', () => cutOff.taken.length > 0 && other.taken.length > 0);
    proxy.silence();
    await send(100, 200);
    await until('the other does it all', async () => (await leftIn(sender)) === 0);
    expect((await rewardsIn(log)).size).toBe(200);
    proxy.heal();
    await send(200, 300);
    // It takes its part again: of what was recorded long ago, here.
    const before = cutOff.taken.length;
    let repeats = 0;
    await until('the healed one works again', async () => {
      const again = { decisionId: ids[0], body: { value: 1, requestId: 'r-0' } };
      await sender.send(SUBJECT, again, `again-${repeats++}`);
      return cutOff.taken.length > before;
    });
    await until('all is done', async () => (await leftIn(sender)) === 0);
    await eachOnce(log, 300);
  }, 60_000);

  it('makes room for what is new where a stream is full of what is handled, and refuses where it is not', async () => {
    const { node, sender, log } = await stage({ rewards: { maxBytes: 20_000 }, sweepMs: 3_600_000 });
    const ids = await decided(node.reckoner, 200);
    const outcomes = await Promise.allSettled(ids.map((id, n) => sender.send(SUBJECT, reward(id), `r-${n}`)));
    const refused = ids.flatMap((id, n) => (outcomes[n]?.status === 'rejected' ? [{ id, n }] : []));
    expect(refused.length).toBeGreaterThan(50);
    await until('what was taken is recorded', async () => (await leftIn(sender)) === 0);
    expect((await rewardsIn(log)).size).toBe(200 - refused.length);
    await node.stop();
    // One that looks often.
    const sweeping = await startIntakeNode(sender.link.connection.getServer().replace(/^/, 'nats://'), log, {
      sweepMs: 50,
    });
    await Promise.all(refused.map(({ id, n }) => sender.insist(SUBJECT, reward(id), `r-${n}`)));
    await until('all are recorded', async () => (await rewardsIn(log)).size === 200);
    expect(sweeping.trouble).toEqual([]);
    await eachOnce(log, 200);
  }, 60_000);

  it('takes in again after its stream was purged, and after its consumer or the stream was deleted', async () => {
    const { node, sender, log } = await stage();
    const ids = await decided(node.reckoner, 60);
    const manager = await sender.link.connection.jetstreamManager();
    const send = (from: number, to: number) =>
      Promise.all(ids.slice(from, to).map((id, n) => sender.insist(SUBJECT, reward(id), `r-${from + n}`)));
    await send(0, 20);
    await until('20', async () => (await rewardsIn(log)).size === 20);
    await manager.streams.purge('RECKONER_REWARDS');
    await send(0, 30); // those that were there before are known to the log
    await until('30', async () => (await rewardsIn(log)).size === 30);
    await manager.consumers.delete('RECKONER_REWARDS', 'reckoner');
    await send(30, 45);
    await until('45', async () => (await rewardsIn(log)).size === 45);
    await manager.streams.delete('RECKONER_REWARDS');
    await send(45, 60);
    await until('60', async () => (await rewardsIn(log)).size === 60);
    await until('nothing is left', async () => (await leftIn(sender)) === 0);
    await eachOnce(log, 60);
  }, 60_000);

  it('says once that there is no JetStream, and what to do', async () => {
    const nats = await server({ jetstream: false });
    const node = await startIntakeNode(nats.url, openLog());
    await until('both streams are told of', () => node.trouble.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(node.trouble.map(({ where, thrown }) => [where, (thrown as ReckonerError).code])).toEqual([
      ['RECKONER_REWARDS', 'bus_unreachable'],
      ['RECKONER_CONTROL', 'bus_unreachable'],
    ]);
    await decided(node.reckoner, 1); // all else works
  });

  it('takes control in, in order', async () => {
    const { node, sender, log } = await stage();
    for (const [n, verb] of ['set', 'freeze', 'thaw', 'freeze'].entries()) {
      const body = verb === 'set' ? { config: CONFIG } : { reason: `number ${n}` };
      await sender.send(`control.${DOMAIN}.${verb}`, body, `control-${n}`, { by: 'somebody' });
    }
    await until('all are handled', () => node.taken.length === 4);
    const types = (await decodedOf(log.readAll())).map(({ type }) => type);
    expect(types.filter((type) => type !== 'RollbackPointMarked')).toEqual([
      ...['DomainConfigured', 'DomainFrozen', 'DomainThawed', 'DomainFrozen'],
    ]);
  });
});
