/** Handles a decide command: looks its id up, derives the bucket, asks the bucket. */
import type { DecodedEvent } from '../events/catalogue.ts';
import { ReckonerError } from '../events/errors.ts';
import { eventId } from '../events/ids.ts';
import { requestHash } from './canonical.ts';
import { answerOf, type DecideRequest, makeDecision } from './choose.ts';
import { decisionId } from './decision-id.ts';
import type { DomainState } from './domain-state.ts';
import type { DomainHandle } from './domains.ts';
import { ask, domainOf, findEvent, type House, knownOf, stateOf, vanished } from './house.ts';
import type { DecideCommand, Decision } from './messages.ts';
import { bucketPrefix } from './streams.ts';

const NO_HASH = new Uint8Array(0);

/** @throws ReckonerError domain_unknown, context_invalid, arm_unknown, candidates_none, request_id_reused, and what the log throws */
export async function decide(house: House, tenant: string, name: string, command: DecideCommand): Promise<Decision> {
  const domain = await domainOf(house, tenant, name);
  const given = command.requestId;
  const requestId = given ?? house.env.uuid();
  const id = eventId(tenant, name, requestId, 'DecisionMade');
  const subject = command.subject === undefined ? '' : await house.pseudonym(tenant, command.subject);
  // The pseudonym, not the name, goes into the hash: a guess at the person could be tried on it otherwise.
  const hash = given === undefined ? NO_HASH : requestHash({ ...command, subject });
  if (given !== undefined) {
    const recorded = await findEvent(house, id);
    if (recorded !== undefined) return repeated(house, domain, recorded, hash);
  }
  // A configuration that changes while the request waits may put it into another bucket: then it is made anew.
  for (;;) {
    const state = stateOf(domain);
    const made = await once(house, domain, state, { id, requestId, hash, subject, command });
    if (made !== 'configChanged') return made;
  }
}

interface Attempt {
  readonly id: string;
  readonly requestId: string;
  readonly hash: Uint8Array;
  readonly subject: string;
  readonly command: DecideCommand;
}

async function once(
  house: House,
  domain: DomainHandle,
  state: DomainState,
  { id, requestId, hash, subject, command }: Attempt,
) {
  const { tenant, name } = domain;
  const features = state.schema.encode(command.context, house.env.now());
  const request: DecideRequest = { command, requestId, requestHash: hash, features, subject, seed: house.env.seed() };
  const bucket = state.schema.bucketOf(features);
  const stream = bucketPrefix(tenant, name) + bucket.id;
  let changed = false;
  try {
    const outcome = await ask(house, domain, stream, {
      id,
      type: 'DecisionMade',
      correlationId: requestId,
      causationId: '',
      make: (bucketState) => {
        changed = bucketState.domain.schema !== state.schema;
        if (changed) throw new ReckonerError('conflict', 'The domain was configured anew while the request waited.');
        return makeDecision(bucketState, request);
      },
    });
    if (outcome.status === 'duplicate') {
      const recorded = await findEvent(house, id);
      if (recorded === undefined) throw vanished();
      return await repeated(house, domain, recorded, hash);
    }
    // The bucket gave back what `make` made.
    const data = outcome.data as ReturnType<typeof makeDecision>;
    const decision = decisionId(house.decisionKey, tenant, {
      domain: name,
      bucketId: bucket.id,
      revision: outcome.revision,
    });
    house.recent.set(decision, knownOf(id, data));
    return answerOf(outcome.domain, decision, data);
  } catch (thrown) {
    if (changed) return 'configChanged' as const;
    throw thrown;
  }
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
  const state = await domain.compiledAt(data.domainRevision);
  const bucketId = stream.slice(bucketPrefix(domain.tenant, domain.name).length);
  return answerOf(
    state,
    decisionId(house.decisionKey, domain.tenant, { domain: domain.name, bucketId, revision }),
    data,
  );
}
