/** Logs that are whole by checksum and chain, and still not what happened: somebody wrote them anew, seals and all. */
import { expect, test } from 'vitest';
import { type AuditFinding, createAudit } from '../../../actors/audit/audit.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import type { DecodedEvent, Draft, EventData } from '../../../events/catalogue.ts';
import type { Position, ReadStreamOptions, RecordedEvent } from '../../../events/event-log.ts';
import { EMPTY_HEAD, type Head, seal } from '../../../events/seal.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { configured, DOMAIN, given } from '../given.ts';

const CONFIG: DomainConfigInput = {
  ...{ arms: ['red', 'blue', 'green'], bucketBy: [], context: { size: { type: 'numeric' } } },
  ...{ policy: { name: 'beta_thompson' }, confidence: { gate: true }, exploration: 0.1 },
};

async function history(): Promise<DecodedEvent[]> {
  const stage = await given([configured(CONFIG)]);
  for (let size = 0; size < 12; size++) {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { size } });
    await stage.reckoner.reward(decisionId, { value: (size % 4) / 4 });
    if (size === 5) await stage.reckoner.configure(DOMAIN, { ...CONFIG, exploration: 0.2 });
  }
  const events = await stage.events();
  await stage.stop();
  return events;
}

/** The same events with changes, sealed anew. */
function forged(events: readonly DecodedEvent[], change: (event: DecodedEvent) => DecodedEvent): RecordedEvent[] {
  const heads = new Map<string, Head>();
  return events.map((event, index) => {
    const { id, type, data, metadata, stream } = change(event);
    const { correlationId, causationId, time, writer } = metadata;
    const draft = { id, type, data } as Draft; // paired as they were
    const sealed = seal(draft, { correlationId, causationId, time, writer }, heads.get(stream) ?? EMPTY_HEAD, stream);
    heads.set(stream, sealed.head);
    const position = String(index + 1).padStart(16, '0') as Position; // as a log numbers them
    return { ...sealed.record, stream, revision: sealed.head.revision, position };
  });
}

async function audited(events: readonly RecordedEvent[]) {
  const findings: AuditFinding[] = [];
  async function* readStream(stream: string, { from = 0 }: ReadStreamOptions = {}) {
    for (const event of events) if (event.stream === stream && event.revision >= from) yield event;
  }
  const audit = createAudit({
    ...{ log: { readStream }, makePolicy: createPolicy, share: 1 },
    found: (finding) => findings.push(finding),
  });
  for (const event of events) await audit.next(event);
  const counts = await audit.finish();
  return { findings, counts };
}

/** One decision of the history changed. */
async function withDecision(at: number, change: Partial<EventData<'DecisionMade'>>, id?: string) {
  const events = await history();
  const decisions = events.filter(({ type }) => type === 'DecisionMade');
  const forgery = forged(events, (event) =>
    event === decisions[at]
      ? ({ ...event, id: id ?? event.id, data: { ...event.data, ...change } } as DecodedEvent)
      : event,
  );
  const { revision } = decisions[at] ?? {};
  return { ...(await audited(forgery)), revision };
}

test('nothing is found where nothing was changed', async () => {
  const { findings, counts } = await audited(forged(await history(), (event) => event));
  expect(findings).toEqual([]);
  expect(counts).toMatchObject({ decisions: 12, propensities: 12, passedOver: 0, otherVersions: 0 });
});

test.each<[string, Partial<EventData<'DecisionMade'>>, string]>([
  ['another arm', { arm: 'purple' }, 'arm'],
  ['another propensity, by its last bit', { propensity: 0.5 }, 'propensity'],
  ['another posterior revision', { posteriorRevision: 2 }, 'posterior revision'],
  ['another mode', { mode: 'autonomous' }, 'mode'],
  [
    'shifts that are not the sum of their terms',
    { shifts: [0, 0, 0.1], terms: [{ name: 'cost', values: [0, 0, 0.2] }] },
    'shifts',
  ],
  [
    'an arm that was set aside without need',
    { excluded: [{ arm: 'red', constraint: 'conservative', limit: '1' }] },
    'candidates',
  ],
])('a decision that was recorded with %s comes out otherwise', async (_, change, what) => {
  const { findings, revision } = await withDecision(8, change);
  expect(findings).toMatchObject([{ kind: 'decision', revision }]);
  expect(findings[0]?.differences?.map((one) => one.what)).toContain(what);
});

test('a reward that was written anew makes later decisions come out otherwise', async () => {
  const events = await history();
  const changed = forged(events, (event) =>
    event.type === 'RewardObserved' && event.revision < 8
      ? ({ ...event, data: { ...event.data, value: 1 } } as DecodedEvent) // paired as they were
      : event,
  );
  const { findings } = await audited(changed);
  expect(findings.length).toBeGreaterThan(5);
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['decision']));
});

test('what is taken back once more after a rollback has an id that follows', async () => {
  const stage = await given([configured(CONFIG)]);
  const { decisionId } = await stage.reckoner.decide(DOMAIN, { context: { size: 1 } });
  const { rewardId } = await stage.reckoner.reward(decisionId, { value: 1 });
  await stage.reckoner.checkpoint(DOMAIN, { name: 'rewarded' });
  for (let round = 0; round < 3; round++) {
    await stage.reckoner.retract(decisionId, rewardId);
    await stage.reckoner.rollBack(DOMAIN, { to: 'rewarded' });
  }
  const events = await stage.events();
  expect(events.filter(({ type }) => type === 'RewardRetracted')).toHaveLength(3);
  const { findings } = await audited(forged(events, (event) => event));
  expect(findings).toEqual([]);
  await stage.stop();
});

test('an id that does not follow from its request is told', async () => {
  const { findings, revision } = await withDecision(3, { requestId: 'another request' });
  expect(findings).toMatchObject([{ kind: 'id', revision }]);
});

test('a revision of the domain that goes back, and one that is not there, are told', async () => {
  const back = await withDecision(9, { domainRevision: 0 });
  expect(back.findings[0]).toMatchObject({ kind: 'order', revision: back.revision });
  const unknown = await withDecision(9, { domainRevision: 99 });
  expect(unknown.findings[0]).toMatchObject({
    ...{ kind: 'order', revision: unknown.revision },
    what: 'A bucket event names the domain revision 99, which is not in the log.',
  });
  // The later ones of the bucket were made from what is not known any more.
  expect(unknown.counts.passedOver).toBe(3);
});

test('a decision of another version of its policy is counted, and not compared', async () => {
  const { findings, counts } = await withDecision(4, { policyVersion: 99, seed: 1 });
  expect(findings).toEqual([]);
  expect(counts).toMatchObject({ decisions: 11, otherVersions: 1 });
});
