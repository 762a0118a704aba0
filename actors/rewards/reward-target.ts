/** Whom a reward is for: the arm it teaches, and the probability with which that arm stood where it stood. */
import { ReckonerError } from '../../events/errors.ts';
import { eventId } from '../../events/ids.ts';
import { type FoundDecision, findEvent, type House } from '../house.ts';
import { shownItems } from '../items.ts';

export interface RewardTarget {
  readonly arm: string;
  readonly propensity: number | undefined;
  /** Dollars that its call has cost, where its agent told. */
  readonly costUsd?: number | undefined;
}

/** The arm that was chosen; where it was to be carried out too, the one that answered. */
export async function targetOf(house: House, decision: FoundDecision): Promise<RewardTarget> {
  const { arm, propensity, run } = decision.data;
  return run ? ((await answerTarget(house, decision)) ?? { arm, propensity }) : { arm, propensity };
}

/** The arm that answered; undefined where none did. One that stood in for the chosen arm was not drawn: it has no propensity. */
export async function answerTarget(house: House, decision: FoundDecision): Promise<RewardTarget | undefined> {
  const { data } = decision;
  const answered = decision.answered ?? (await answerOf(house, decision));
  if (answered === undefined) return undefined;
  const { arm, costUsd } = answered;
  return { arm, propensity: arm === data.arm ? data.propensity : undefined, costUsd };
}

async function answerOf(house: House, decision: FoundDecision): Promise<FoundDecision['answered']> {
  const call = await findEvent(house, answeredId(decision));
  return call?.type === 'AgentCallSucceeded' ? call.data : undefined;
}

/** Id of the event that says which arm answered for a decision: there is one at most. */
export function answeredId({ decisionId, domain }: FoundDecision): string {
  return eventId(domain.tenant, domain.name, decisionId, 'AgentCallSucceeded');
}

/**
 * The arm that an item came from, and the probability that it stood where it stood in the slate.
 * @throws ReckonerError item_unknown
 */
export async function itemTarget(house: House, decision: FoundDecision, item: string): Promise<RewardTarget> {
  for (const shown of await shownItems(house, decision)) {
    const found = shown.data.items.find((candidate) => candidate.item === item);
    if (found === undefined) continue;
    const entry = decision.data.slate.find(({ arm }) => arm === found.arm);
    return { arm: found.arm, propensity: entry === undefined ? decision.data.propensity : entry.rankPropensity };
  }
  throw new ReckonerError('item_unknown', 'This item is not among those recorded as shown for the decision.');
}
