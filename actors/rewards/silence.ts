/**
 * Silence: what is recorded for a decision whose reward window closed before a reward came, and the reward that comes later and
 * takes its place. The bucket is the judge of both: it knows which windows are open, and makes its events one after the other.
 */
import { ReckonerError } from '../../events/errors.ts';
import { eventId } from '../../events/ids.ts';
import { bucketPrefix } from '../../events/streams.ts';
import type { RewardKind } from '../config/reward.ts';
import type { DomainHandle } from '../domain/domains.ts';
import { ask, type FoundDecision, findEvent, type House, knownOf, readDecision } from '../house.ts';
import { decisionId } from '../identity/decision-id.ts';
import { lateReward } from './late-reward.ts';
import { retractionOf, retractionsOf } from './retraction.ts';
import { costOf } from './reward-cost.ts';
import { answerTarget } from './reward-target.ts';
import { silenceValue } from './reward-value.ts';
import { answersWindow, SUPERSEDED } from './reward-window.ts';

type Command = Parameters<typeof ask>[3];

/**
 * Records what silence means for a decision, unless its window is closed already: by a reward, by this, or because its domain
 * waits no more. Twice is once, on however many nodes. A run that no agent answered has nothing to be silent about: there it
 * moves nothing.
 * @param revision of the decision in its bucket's stream
 * @throws ReckonerError what the log and the bucket throw
 */
export async function recordSilence(
  house: House,
  domain: DomainHandle,
  stream: string,
  revision: number,
): Promise<void> {
  const decision = await decisionAt(house, domain, stream, revision);
  const { data } = decision;
  const target = data.run ? await answerTarget(house, decision) : { arm: data.arm, propensity: data.propensity };
  let closed = false;
  const make: Command['make'] = ({ domain: now, open, decisionsSince }) => {
    const { window } = now.config.reward;
    if (window === undefined || !open.has(revision)) {
      closed = true;
      throw new ReckonerError('reward_already_recorded', 'The reward window of this decision is closed.');
    }
    const worth = silenceValue(now.config, window);
    return {
      domainRevision: now.revision,
      decisionRevision: revision,
      arm: target?.arm ?? data.arm,
      ...lateReward(decision, { domain: now }),
      propensity: target?.propensity,
      ...worth,
      share: target === undefined ? 0 : worth.share,
      given: target === undefined,
      item: '',
      subject: '',
      ...costOf(now, decision, target ?? data, undefined),
      outdated: revision < decisionsSince,
    };
  };
  try {
    const id = silenceId(decision);
    await ask(house, domain, stream, { id, ...causeOf(decision), type: 'RewardObserved', make });
  } catch (thrown) {
    if (!closed) throw thrown;
  }
}

/** Not kept among the decisions that are expected to be rewarded soon. */
async function decisionAt(
  house: House,
  domain: DomainHandle,
  stream: string,
  revision: number,
): Promise<FoundDecision> {
  const { tenant, name } = domain;
  const address = { domain: name, bucketId: stream.slice(bucketPrefix(tenant, name).length), revision };
  const id = decisionId(house.decisionKey, tenant, address);
  let known = house.recent.peek(id);
  if (known === undefined) {
    const read = await readDecision(house, stream, revision);
    known = knownOf(read.id, read.data);
  }
  return { ...known, decisionId: id, domain, stream, address };
}

/**
 * Asks the decision's bucket for a reward that somebody gave. Where silence was recorded, it is taken back in the same append: no
 * reader of the log ever counts both.
 */
export function askSpoken(
  house: House,
  decision: FoundDecision,
  command: Command & { readonly kind: RewardKind },
): ReturnType<typeof ask> {
  const { domain, stream, data } = decision;
  const { awaits, length } = domain.timeline;
  // Most domains never waited for a reward: then there is nothing to look up.
  return awaits || data.domainRevision >= length
    ? askAwaited(house, decision, command)
    : ask(house, domain, stream, command);
}

async function askAwaited(...[house, decision, asked]: Parameters<typeof askSpoken>): ReturnType<typeof ask> {
  const { kind, ...command } = asked;
  const { domain, stream, address } = decision;
  if (!(await wasAwaited(decision))) return ask(house, domain, stream, command);
  // While the window is open there is nothing to take back, and nothing will come between.
  let closed = false;
  const make: Command['make'] = (view) => {
    closed = !view.open.has(address.revision);
    if (closed) throw new ReckonerError('conflict', 'The reward window of this decision is closed.');
    return command.make(view);
  };
  try {
    return await ask(house, domain, stream, { ...command, make, apart: silenceId(decision) });
  } catch (thrown) {
    if (!closed) throw thrown;
  }
  // It never opens again: silence is in the log now, or will never be.
  for (;;) {
    const before = await takenBack(house, decision, kind);
    const outcome = await ask(house, domain, stream, { ...command, before });
    if (outcome.status === 'recorded' || before === undefined) return outcome;
    if ((await house.log.find(command.id)) !== undefined) return outcome;
    // Somebody else took the silence back meanwhile.
  }
}

/** Whether a window opened with the decision. */
async function wasAwaited({ domain, data }: FoundDecision): Promise<boolean> {
  if (data.domainRevision >= domain.timeline.length) await domain.refresh();
  return domain.timeline.standingAt(data.domainRevision)?.window !== undefined;
}

/** The retraction of the recorded silence; undefined where none was recorded, or it was taken back already. */
async function takenBack(house: House, decision: FoundDecision, kind: RewardKind): Promise<Command['before']> {
  const { domain, stream } = decision;
  const rewardId = silenceId(decision);
  const silence = await findEvent(house, rewardId);
  if (silence?.type !== 'RewardObserved' || silence.stream !== stream) return undefined;
  const { counts, id } = await retractionsOf(house, domain, rewardId);
  if (counts) return undefined;
  const make = await retractionOf(domain, silence, { by: 'reckoner', reason: SUPERSEDED });
  return {
    id,
    type: 'RewardRetracted',
    make: (view) => (answersWindow({ feedback: '', kind }, view.domain.window) ? make(view) : undefined),
  };
}

/** Id of the one event that may say that nothing came for a decision. */
function silenceId({ decisionId, domain }: FoundDecision): string {
  return eventId(domain.tenant, domain.name, [decisionId, 'silence'].join('\u001e'), 'RewardObserved');
}

function causeOf({ eventId: causationId, data }: FoundDecision) {
  return { correlationId: data.requestId, causationId };
}
