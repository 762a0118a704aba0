/** Handles rewards, their retraction, and the items that were shown. */
import type { DecodedEvent } from '../events/catalogue.ts';
import { ReckonerError } from '../events/errors.ts';
import { eventId } from '../events/ids.ts';
import type { RewardObserved, ShownItem } from '../proto/generated/events.ts';
import { canonical, requestHash } from './canonical.ts';
import { ask, type FoundDecision, findDecision, findEvent, type House, vanished } from './house.ts';
import type {
  ControlCommand,
  ItemsCommand,
  ItemsReceipt,
  RetractionReceipt,
  RewardCommand,
  RewardReceipt,
} from './messages.ts';
import { rewardValue } from './reward-value.ts';

/** @throws ReckonerError decision_id_invalid, decision_unknown, item_unknown, reward_invalid, reward_already_recorded, request_id_reused */
export async function reward(
  house: House,
  tenant: string,
  decisionId: string,
  command: RewardCommand,
): Promise<RewardReceipt> {
  const decision = await findDecision(house, tenant, decisionId);
  const { domain, address, stream } = decision;
  const config = domain.timeline.latest?.config;
  if (config === undefined) throw new ReckonerError('domain_unknown', 'There is no domain of this name.');
  const { value, share, kind, feedback, components } = rewardValue(config, command);
  const target = command.item === undefined ? mainTarget(decision) : await itemTarget(house, decision, command.item);
  const subject = command.subject === undefined ? '' : await house.pseudonym(tenant, command.subject);
  const identity = command.requestId ?? [decisionId, kind, subject, command.item ?? ''].join('\u001e');
  const make = (domainRevision: number): RewardObserved => ({
    domainRevision,
    decisionRevision: address.revision,
    arm: target.arm,
    features: decision.data.features,
    propensity: target.propensity,
    value,
    share,
    kind,
    components,
    feedback,
    item: command.item ?? '',
    subject,
  });

  // A reward that was taken back may be given again: it then gets the next ordinal.
  for (let ordinal = 0; ; ordinal++) {
    const id = eventId(tenant, domain.name, identity, 'RewardObserved', ordinal);
    const outcome = await ask(house, domain, stream, {
      id,
      type: 'RewardObserved',
      correlationId: decision.data.requestId,
      causationId: decision.eventId,
      make: (state) => make(state.domain.revision),
    });
    if (outcome.status === 'recorded') {
      const learned = share > 0 && !outcome.domain.frozen;
      return { rewardId: id, decisionId, arm: target.arm, value, share, kind, learned, repeated: false };
    }
    const recorded = await findEvent(house, id);
    if (recorded === undefined) throw vanished();
    const again = command.requestId === undefined && (await isRetracted(house, tenant, domain.name, id));
    if (!again) return repeatedReward(decision, recorded, command, subject);
  }
}

/** The receipt of a reward that came before. What it would have been worth under the configuration of that time tells whether it is the same. */
function repeatedReward(
  decision: FoundDecision,
  recorded: DecodedEvent,
  command: RewardCommand,
  subject: string,
): RewardReceipt {
  const then =
    'domainRevision' in recorded.data ? decision.domain.timeline.states[recorded.data.domainRevision] : undefined;
  if (
    recorded.type !== 'RewardObserved' ||
    then === undefined ||
    recorded.stream !== decision.stream ||
    recorded.data.decisionRevision !== decision.address.revision ||
    recorded.data.item !== (command.item ?? '') ||
    recorded.data.subject !== subject ||
    canonical(rewardValue(then.config, command)) !== canonical(worthOf(recorded.data))
  ) {
    throw command.requestId === undefined
      ? new ReckonerError(
          'reward_already_recorded',
          'Another reward of this kind and subject is recorded for this decision.',
        )
      : new ReckonerError('request_id_reused', 'This requestId was used for another reward.');
  }
  const { arm, value, share, kind } = recorded.data;
  const learned = share > 0 && !then.frozen;
  return { rewardId: recorded.id, decisionId: decision.decisionId, arm, value, share, kind, learned, repeated: true };
}

function worthOf({ value, share, kind, feedback, components }: RewardObserved) {
  return { value, share, kind, feedback, components };
}

function mainTarget({ data }: FoundDecision) {
  return { arm: data.arm, propensity: data.propensity };
}

