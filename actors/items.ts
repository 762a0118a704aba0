/** Handles the items that were shown: recorded beside their decision, so that a reward can name one and reach its arm. */
import type { DecodedEvent } from '../events/catalogue.ts';
import { ReckonerError } from '../events/errors.ts';
import { eventId } from '../events/ids.ts';
import type { ShownItem } from '../proto/generated/events.ts';
import { requestHash } from './canonical.ts';
import { ask, type FoundDecision, findDecision, findEvent, type House } from './house.ts';
import type { ItemsCommand, ItemsReceipt } from './messages.ts';

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
      remedy: 'Name the arm of the decision, or one of its slate: GET /v1/decisions/{id} shows both.',
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
