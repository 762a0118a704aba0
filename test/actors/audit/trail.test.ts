/** The trail of decisions of a golden history. */
import { beforeAll, expect, test } from 'vitest';
import { type Trail, trailOf } from '../../../actors/audit/trail.ts';
import type { Explanation } from '../../../actors/messages/explanation.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { decode } from '../../../events/catalogue.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { readHistory } from '../../golden/history.ts';

const events = readHistory(new URL('../../golden/version-2.ndjson', import.meta.url));
const log = openSqliteEventLog({ file: ':memory:' });

beforeAll(async () => {
  for (const event of events) await log.append(event.stream, event.revision - 1, [event]);
});

async function trail(stream: string, revision: number, decisionId = ''): Promise<Trail> {
  const event = events.find((one) => one.stream === stream && one.revision === revision);
  const decoded = event === undefined ? undefined : decode(event);
  if (decoded?.type !== 'DecisionMade') throw new Error('no decision');
  const { domainRevision } = decoded.data;
  // Of the explanation the trail reads no more than where the decision is.
  return trailOf(log, createPolicy, { stream, revision, domainRevision, decisionId } as Explanation);
}

test('calls of agents are found in their own streams, the failed ones too', async () => {
  const failed = events.map((event) => decode(event)).find((event) => event?.type === 'AgentCallFailed');
  if (failed?.type !== 'AgentCallFailed') throw new Error('there is none');
  const { decisionId } = failed.data;
  const [domain, bucket, revision = ''] = decisionId.split('.');
  const { calls } = await trail(`bucket-default-${domain}-${bucket}`, Number.parseInt(revision, 36), decisionId);
  expect(calls.map(({ outcome }) => outcome)).toEqual(['refused', 'answered']);
  expect(new Set(calls.map(({ agent }) => agent)).size).toBe(2);
  expect(calls[0]).toMatchObject({ eventId: failed.id, costUsd: null, node: 'golden' });
});

test('a decision counts again where its rollback was rolled back, and what came between does not', async () => {
  const decisions = events.filter(
    ({ stream, type }) => stream.startsWith('bucket-default-turning') && type === 'DecisionMade',
  );
  const rollbacks = events.filter(({ type }) => type === 'RolledBack').map(({ revision }) => revision);
  const [back = 0, forth = 0] = rollbacks;
  const asides = [];
  for (const { stream, revision } of decisions) {
    const { setAside, inForce } = await trail(stream, revision);
    expect(inForce.configuration.type).toBe('DomainConfigured');
    if (setAside !== null) asides.push(setAside);
  }
  // Twelve decisions were made between the two.
  expect(asides).toHaveLength(12);
  for (const aside of asides)
    expect(aside).toMatchObject({ type: 'RolledBack', revision: forth, by: 'olive', reason: 'it was not that bad' });
  expect(back).toBeLessThan(forth);
});

test('neighbours are told, and whether the hashes between them fit', async () => {
  const { stream } = events.find(({ type }) => type === 'DecisionMade') ?? {};
  const first = await trail(stream ?? '', 0);
  expect(first.chain).toMatchObject({
    previous: null,
    previousHash: '',
    checksum: true,
    next: { revision: 1, linked: true },
  });
  const later = events.find((one) => one.stream === stream && one.revision > 0 && one.type === 'DecisionMade');
  const { chain } = await trail(stream ?? '', later?.revision ?? 0);
  expect(chain.previous).toMatchObject({ revision: (later?.revision ?? 0) - 1, linked: true });
  expect(chain.previousHash).toMatch(/^[0-9a-f]{64}$/);
});
