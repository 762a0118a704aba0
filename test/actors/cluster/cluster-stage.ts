/** A cluster for tests: several nodes on one log file, over a network that does as it is told. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AgentDefinition } from '../../../actors/agents/agent.ts';
import { createPlacement, type Placement } from '../../../actors/cluster/placement.ts';
import { createRing } from '../../../actors/cluster/rendezvous.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import type { Decision } from '../../../actors/messages/decide.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import type { EventLog, SubscriptionMessage } from '../../../events/event-log.ts';
import { bucketPrefix } from '../../../events/streams.ts';
import { temporaryDirectory } from '../../adapters/sqlite/temporary.ts';
import { configured, DOMAIN, decodedOf, given, openStage, type Stage, TENANT } from '../given.ts';
import { openShelf } from '../posterior.ts';
import { createNetwork, type Network } from './in-process-members.ts';

export const BUCKETS = 12;
export const CONFIG: DomainConfigInput = {
  arms: ['red', 'blue'],
  context: { tier: { type: 'categorical', values: Array.from({ length: BUCKETS }, (_, index) => `t${index}`) } },
  bucketBy: ['tier'],
};

/** Nodes of one installation in one process: each has its own connection to the log, clock and snapshots. */
export interface Cluster {
  readonly nodes: readonly Stage[];
  readonly names: readonly string[];
  readonly log: EventLog;
  readonly network: Network;
  node(name: string): Stage;
  placement(name: string): Placement;
  /** Names of those that were not killed. */
  live(): readonly string[];
  /** What it does not answer is lost, and nobody hears of it again. */
  kill(name: string): void;
  decide(at: string, tier: number, requestId?: string): Promise<Decision>;
}

/** A subscription that never says anything. */
async function* silence(signal?: AbortSignal): AsyncGenerator<SubscriptionMessage> {
  await new Promise((resolve) => signal?.addEventListener('abort', resolve));
}

export async function openCluster(
  names: readonly string[] = ['one', 'two', 'three'],
  {
    config = CONFIG,
    agents,
    timeoutMs,
    deaf = [],
  }: {
    config?: DomainConfigInput;
    agents?: readonly AgentDefinition[];
    timeoutMs?: number;
    deaf?: readonly string[];
  } = {},
): Promise<Cluster> {
  const file = join(temporaryDirectory(), 'events.db');
  const network = createNetwork({ timeoutMs });
  const logs = names.map(() => openSqliteEventLog({ file, pollMs: 5 }));
  const nodes: Stage[] = [];
  const placements: Placement[] = [];
  const dead = new Set<string>();
  for (const [index, name] of names.entries()) {
    const placement = createPlacement(network.member(name), { now: () => nodes[index]?.time ?? 0 });
    placements.push(placement);
    // Naps are short, and never none: windows are looked at again and again.
    const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 2)));
    const own = logs[index]!;
    // A node that hears of nothing by itself: what others wrote it learns by asking only.
    const log: EventLog = deaf.includes(name) ? { ...own, subscribe: ({ signal } = {}) => silence(signal) } : own;
    const options = { sleep, agents, log, node: name, seed: index + 1, snapshots: openShelf(), placement };
    nodes.push(index === 0 ? await given([configured(config)], options) : await openStage(options));
  }
  onTestFinished(async () => {
    for (const node of nodes) await node.stop();
    for (const log of logs) await log.close();
  });
  const node = (name: string) => nodes[names.indexOf(name)]!;
  return {
    ...{ nodes, names, network, node, log: logs[0]! },
    placement: (name) => placements[names.indexOf(name)]!,
    live: () => names.filter((name) => !dead.has(name)),
    kill(name) {
      dead.add(name);
      network.kill(name);
    },
    decide: (at, tier, requestId) => node(at).reckoner.decide(DOMAIN, { context: { tier: `t${tier}` }, requestId }),
  };
}

/** Names of those who wrote each bucket's events. */
export async function writers(log: EventLog): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (const { stream, metadata } of await decodedOf(log.readAll({ streamPrefix: bucketPrefix(TENANT, DOMAIN) })))
    found.set(stream, (found.get(stream) ?? new Set()).add(metadata.writer));
  return found;
}

export const streamOf = (decisionId: string) => bucketPrefix(TENANT, DOMAIN) + (decisionId.split('.')[1] ?? '');

/** A bucket of the node, by the number of its tier. */
export async function tierOf(cluster: Cluster, owner: string): Promise<number> {
  const ring = createRing(cluster.names);
  for (let tier = 0; tier < BUCKETS; tier++) {
    const { decisionId } = await cluster.decide(cluster.names[0]!, tier);
    if (ring.ownerOf(streamOf(decisionId)) === owner) return tier;
  }
  throw new Error(`no bucket belongs to ${owner}`);
}