/** The arm that an item came from, and the probability that it stood where it stood in the slate. */
async function itemTarget(house: House, decision: FoundDecision, item: string) {
  for (const shown of await shownItems(house, decision)) {
    const found = shown.data.items.find((candidate) => candidate.item === item);
    if (found === undefined) continue;
    const entry = decision.data.slate.find(({ arm }) => arm === found.arm);
    return { arm: found.arm, propensity: entry === undefined ? decision.data.propensity : entry.rankPropensity };
  }
  throw new ReckonerError('item_unknown', 'This item is not among those recorded as shown for the decision.');
}

function isRetracted(house: House, tenant: string, domain: string, rewardId: string): Promise<boolean> {
  return house.log.find(eventId(tenant, domain, rewardId, 'RewardRetracted')).then((event) => event !== undefined);
}

/** @throws ReckonerError decision_id_invalid, decision_unknown, reward_unknown */
export async function retract(
  house: House,
  tenant: string,
  decisionId: string,
  rewardId: string,
  command: ControlCommand & { readonly by: string },
): Promise<RetractionReceipt> {
  const decision = await findDecision(house, tenant, decisionId);
  const { domain, stream, address } = decision;
  const found = await findEvent(house, rewardId);
  if (found?.type !== 'RewardObserved' || found.stream !== stream || found.data.decisionRevision !== address.revision) {
    throw new ReckonerError('reward_unknown', 'The decision has no reward of this id.');
  }
  const { arm, features, propensity, value, share, kind, domainRevision } = found.data;
  if (domainRevision >= domain.timeline.states.length) await domain.refresh();
  const learned = share > 0 && domain.timeline.states[domainRevision]?.frozen !== true;
  const outcome = await ask(house, domain, stream, {
    id: eventId(tenant, domain.name, rewardId, 'RewardRetracted'),
    type: 'RewardRetracted',
    correlationId: decision.data.requestId,
    causationId: rewardId,
    make: (state) => ({
      domainRevision: state.domain.revision,
      decisionRevision: address.revision,
      rewardId,
      rewardRevision: found.revision,
      arm,
      features,
      propensity,
      value,
      share,
      kind,
      learned,
      by: command.by,
      reason: command.reason,
    }),
  });
  return { rewardId, decisionId, retracted: true, repeated: outcome.status === 'duplicate' };
}

/** @throws ReckonerError decision_id_invalid, decision_unknown, arm_unknown */
export async function showItems(
  house: House,
  tenant: string,
  decisionId: string,
  command: ItemsCommand,
): Promise<ItemsReceipt> {
  const decision = await findDecision(house, tenant, decisionId);
  const arms = new Set([decision.data.arm, ...decision.data.slate.map(({ arm }) => arm)]);
  const foreign = command.items.findIndex(({ arm }) => !arms.has(arm));
  if (foreign !== -1) {
    throw new ReckonerError('arm_unknown', 'An item names an arm that the decision did not choose.', {
      details: [{ path: `items.${foreign}.arm`, message: 'is not in the decision’s slate' }],
    });
  }
  const hash = requestHash(command);
  const shown = await shownItems(house, decision);
  if (shown.some(({ data }) => Buffer.compare(data.requestHash, hash) === 0))
    return { decisionId, items: command.items.length, repeated: true };
  const items: readonly ShownItem[] = command.items;
  for (let ordinal = shown.length; ; ordinal++) {
    const outcome = await ask(house, decision.domain, decision.stream, {
      id: itemsId(decision, ordinal),
      type: 'ItemsShown',
      correlationId: decision.data.requestId,
      causationId: decision.eventId,
      make: (state) => ({
        domainRevision: state.domain.revision,
        decisionRevision: decision.address.revision,
        items,
        requestHash: hash,
      }),
    });
    if (outcome.status === 'recorded') return { decisionId, items: items.length, repeated: false };
    const recorded = await findEvent(house, itemsId(decision, ordinal));
    if (recorded?.type === 'ItemsShown' && Buffer.compare(recorded.data.requestHash, hash) === 0) {
      return { decisionId, items: items.length, repeated: true };
    }
  }
}

function itemsId({ domain, decisionId }: FoundDecision, ordinal: number): string {
  return eventId(domain.tenant, domain.name, decisionId, 'ItemsShown', ordinal);
}

/** All that was recorded as shown for a decision: its events have ordinals 0, 1, 2, … */
export async function shownItems(
  house: House,
  decision: FoundDecision,
): Promise<Extract<DecodedEvent, { type: 'ItemsShown' }>[]> {
  const shown = [];
  for (let ordinal = 0; ; ordinal++) {
    const event = await findEvent(house, itemsId(decision, ordinal));
    if (event?.type !== 'ItemsShown') return shown;
    shown.push(event);
  }
}
