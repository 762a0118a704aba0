/** Long histories by chance: several tenants, domains, days, and everything that can happen to a decision. */
import { eventId } from '../../events/ids.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';
import {
  configured,
  decided,
  failed,
  frozen,
  type Happened,
  HOUR,
  MINUTE,
  marked,
  NOON,
  retracted,
  rewarded,
  rolledBack,
  succeeded,
  thawed,
  voided,
} from './history.ts';

/** @param length events, a few more */
export function randomHistory(seed: number, length: number): Happened[] {
  const random = randomness(seed);
  const uniform = () => drawUniform(random);
  const below = (limit: number) => Math.floor(uniform() * limit);
  const chance = (probability: number) => uniform() < probability;
  const any = <T>(items: readonly [T, ...T[]]): T => items[below(items.length)] ?? items[0];

  const owners = ['default-support', 'default-routing', 'acme-support'] as const;
  const revisions = new Map<string, number>();
  const decisions: { stream: string; revision: number; arm: string; requestId: string }[] = [];
  const rewards: { stream: string; decisionRevision: number; rewardRevision: number; rewardId: string }[] = [];
  const history: Happened[] = [];
  let time = NOON - 30 * HOUR;

  function happen(event: Happened): number {
    const revision = (revisions.get(event.stream) ?? -1) + 1;
    revisions.set(event.stream, revision);
    history.push({ ...event, time });
    return revision;
  }

  function govern(owner: string): void {
    const stream = `domain-${owner}`;
    const toDomainRevision = below(revisions.get(stream) ?? 1);
    const config = JSON.stringify({
      arms: [{ name: 'a', costUsd: below(3) }],
      policy: { name: any(['lin_ucb', 'fixed']) },
    });
    const span = { fromTime: time - below(40) * HOUR, toTime: time - below(10) * HOUR };
    happen(
      any([
        () => configured({ stream, config }),
        () => any([frozen, thawed, marked])({ stream }),
        () => rolledBack({ stream, toDomainRevision, config, configKept: chance(0.5) }),
        () => voided({ stream, subject: any(['', 'one', 'two']), ...(chance(0.5) ? span : {}) }),
      ])(),
    );
  }

  function decide(owner: string, domainRevision: number): void {
    const stream = `bucket-${owner}-${any(['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb'])}`;
    const [arm, requestId] = [any(['a', 'b', 'c']), `request ${below(1e6)}`];
    const propensity = chance(0.8) ? 0.05 + 0.95 * uniform() : undefined;
    const chosen = { arm, propensity, expectedReward: uniform(), floor: uniform() / 5, subject: any(['', 'one']) };
    const mode = any(['', 'autonomous', 'supervised', 'escalated']);
    const revision = happen(decided({ stream, requestId, domainRevision, mode, fallback: chance(0.05), ...chosen }));
    decisions.push({ stream, revision, arm, requestId });
  }

  function reward(domainRevision: number): void {
    const decision = decisions[below(decisions.length)];
    if (decision === undefined) return;
    const { stream } = decision;
    // Now and then for a decision that nobody knows.
    const decisionRevision = chance(0.02) ? 1e6 : decision.revision;
    const known = { value: uniform(), share: any([0, 0.1, 0.3, 1]), subject: any(['', 'one', 'two']) };
    const kind = any(['explicit', 'implicit', 'outcome']);
    const said = { kind, feedback: any(['', 'thumbs_up', 'silence']), costUsd: chance(0.2) ? uniform() : undefined };
    const propensity = chance(0.8) ? 0.05 + 0.95 * uniform() : undefined;
    const told = { domainRevision, decisionRevision, arm: decision.arm, propensity, ...known, ...said };
    const rewardRevision = happen(rewarded({ stream, ...told }));
    const rewardId = eventId('test', stream, String(rewardRevision), 'RewardObserved');
    rewards.push({ stream, decisionRevision, rewardRevision, rewardId });
  }

  function retract(domainRevision: number): void {
    const known = rewards[below(rewards.length)];
    if (known !== undefined) happen(retracted({ ...known, domainRevision }));
  }

  function call(): void {
    const { stream = '', revision = 0, requestId = '' } = decisions[below(decisions.length)] ?? {};
    const [, tenant = '', domain = '', bucket = ''] = stream.split('-');
    const agent = any(['small', 'large']);
    const causationId = eventId(tenant, domain, requestId, 'DecisionMade');
    const whose = { decisionId: `${domain}.${bucket}.${revision.toString(36)}.check`, causationId, agent };
    const at = { stream: `agent-${agent}-node`, arm: any(['', 'a', 'b']), latencyMs: 1000 * uniform() };
    if (chance(0.7)) happen(succeeded({ ...whose, ...at, costUsd: uniform() }));
    else happen(failed({ ...whose, ...at, category: any(['timeout', 'overloaded', 'refused', 'failed']) }));
  }

  for (const owner of owners) happen(configured({ stream: `domain-${owner}` }));
  while (history.length < length) {
    time += below(chance(0.01) ? 10 * HOUR : 3 * MINUTE);
    const owner = any(owners);
    // A bucket may not have heard of the last of its domain's revisions.
    const domainRevision = Math.max(0, (revisions.get(`domain-${owner}`) ?? 0) - below(2));
    const kind = uniform();
    if (kind < 0.02) govern(owner);
    else if (kind < 0.45) decide(owner, domainRevision);
    else if (kind < 0.8) reward(domainRevision);
    else if (kind < 0.88) retract(domainRevision);
    else call();
  }
  return history;
}
