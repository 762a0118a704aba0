/** Handles a run command: decides, hands the arm to its agent, and falls back along the remaining candidates. */
import { ReckonerError } from '../../events/errors.ts';
import { rankingOf } from '../bucket/recall.ts';
import { type Selection, siftCandidates } from '../choice/candidates.ts';
import { decide } from '../decide.ts';
import type { DomainState } from '../domain/domain-state.ts';
import { domainOf, type FoundDecision, findDecision, findEvent, type House, stateOf } from '../house.ts';
import { keyedMark, requestHash } from '../identity/canonical.ts';
import type { DecideCommand, Decision } from '../messages/decide.ts';
import type { Attempt, Run, RunCommand } from '../messages/run.ts';
import { rewardFailure } from '../rewards/reward.ts';
import { answeredId } from '../rewards/reward-target.ts';
import type { AgentResult } from './agent.ts';
import { unknownAgent } from './agents.ts';

/**
 * A request that is repeated while it is under way, or soon after, gets the same answer. Later, and on other nodes, the log tells
 * that it was answered and by whom, but not what: nothing is called a second time.
 * @throws ReckonerError agent_unknown, agent_failed, deadline_exceeded, and what `decide` throws
 */
export async function run(house: House, tenant: string, name: string, command: RunCommand): Promise<Run> {
  const { question, timeoutMs, ...asked } = command;
  const deadline = house.env.now() + timeoutMs;
  if (asked.requestId === undefined || asked.made)
    return carryOut(house, tenant, name, { ...asked, run: '' }, question, deadline);
  const deciding = { ...asked, run: keyedMark(house.decisionKey, 'question', question) };
  const key = `${tenant}.${name}.${Buffer.from(requestHash(deciding)).toString('hex')}`;
  return house.runs.once(key, () => carryOut(house, tenant, name, deciding, question, deadline));
}

async function carryOut(
  house: House,
  tenant: string,
  name: string,
  command: DecideCommand,
  question: unknown,
  deadline: number,
): Promise<Run> {
  const domain = await domainOf(house, tenant, name);
  mustHaveAgents(house, stateOf(domain), { tenant, command });
  const decision = await decide(house, tenant, name, command);
  const found = await findDecision(house, tenant, decision.decisionId);
  const before = command.requestId === undefined ? undefined : await answeredBefore(house, found, decision);
  if (before !== undefined) return before;

  const attempts: Attempt[] = [];
  for await (const arm of inOrder(house, found)) {
    if (house.env.now() >= deadline) break;
    const agent = agentOf(stateOf(domain), arm);
    const result = await house.agents.call(agent, {
      decisionId: decision.decisionId,
      arm,
      correlationId: decision.requestId,
      causationId: found.eventId,
      successId: answeredId(found),
      deadline,
      question,
    });
    attempts.push(attemptOf(arm, agent, result));
    if (result.ok) {
      // Where another node answered first, its arm has the id, and is the one that rewards reach.
      const { answer, source, latencyMs, costUsd, quality = null } = result;
      if (result.eventId === answeredId(found)) {
        const { eventId, data } = found;
        house.recent.set(decision.decisionId, { eventId, data, answered: { arm, costUsd } });
      }
      return { decision, arm, answer, source, latencyMs, costUsd, quality, attempts, repeated: false };
    }
    // Before the next one is asked: an answer that was paid for is not lost to a reward that could not be recorded.
    if (result.asked && result.eventId !== undefined) await rewardFailure(house, found, arm, result.eventId);
  }
  const late = house.env.now() >= deadline;
  throw new ReckonerError(
    late ? 'deadline_exceeded' : 'agent_failed',
    late
      ? `The request’s time passed before an agent had answered for the decision ${decision.decisionId}.`
      : `No agent answered for the decision ${decision.decisionId}.`,
    { details: attempts.map(({ arm, failure }) => ({ path: `arms.${arm}`, message: failure ?? '' })) },
  );
}

/** The chosen arm, and where that is not enough the others, best first. */
async function* inOrder(house: House, decision: FoundDecision): AsyncGenerator<string> {
  yield decision.data.arm;
  const ranking = await house.ranking.run(() => rankingOf(house, decision));
  for (const arm of ranking) if (arm !== decision.data.arm) yield arm;
}

/** An arm that nobody carries out would be chosen again and again, and never learned about: better to say so at once. */
function mustHaveAgents({ agents }: House, domain: DomainState, selection: Selection): void {
  const { kept } = siftCandidates(domain, selection);
  // Taken where constraints leave nobody else; it need be neither a candidate nor an arm.
  const { fallback } = domain.config;
  for (const arm of kept.length > 0 || fallback === undefined ? kept : [fallback]) {
    if (!agents.has(agentOf(domain, arm))) throw unknownAgent(agentOf(domain, arm));
  }
}

/** Id of the agent that carries an arm out. */
function agentOf(domain: DomainState, arm: string): string {
  return domain.arms.get(arm)?.agent ?? arm;
}

function attemptOf(arm: string, agent: string, result: AgentResult): Attempt {
  const { eventId = null, latencyMs } = result;
  return { arm, agent, eventId, latencyMs, failure: result.ok ? null : result.category };
}

/** What the log tells of an answer that was given before. */
async function answeredBefore(house: House, found: FoundDecision, decision: Decision): Promise<Run | undefined> {
  const call = await findEvent(house, answeredId(found));
  if (call?.type !== 'AgentCallSucceeded') return undefined;
  const { arm, agent, latencyMs, costUsd, quality = null } = call.data;
  const source = call.data.source as Run['source']; // written by an agent
  const attempts = [{ arm, agent, eventId: call.id, latencyMs, failure: null }];
  return { decision, arm, answer: null, source, latencyMs, costUsd, quality, attempts, repeated: true };
}
