/** Handles a decide command: looks its id up, derives the bucket, asks the bucket. */
import type { DecodedEvent } from '../events/catalogue.ts';
import { errorOf, ReckonerError } from '../events/errors.ts';
import { eventId } from '../events/ids.ts';
import { bucketPrefix } from '../events/streams.ts';
import type { BucketOutcome } from './bucket/bucket-batch.ts';
import type { BucketView } from './bucket/bucket-state.ts';
import { answerOf, type DecideRequest, makeDecision } from './choice/choose.ts';
import { markDay, nextDay } from './domain/daily-point.ts';
import type { DomainHandle } from './domain/domains.ts';
import { domainOf, findEvent, type House, handOver, knownOf, loadedDomain, stateOf, vanished } from './house.ts';
import { keyedMark, requestHash } from './identity/canonical.ts';
import { decisionId } from './identity/decision-id.ts';
import type { DecideCommand, Decision } from './messages/decide.ts';

const NO_HASH = new Uint8Array(0);

/** @throws ReckonerError domain_unknown, context_invalid, arm_unknown, candidates_none, request_id_reused, and what the log throws */
export function decide(house: House, tenant: string, name: string, command: DecideCommand): Promise<Decision> {
  const domain = loadedDomain(house, tenant, name);
  const isKnown = command.requestId !== undefined && command.made !== true;
  if (domain === undefined || isKnown || command.subject !== undefined) return identified(house, tenant, name, command);
  // Most requests: nothing to look up, so nothing to wait for before the bucket is asked.
  const requestId = command.requestId ?? house.env.uuid();
  const id = eventId(tenant, name, requestId, 'DecisionMade');
  return choose(house, domain, { id, requestId, hash: NO_HASH, subject: '', command });
}

/** Looks up what has to be known first: the domain, the person, and whether the request was answered before. */
async function identified(house: House, tenant: string, name: string, command: DecideCommand): Promise<Decision> {
  const domain = await domainOf(house, tenant, name);
  const given = command.made ? undefined : command.requestId;
  const requestId = command.requestId ?? house.env.uuid();
  const id = eventId(tenant, name, requestId, 'DecisionMade');
  const subject = command.subject === undefined ? '' : await house.pseudonym(tenant, command.subject);
  const hash = given === undefined ? NO_HASH : hashOf(house, domain, { ...command, subject });
  if (given !== undefined) {
    const recorded = await findEvent(house, id);
    if (recorded !== undefined) return repeated(house, domain, recorded, hash);
  }
  return choose(house, domain, { id, requestId, hash, subject, command });
}

/**
 * Tells a repeated request from another one under the same id. It is recorded, so a person is in it by the pseudonym, and a text, an
 * embedding or a hashed category by a keyed hash: a guess at them could be tried on it otherwise.
 */
function hashOf({ decisionKey }: House, domain: DomainHandle, command: DecideCommand): Uint8Array {
  const mark = (value: unknown) => keyedMark(decisionKey, 'feature', value);
  return requestHash({ ...command, context: stateOf(domain).schema.marked(command.context, mark) });
}

/** A request as far as it is known before its bucket is asked. */
interface KnownRequest {
  readonly id: string;
  readonly requestId: string;
  readonly hash: Uint8Array;
  readonly subject: string;
  readonly command: DecideCommand;
}

/** Nobody waits for it: the point is one of the day, not of this decision. */
function markOnce(house: House, domain: DomainHandle, now: number): void {
  domain.unmarkedFrom = Infinity;
  const upTo = (time: number) => {
    domain.unmarkedFrom = time;
  };
  markDay(house, domain, now).then(upTo, () => upTo(nextDay(now)));
}

/** Asks the bucket. One promise for all of it: within its reply, what the bucket answers becomes the decision. */
function choose(house: House, domain: DomainHandle, known: KnownRequest): Promise<Decision> {
  return new Promise((resolve, reject) => {
    const { id, requestId, hash, subject, command } = known;
    const { tenant, name } = domain;
    const { schema } = stateOf(domain);
    const now = house.env.now();
    const features = schema.encode(command.context, now);
    if (now >= domain.unmarkedFrom) markOnce(house, domain, now);
    const seed = house.env.seed();
    const request: DecideRequest = { tenant, command, requestId, requestHash: hash, features, subject, seed };
    const bucket = schema.bucketOf(features);
    let changed = false;
    const make = (state: BucketView) => {
      changed = state.domain.schema !== schema;
      if (changed) throw new ReckonerError('conflict', 'The domain was configured anew while the request waited.');
      return makeDecision(state, request);
    };
    const reply = (outcome: BucketOutcome) => {
      if (outcome.status === 'recorded') {
        // The bucket gave back what `make` made.
        const data = outcome.data as ReturnType<typeof makeDecision>;
        const { revision } = outcome;
        const decision = decisionId(house.decisionKey, tenant, { domain: name, bucketId: bucket.id, revision });
        house.recent.set(decision, knownOf(id, data));
        resolve(answerOf(name, bucket, decision, data));
      } else if (outcome.status === 'duplicate') resolve(twin(house, domain, id, hash));
      // A configuration that changed while the request waited may put it into another bucket: it is made anew.
      else if (changed) resolve(choose(house, domain, known));
      else reject(errorOf(outcome.problem));
    };
    const stream = bucketPrefix(tenant, name) + bucket.id;
    handOver(house, domain, stream, {
      id,
      type: 'DecisionMade',
      correlationId: requestId,
      causationId: '',
      make,
      reply,
    });
  });
}

/** The answer to a request whose event was written by another, since it was looked for. */
async function twin(house: House, domain: DomainHandle, id: string, hash: Uint8Array): Promise<Decision> {
  const recorded = await findEvent(house, id);
  if (recorded === undefined) throw vanished();
  return repeated(house, domain, recorded, hash);
}

/** The recorded answer to a request that came before. @throws ReckonerError request_id_reused where it asked for something else */
async function repeated(
  house: House,
  domain: DomainHandle,
  recorded: DecodedEvent,
  hash: Uint8Array,
): Promise<Decision> {
  if (recorded.type !== 'DecisionMade' || Buffer.compare(recorded.data.requestHash, hash) !== 0) {
    throw new ReckonerError('request_id_reused', 'This requestId was used for another request.');
  }
  const { data, stream, revision } = recorded;
  const { schema } = await domain.compiledAt(data.domainRevision);
  const { tenant, name } = domain;
  const bucketId = stream.slice(bucketPrefix(tenant, name).length);
  const decision = decisionId(house.decisionKey, tenant, { domain: name, bucketId, revision });
  return answerOf(name, schema.bucketOf(data.features), decision, data);
}
