/** Handles rewards and their retraction. */
import type { DecodedEvent } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import { eventId } from '../../events/ids.ts';
import type { RewardObserved } from '../../proto/generated/events.ts';
import type { BucketView } from '../bucket/bucket-state.ts';
import type { Control } from '../control.ts';
import { standingAt } from '../domain/domain-state.ts';
import { ask, type FoundDecision, findDecision, findEvent, type House, vanished } from '../house.ts';
import { canonical } from '../identity/canonical.ts';
import type { RetractionReceipt, RewardCommand, RewardReceipt } from '../messages/reward.ts';
import { lateReward } from './late-reward.ts';
import { retractionId, retractionOf, retractionsOf } from './retraction.ts';
import { costOf } from './reward-cost.ts';
import { itemTarget, targetOf } from './reward-target.ts';
import { kindOf, rewardValue } from './reward-value.ts';
import { FAILED } from './reward-window.ts';
import { askSpoken } from './silence.ts';

/** @throws ReckonerError decision_id_invalid, decision_unknown, item_unknown, reward_invalid, reward_already_recorded, request_id_reused */
export async function reward(
  house: House,
  tenant: string,
  decisionId: string,
  command: RewardCommand,
): Promise<RewardReceipt> {
  const decision = await findDecision(house, tenant, decisionId);
  const { domain, address } = decision;
  const kind = kindOf(command);
  const target =
    command.item === undefined ? await targetOf(house, decision) : await itemTarget(house, decision, command.item);
  const subject = command.subject === undefined ? '' : await house.pseudonym(tenant, command.subject);
  const identity = command.requestId ?? [decisionId, kind, subject, command.item ?? ''].join('\u001e');
  // Worth what the configuration says that the event names, which may have changed since the request came in.
  const make = ({ domain: state, decisionsSince }: BucketView): RewardObserved => ({
    domainRevision: state.revision,
    decisionRevision: address.revision,
    arm: target.arm,
    ...lateReward(decision, { domain: state }),
    propensity: target.propensity,
    ...rewardValue(state.config, command),
    given: command.value !== undefined && (command.feedback !== undefined || command.components !== undefined),
    item: command.item ?? '',
    subject,
    ...costOf(state, decision, target, command.costUsd),
    outdated: address.revision < decisionsSince,
  });

  // A reward that was taken back may be given again: it then gets the next ordinal.
  for (let ordinal = 0; ; ordinal++) {
    const id = eventId(tenant, domain.name, identity, 'RewardObserved', ordinal);
    const outcome = await askOrFind(house, decision, {
      id,
      type: 'RewardObserved',
      correlationId: decision.data.requestId,
      causationId: decision.eventId,
      kind,
      make,
    });
    if (outcome.status === 'recorded') {
      const { value, share, outdated, setAside } = outcome.data as RewardObserved; // the bucket gave back what `make` made
      const learned = share > 0 && !outcome.domain.frozen && !outdated && !setAside;
      return { rewardId: id, decisionId, arm: target.arm, value, share, kind, learned, repeated: false };
    }
    const recorded = await findEvent(house, id);
    if (recorded === undefined) throw vanished();
    const again = command.requestId === undefined && (await retractionsOf(house, domain, id)).counts;
    if (!again) return repeatedReward(decision, recorded, command, subject);
  }
}

/** What is no reward of the domain any more may have been one when it came first: then it is a repeat, not a mistake. */
async function askOrFind(...[house, decision, command]: Parameters<typeof askSpoken>): ReturnType<typeof ask> {
  try {
    return await askSpoken(house, decision, command);
  } catch (thrown) {
    const refused = thrown instanceof ReckonerError && thrown.code === 'reward_invalid';
    if (refused && (await house.log.find(command.id)) !== undefined) return { status: 'duplicate' };
    throw thrown;
  }
}

