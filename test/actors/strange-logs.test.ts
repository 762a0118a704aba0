/** Logs that hold what this version does not know, or what no version would have written. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { openSqliteEventLog } from '../../adapters/sqlite/event-log.ts';
import { encodeMetadata } from '../../events/catalogue.ts';
import type { EventLog } from '../../events/event-log.ts';
import { chainHash, EMPTY_HEAD } from '../../events/seal.ts';
import { domainStream } from '../../events/streams.ts';
import { brokenLinks, configured, DOMAIN, given, openStage, problemOf, TENANT } from './given.ts';
import { ONLY_STREAM } from './posterior.ts';

/** Appends an event as another version would. */
async function appendRaw(log: EventLog, stream: string, type: string, data: Uint8Array): Promise<void> {
  let head = EMPTY_HEAD;
  for await (const event of log.readStream(stream)) head = { revision: event.revision, hash: chainHash(event) };
  const metadata = encodeMetadata({
    ...{ correlationId: '', causationId: '', time: 0, writer: 'newer', schemaVersion: 9, engine: 'reckoner/9' },
    previousHash: head.hash,
  });
  const result = await log.append(stream, head.revision, [{ id: randomUUID(), type, data, metadata }]);
  expect(result.status).toBe('appended');
}

test('events of a newer version are kept and skipped, in a bucket and in a domain, by a running node and a new one', async () => {
  const stage = await given([configured()]);
  const first = await stage.reckoner.decide(DOMAIN, {});
  const nonsense = Buffer.from('from the future');
  await appendRaw(stage.log, ONLY_STREAM, 'BucketSplit', nonsense);
  await appendRaw(stage.log, domainStream(TENANT, DOMAIN), 'DomainRenamed', nonsense);
  expect(await stage.reckoner.reward(first.decisionId, { value: 1 })).toMatchObject({ learned: true });
  await stage.reckoner.freeze(DOMAIN);
  await stage.stop();
  const again = await openStage({ log: stage.log });
  const { decisionId } = await again.reckoner.decide(DOMAIN, {});
  expect(await again.reckoner.explain(decisionId)).toMatchObject({ verified: true, revision: 3, domainRevision: 2 });
  expect(await again.reckoner.domain(DOMAIN)).toMatchObject({ revision: 2, frozen: true });
  expect(await brokenLinks(stage.log)).toEqual([]);
  await again.stop();
});

test('an event whose bytes are damaged makes its bucket say so, and no other', async () => {
  const config = { arms: ['red'], context: { user: { type: 'numeric' as const, round: 1 } }, bucketBy: ['user'] };
  const stage = await given([configured(config)]);
  const { decisionId, bucket } = await stage.reckoner.decide(DOMAIN, { context: { user: 1 } });
  await stage.stop();
  const stream = `bucket-${TENANT}-${DOMAIN}-${bucket}`;
  await appendRaw(stage.log, stream, 'RewardObserved', Buffer.from([0x32, 0xff, 0xff, 0xff]));
  const again = await openStage({ log: stage.log });
  expect(await problemOf(again.reckoner.decide(DOMAIN, { context: { user: 1 } }))).toMatchObject({
    ...{ code: 'log_corrupt', status: 500 },
  });
  expect(await problemOf(again.reckoner.reward(decisionId, { value: 1 }))).toMatchObject({ code: 'log_corrupt' });
  expect(await again.reckoner.decide(DOMAIN, { context: { user: 2 } })).toMatchObject({ arm: 'red' });
  await again.stop();
});

test('a bucket event that names a domain revision nobody wrote is damage, not a crash', async () => {
  const stage = await given([configured(), { type: 'DecisionMade', domainRevision: 7 }]);
  expect(await problemOf(stage.reckoner.decide(DOMAIN, {}))).toMatchObject({ code: 'log_corrupt' });
  expect(await stage.reckoner.health()).toMatchObject({ ready: true });
  await stage.stop();
});

test('a tenant whose name could be taken for part of another’s streams is refused', async () => {
  const stage = await given([]);
  for (const tenant of ['a-b', '', 'default-testing', '../x', 'A', 'x'.repeat(25)]) {
    const caller = { tenant, by: 'test' };
    expect(await problemOf(stage.reckoner.configure(DOMAIN, { arms: ['red'] }, caller))).toMatchObject({
      ...{ code: 'request_invalid', status: 400 },
    });
  }
  expect(await stage.events()).toEqual([]);
  await stage.stop();
});

test('tenants see their own domains only', async () => {
  const stage = await given([configured()]);
  const other = { tenant: 'other', by: 'test' };
  expect(await problemOf(stage.reckoner.decide(DOMAIN, {}, other))).toMatchObject({ code: 'domain_unknown' });
  await stage.reckoner.configure(DOMAIN, { arms: ['green'] }, other);
  expect((await stage.reckoner.decide(DOMAIN, {}, other)).arm).toBe('green');
  expect((await stage.reckoner.decide(DOMAIN, {})).arm).not.toBe('green');
  expect(await stage.reckoner.domains(other)).toHaveLength(1);
  await stage.stop();
});

test('a slate that was not what the policy ranks is not verified', async () => {
  const log = openSqliteEventLog({ file: ':memory:' });
  const original = await given([configured({ arms: ['a', 'b', 'c'] })], { seed: 424_242 });
  const decision = await original.reckoner.decide(DOMAIN, { k: 3 });
  const data = (await original.events('DecisionMade'))[0]?.data;
  if (data === undefined || !('slate' in data)) throw new Error('there is no decision');
  const [first, second, third] = data.slate;
  const slate = [first, third, second].flatMap((entry) => (entry === undefined ? [] : [entry]));
  const forged = await given([configured({ arms: ['a', 'b', 'c'] }), { type: 'DecisionMade', ...data, slate }], {
    log,
  });
  expect(await original.reckoner.explain(decision.decisionId)).toMatchObject({ verified: true });
  expect(await forged.reckoner.explain(decision.decisionId)).toMatchObject({ verified: false });
  await original.stop();
  await forged.stop();
});
