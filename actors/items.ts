/** Handles the items that were shown: recorded beside their decision, so that a reward can name one and reach its arm. */
import type { DecodedEvent } from '../events/catalogue.ts';
import { ReckonerError } from '../events/errors.ts';
import { eventId } from '../events/ids.ts';
import { blend } from '../policies/blend.ts';
import type { ShownItem } from '../proto/generated/events.ts';
import { ask, type FoundDecision, findDecision, findEvent, type House, vanished } from './house.ts';
import { requestHash } from './identity/canonical.ts';
import type { Blend, BlendCommand, ItemsCommand, ItemsReceipt } from './messages/items.ts';

type Shown = Extract<DecodedEvent, { type: 'ItemsShown' }>;

/** @throws ReckonerError decision_id_invalid, decision_unknown, arm_unknown */
export async function showItems(
  house: House,
  tenant: string,
  decisionId: string,
  command: ItemsCommand,
): Promise<ItemsReceipt> {
  const decision = await findDecision(house, tenant, decisionId);
  refuseForeign(decision, command.items, 'items');
  const { repeated } = await recordOnce(house, decision, command, () => command.items);
  return { decisionId, items: command.items.length, repeated };
}

/**
 * One list of what several arms of a slate recommend, each by its weight in the slate, recorded as shown. Asked again with other
 * lists, as for a next page, it goes on: what was shown for the decision does not come again.
 * @throws ReckonerError decision_id_invalid, decision_unknown, arm_unknown
 */
export async function blendItems(
  house: House,
  tenant: string,
  decisionId: string,
  command: BlendCommand,
): Promise<Blend> {
  const decision = await findDecision(house, tenant, decisionId);
  refuseForeign(decision, command.lists, 'lists');
  const lists = rankedLists(decision, command);
  const { items, repeated } = await recordOnce(house, decision, command, (before) => {
    const shown = before.flatMap(({ data }) => data.items);
    const from = shown.reduce((end, { position }) => Math.max(end, position + 1), 0);
    const taken = shown.map(({ item }) => item);
    return blend(lists, command.size, taken).map(({ item, list }, at) => {
      return { item, arm: lists[list]?.arm ?? '', position: from + at };
    });
  });
  return { decisionId, items, repeated };
}

/** The lists in the order of the slate, so that the order in which they were sent decides nothing. */
function rankedLists({ data }: FoundDecision, { lists }: BlendCommand) {
  const slate = data.slate.length === 0 ? [{ arm: data.arm, weight: 1 }] : data.slate;
  return slate.flatMap(({ arm, weight }) => {
    const items = lists.find((list) => list.arm === arm)?.items;
    return items === undefined ? [] : [{ arm, weight, items }];
  });
}

function refuseForeign({ data }: FoundDecision, given: readonly { readonly arm: string }[], field: string): void {
  const arms = new Set([data.arm, ...data.slate.map(({ arm }) => arm)]);
  const foreign = given.findIndex(({ arm }) => !arms.has(arm));
  if (foreign === -1) return;
  throw new ReckonerError('arm_unknown', 'An arm is named that the decision did not choose.', {
    details: [{ path: `${field}.${foreign}.arm`, message: 'is not in the decision’s slate' }],
    remedy: 'Name the arm of the decision, or one of its slate: GET /v1/decisions/{id} shows both.',
  });
}

/**
 * Records the items of a command, unless the same command has recorded its items before.
 * @param itemsAfter what it shows, after what was shown before; nothing is recorded where that is nothing
 */
async function recordOnce(
  house: House,
  decision: FoundDecision,
  command: ItemsCommand | BlendCommand,
  itemsAfter: (shown: readonly Shown[]) => readonly ShownItem[],
): Promise<{ readonly items: readonly ShownItem[]; readonly repeated: boolean }> {
  const hash = requestHash(command);
  const shown = await shownItems(house, decision);
  for (;;) {
    const same = shown.find(({ data }) => Buffer.compare(data.requestHash, hash) === 0);
    if (same !== undefined) return { items: same.data.items, repeated: true };
    const items = itemsAfter(shown);
    if (items.length === 0) return { items, repeated: false };
    const id = itemsId(decision, shown.length);
    const outcome = await ask(house, decision.domain, decision.stream, {
      id,
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
    if (outcome.status === 'recorded') return { items, repeated: false };
    // Somebody else was faster, perhaps with the very same command.
    const faster = await findEvent(house, id);
    if (faster?.type !== 'ItemsShown') throw vanished();
    shown.push(faster);
  }
}

function itemsId({ domain, decisionId }: FoundDecision, ordinal: number): string {
  return eventId(domain.tenant, domain.name, decisionId, 'ItemsShown', ordinal);
}

/** All that was recorded as shown for a decision: its events have ordinals 0, 1, 2, … */
export async function shownItems(house: House, decision: FoundDecision): Promise<Shown[]> {
  const shown: Shown[] = [];
  for (let ordinal = 0; ; ordinal++) {
    const event = await findEvent(house, itemsId(decision, ordinal));
    if (event?.type !== 'ItemsShown') return shown;
    shown.push(event);
  }
}