/** The receipt of a reward that came before. What it would have been worth under the configuration of that time tells whether it is the same. */
async function repeatedReward(
  decision: FoundDecision,
  recorded: DecodedEvent,
  command: RewardCommand,
  subject: string,
): Promise<RewardReceipt> {
  const then =
    'domainRevision' in recorded.data ? await decision.domain.compiledAt(recorded.data.domainRevision) : undefined;
  if (
    recorded.type !== 'RewardObserved' ||
    then === undefined ||
    recorded.stream !== decision.stream ||
    recorded.data.decisionRevision !== decision.address.revision ||
    recorded.data.item !== (command.item ?? '') ||
    recorded.data.subject !== subject ||
    canonical(rewardValue(then.config, command)) !== canonical(worthOf(recorded.data)) ||
    (command.costUsd !== undefined && command.costUsd !== recorded.data.costUsd)
  ) {
    throw command.requestId === undefined
      ? new ReckonerError(
          'reward_already_recorded',
          'Another reward of this kind and subject is recorded for this decision.',
        )
      : new ReckonerError('request_id_reused', 'This requestId was used for another reward.');
  }
  const { arm, value, share, kind, outdated, setAside } = recorded.data;
  const { frozen } = standingAt(decision.domain.timeline, recorded.data.domainRevision);
  const learned = share > 0 && !frozen && !outdated && !setAside;
  return { rewardId: recorded.id, decisionId: decision.decisionId, arm, value, share, kind, learned, repeated: true };
}

function worthOf({ value, share, kind, feedback, components }: RewardObserved) {
  return { value, share, kind, feedback, components };
}

/** Teaches an arm that its agent was asked and did not answer: a whole pull that earned nothing, recorded once a decision. */
export async function rewardFailure(house: House, decision: FoundDecision, arm: string, callId: string): Promise<void> {
  const { decisionId, domain, stream, address, data } = decision;
  await ask(house, domain, stream, {
    id: eventId(domain.tenant, domain.name, [decisionId, 'failed', arm].join('\u001e'), 'RewardObserved'),
    type: 'RewardObserved',
    correlationId: data.requestId,
    causationId: callId,
    make: (state) => ({
      domainRevision: state.domain.revision,
      decisionRevision: address.revision,
      arm,
      ...lateReward(decision, state),
      propensity: arm === data.arm ? data.propensity : undefined,
      value: 0,
      share: 1,
      kind: 'outcome',
      components: undefined,
      feedback: FAILED,
      item: '',
      subject: '',
      costUsd: undefined,
      declaredUsd: undefined,
      outdated: address.revision < state.decisionsSince,
      given: false,
    }),
  });
}

/** @throws ReckonerError decision_id_invalid, decision_unknown, reward_unknown */
export async function retract(
  house: House,
  tenant: string,
  decisionId: string,
  rewardId: string,
  control: Control,
): Promise<RetractionReceipt> {
  const decision = await findDecision(house, tenant, decisionId);
  const { domain, stream, address } = decision;
  const found = await findEvent(house, rewardId);
  if (found?.type !== 'RewardObserved' || found.stream !== stream || found.data.decisionRevision !== address.revision) {
    throw new ReckonerError('reward_unknown', 'The decision has no reward of this id.');
  }
  // One that a rollback has set aside does not count: it is taken back once more, under the next ordinal.
  for (let ordinal = 0; ; ordinal++) {
    const id = retractionId(domain, rewardId, ordinal);
    const outcome = await ask(house, domain, stream, {
      id,
      type: 'RewardRetracted',
      correlationId: decision.data.requestId,
      causationId: rewardId,
      make: await retractionOf(domain, found, control),
    });
    const receipt = { rewardId, decisionId, retracted: true } as const;
    if (outcome.status === 'recorded') return { ...receipt, repeated: false };
    const recorded = await findEvent(house, id);
    if (recorded?.type !== 'RewardRetracted') throw vanished();
    if (domain.timeline.lineage.has(recorded.data.domainRevision)) return { ...receipt, repeated: true };
  }
}
