/** Kills nodes under load, and looks into the log for what was acknowledged. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { createRing } from '../../../actors/cluster/rendezvous.ts';
import { dataFiles } from '../../../adapters/cli/compose/data-files.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { openSnapshotStore } from '../../../adapters/sqlite/snapshot-store.ts';
import { bucketPrefix } from '../../../events/streams.ts';
import { brokenLinks, DOMAIN, decodedOf, TENANT } from '../../actors/given.ts';
import { posteriorOf, stateFrom } from '../../actors/posterior.ts';
import { temporaryDirectory } from '../sqlite/temporary.ts';
import { type Books, CONFIG, ended, load, openAsking, startNode } from './processes.ts';
import { startNatsServer } from './server.ts';

const NAMES = ['one', 'two', 'three'];
/** How long a client waits before it asks again. */
export const CLIENT_MS = 3_000;
const WORKERS = 24;
const POLL_MS = 20;
const HELD_MS = 6_000;

export interface Failover {
  readonly acknowledged: { readonly decisions: number; readonly rewards: number };
  /** How often clients had to ask again. */
  readonly repeats: number;
  /** Acknowledged and not in the log. */
  readonly lost: readonly string[];
  /** In the log more often than asked for. */
  readonly doubled: readonly string[];
  readonly brokenLinks: readonly string[];
  /** Buckets in which what the nodes believed at their end is not what the log says. */
  readonly differing: readonly string[];
  readonly buckets: number;
  /** For each kill, how long the longest request took that was under way or came within two seconds after, in milliseconds. */
  readonly longestMs: readonly number[];
  /** For each kill, until each of the dead node's buckets that were asked had answered: the slowest, in milliseconds. */
  readonly answeringMs: readonly number[];
}

/**
 * Three nodes under load; kills one after the other at a moment of chance, and starts each again. Or holds it for longer than the
 * others wait for it: then it wakes up with what it was about to write, and with buckets that others have written meanwhile.
 */
export async function killUnderLoad(
  kills: number,
  seed: number,
  how: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL',
): Promise<Failover> {
  const random = xoroshiro128plus(seed);
  const dataDir = temporaryDirectory();
  const server = await startNatsServer({ jetstream: false });
  const nodes = new Map<string, ChildProcess>();
  try {
    for (const node of NAMES) {
      const configure = node === NAMES[0] ? { name: DOMAIN, config: CONFIG } : undefined;
      nodes.set(node, await startNode({ dataDir, url: server.url, node, pollMs: POLL_MS, configure }));
    }
    const asking = await openAsking(server.url, CLIENT_MS);
    const owners = new Map<number, string>();
    const ring = createRing(NAMES);
    const longestMs: number[] = [];
    const answeringMs: number[] = [];
    const loading = load(asking.reckoner, 'load', WORKERS);
    const moments: { readonly at: number; readonly victim: string }[] = [];
    await pause(500);
    for (let kill = 0; kill < kills; kill++) {
      const victim = NAMES[uniformInt(random, 0, NAMES.length - 1)] ?? '';
      await pause(uniformInt(random, 0, 300));
      const process = nodes.get(victim);
      if (process === undefined) throw new Error(`${victim} does not run.`);
      moments.push({ at: performance.now(), victim });
      if (how === 'SIGSTOP') {
        process.kill('SIGSTOP');
        await pause(HELD_MS);
        process.kill('SIGCONT');
        await pause(2_500);
        continue;
      }
      await ended(process, 'SIGKILL');
      await pause(2_500);
      nodes.set(victim, await startNode({ dataDir, url: server.url, node: victim, pollMs: POLL_MS }));
      await pause(500);
    }
    const books = await loading.stop();
    await asking.close();
    for (const process of nodes.values()) await ended(process, 'SIGTERM');
    const log = openSqliteEventLog({ file: join(dataDir, dataFiles.log) });
    const snapshots = openSnapshotStore({ file: join(dataDir, dataFiles.snapshots) });
    try {
      for (const { tier, decisionId } of books.answers) owners.set(tier, ring.ownerOf(streamOf(decisionId)));
      for (const { at, victim } of moments) {
        const near = books.answers.filter((answer) => answer.at > at && answer.at - answer.tookMs < at + 2_000);
        longestMs.push(Math.max(...near.map(({ tookMs }) => tookMs)));
        const first = new Map<number, number>();
        for (const answer of near) {
          if (owners.get(answer.tier) === victim && !first.has(answer.tier)) first.set(answer.tier, answer.at - at);
        }
        answeringMs.push(Math.max(...first.values()));
      }
      const found = await inLog(log, books);
      return {
        acknowledged: { decisions: books.decided.size, rewards: books.rewarded.size },
        repeats: books.repeats,
        ...found,
        brokenLinks: await brokenLinks(log),
        ...(await believed(log, snapshots)),
        ...{ longestMs, answeringMs },
      };
    } finally {
      await log.close();
      await snapshots.close();
    }
  } finally {
    for (const process of nodes.values()) await ended(process, 'SIGKILL');
    await server.stop();
  }
}

type Log = ReturnType<typeof openSqliteEventLog>;

async function inLog(log: Log, books: Books): Promise<Pick<Failover, 'lost' | 'doubled'>> {
  const decisions = new Map<string, number>();
  const places = new Map<string, number>();
  const rewards = new Map<string, number>();
  const seen = new Set<string>();
  const doubled: string[] = [];
  for (const event of await decodedOf(log.readAll({ types: ['DecisionMade', 'RewardObserved'] }))) {
    if (event.type === 'DecisionMade') {
      const { requestId } = event.data;
      decisions.set(requestId, (decisions.get(requestId) ?? 0) + 1);
      places.set(`${event.stream}@${event.revision}`, 1);
    } else if (event.type === 'RewardObserved') {
      rewards.set(event.id, (rewards.get(event.id) ?? 0) + 1);
      const decision = `${event.stream}@${event.data.decisionRevision}`;
      if (seen.has(decision)) doubled.push(`reward of ${decision}`);
      seen.add(decision);
    }
  }
  for (const [requestId, count] of decisions) {
    if (count > 1) doubled.push(`decision ${requestId}`);
    if (!books.decided.has(requestId)) doubled.push(`decision ${requestId}, which nobody asked for`);
  }
  const lost = [...books.decided].filter(([requestId, id]) => !decisions.has(requestId) || !places.has(placeOf(id)));
  const lostRewards = [...books.rewarded].filter(([, rewardId]) => !rewards.has(rewardId));
  return { lost: [...lost.map(([id]) => `decision ${id}`), ...lostRewards.map(([id]) => `reward of ${id}`)], doubled };
}

function streamOf(decisionId: string): string {
  return bucketPrefix(TENANT, DOMAIN) + (decisionId.split('.')[1] ?? '');
}

function placeOf(decisionId: string): string {
  return `${streamOf(decisionId)}@${Number.parseInt(decisionId.split('.')[2] ?? '', 36)}`;
}

/** What the nodes wrote down at their end is what they believed; one node alone makes the same of the log, without any of it. */
async function believed(log: Log, snapshots: ReturnType<typeof openSnapshotStore>) {
  const streams = new Set<string>();
  for await (const { stream } of log.readAll({ streamPrefix: bucketPrefix(TENANT, DOMAIN) })) streams.add(stream);
  const differing: string[] = [];
  for (const stream of streams) {
    const alone = await stateFrom(log, { stream });
    const together = await stateFrom(log, { stream, snapshots });
    if (posteriorOf(alone) !== posteriorOf(together)) differing.push(stream);
  }
  return { differing, buckets: streams.size };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
