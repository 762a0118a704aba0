/**
 * One, two and three nodes on one machine, over a real nats-server and one SQLite log: what a decision and its reward cost, and how
 * much of that is sharing. Client, server and nodes have the same cores, so more nodes are not faster here: processor time says
 * what they would need elsewhere. From what is measured a model on paper says where a large cluster breaks first.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOP_HEADER } from '../actors/cluster/forwarding.ts';
import { createRing } from '../actors/cluster/rendezvous.ts';
import { DEFAULT_TENANT, type Reckoner } from '../actors/reckoner.ts';
import { openNode } from '../adapters/cli/compose.ts';
import { askNodes } from '../adapters/nats/members.ts';
import { errorOf } from '../events/errors.ts';
import { bucketPrefix } from '../events/streams.ts';
import { type Asking, ended, openAsking, startNode, usedBy } from '../test/adapters/nats/processes.ts';
import { type NatsServer, startNatsServer } from '../test/adapters/nats/server.ts';
import type { BenchOptions, Figures } from './bench.ts';
import { bareRequests, bucketBytes, heartbeatBytes, ownerNanoseconds } from './cluster-constants.ts';
import { modelOf } from './cluster-model.ts';
import { DOMAIN, decidingDomain } from './deciding-domain.ts';
import { driveLoad, forSeconds, randomBuckets, times } from './load.ts';
import { withScratch } from './scratch.ts';
import { median, quantile, rounded } from './statistics.ts';

const SIZES = [1, 2, 3] as const;
/** So many that the log, not who waits for it, says how fast it takes events in. */
const CROWD = 512;
const IN_FLIGHT = 64;
const BUCKETS = 2_000;
const USUAL: Shape = { inFlight: IN_FLIGHT, buckets: BUCKETS };
const ROUNDS = 3;
const SECONDS = 4;
const WARM_UP = 3_000;
const FIELD_MS = 100;

export function run({ data }: BenchOptions): Promise<Figures> {
  return withScratch(data, async (directory) => {
    const server = await startNatsServer({ jetstream: false });
    const sides: Side[] = [];
    try {
      const alone = await openAlone(join(directory, 'alone'));
      await alone.round(times(WARM_UP));
      for (const size of SIZES) {
        const side = await openSide(server, size, join(directory, `nodes-${size}`));
        sides.push(side);
        await side.round(times(WARM_UP));
      }
      const direct = await openSide(server, SIZES.length, join(directory, 'aimed'), true);
      sides.push(direct);
      await direct.round(times(WARM_UP));
      const all = [alone, ...sides].map((side) => ({ side, rounds: [] as Round[] }));
      for (let round = 1; round <= ROUNDS; round++) {
        for (const { side, rounds } of all) {
          const measured = await side.round(forSeconds(SECONDS));
          rounds.push(measured);
          console.log(`round ${round} ${side.name}: ${told(measured)}`);
        }
      }
      const bare = await bareRequests(server.url, IN_FLIGHT, SECONDS);
      const crowd = await alone.round(forSeconds(SECONDS), { inFlight: CROWD, buckets: BUCKETS });
      const hot = await hotBucket([alone, ...sides]);
      const figures = all.map(({ side, rounds }) => summary(side, rounds));
      const [local, one, ...others] = figures;
      const aimed = others.pop();
      if (local === undefined || one === undefined || aimed === undefined) throw new Error('nothing was measured');
      const largest = others.at(-1) ?? one;
      await alone.close();
      const constants = {
        /** Of a node, deciding and rewarding, without the wire. */
        decisionCpuUs: local.nodesCpuUs,
        /** What NATS adds to that at the node. */
        wireCpuUs: Math.max(0, one.nodesCpuUs - local.nodesCpuUs),
        /** What both nodes together spend more for a command that crosses: against the same nodes when all is sent to its owner. */
        forwardCpuUs: Math.max(0, largest.nodesCpuUs - aimed.nodesCpuUs) / largest.forwardedPart,
        serverCpuUsPerMessage: median([one, ...others].map(({ serverCpuUs, messages }) => serverCpuUs / messages)),
        /** That one log takes in from one process. */
        eventsPerSecond: Math.round((2 * crowd.decisions) / crowd.seconds),
        bucketBytes: await bucketBytes(),
        heartbeatBytes: heartbeatBytes(),
        ownerNanoseconds: { of3: ownerNanoseconds(3), of100: ownerNanoseconds(100) },
      };
      const coordination = {
        /** Of several processes on one file: smaller transactions, and turns to take. Another log shares otherwise. */
        sharedFile: costs(one, aimed),
        /** Of commands that cross to another node. */
        forwarding: costs(aimed, largest),
      };
      for (const [what, { nodesCpuUs, serverCpuUs, messages }] of Object.entries(coordination))
        console.log(
          `${what}: ${nodesCpuUs} us at ${largest.nodes} nodes, ${serverCpuUs} us at the server and ${messages} messages more for a decision and its reward`,
        );
      const model = modelOf(constants);
      for (const line of model.lines) console.log(line);
      return {
        bench: 'cluster',
        inFlight: IN_FLIGHT,
        buckets: BUCKETS,
        bareRequestsPerSecond: bare,
        alone: local,
        nodes: [one, ...others],
        /** The same nodes as the last, each asked for its own buckets only. */
        aimed,
        coordination,
        hotBucket: hot,
        constants,
        model: model.figures,
      };
    } finally {
      for (const side of sides) await side.close();
      await server.stop();
    }
  });
}

/** One bucket belongs to one node, however many there are: what it takes in is a ceiling that more nodes do not raise. */
async function hotBucket(sides: readonly Side[]) {
  const ceilings = [];
  for (const { name, round } of sides) {
    const { decisions, seconds, latencies } = await round(forSeconds(SECONDS), { inFlight: IN_FLIGHT, buckets: 1 });
    const decisionsPerSecond = Math.round(decisions / seconds);
    const p50Ms = rounded(median(latencies), 1);
    console.log(`one bucket, ${name}: ${decisionsPerSecond} decisions and rewards/s, p50 ${p50Ms} ms`);
    ceilings.push({ name, decisionsPerSecond, p50Ms });
  }
  return ceilings;
}

interface Round {
  readonly decisions: number;
  readonly seconds: number;
  readonly latencies: readonly number[];
  /** Microseconds of processor time. */
  readonly nodesCpu: number;
  readonly serverCpu: number;
  readonly forwarded: number;
}

/** How many are under way at once, over how many buckets. */
interface Shape {
  readonly inFlight: number;
  readonly buckets: number;
}

interface Side {
  readonly name: string;
  /** Nodes; 0 is one process without NATS. */
  readonly size: number;
  round(more: () => boolean, shape?: Shape): Promise<Round>;
  close(): Promise<void>;
}

/** @param aimed whether the client asks the owner of each bucket itself, so that nothing crosses */
async function openSide(server: NatsServer, size: number, dataDir: string, aimed = false): Promise<Side> {
  mkdirSync(dataDir);
  // Each size has subjects of its own on the one server.
  const prefix = aimed ? 'aimed' : `size${size}`;
  const nodes: ChildProcess[] = [];
  for (let index = 0; index < size; index++) {
    const configure = index === 0 ? { name: DOMAIN, config: decidingDomain(BUCKETS) } : undefined;
    nodes.push(await startNode({ dataDir, url: server.url, node: nodeName(index), prefix, configure }));
  }
  const asking = await openAsking(server.url, 30_000, prefix);
  const names = nodes.map((_, index) => nodeName(index));
  const reckoner = aimed ? aiming(asking, names) : asking.reckoner;
  let seed = 0;
  return {
    name: `${size} node(s)${aimed ? ', asked by who knows the owner' : ''}`,
    size,
    async round(more, { inFlight, buckets } = USUAL) {
      seed += 1;
      const before = await usedByAll(nodes, server, asking);
      const began = performance.now();
      const load = { inFlight, next: randomBuckets(buckets, seed, more), seed, propensity: 'lazy' } as const;
      const { decisions, latencies } = await driveLoad(reckoner, load);
      const seconds = (performance.now() - began) / 1000;
      const after = await usedByAll(nodes, server, asking);
      return {
        ...{ decisions, latencies, seconds },
        nodesCpu: after.nodes - before.nodes,
        serverCpu: after.server - before.server,
        forwarded: after.forwarded - before.forwarded,
      };
    },
    async close() {
      await asking.close();
      for (const node of nodes) await ended(node, 'SIGTERM');
    },
  };
}

/** One process, asked without a wire: what a decision costs by itself. The load's own part is in it. */
async function openAlone(dataDir: string): Promise<Side> {
  const node = await openNode({ dataDir });
  await node.reckoner.configure(DOMAIN, decidingDomain(BUCKETS));
  let seed = 0;
  return {
    name: 'one process, no NATS',
    size: 0,
    async round(more, { inFlight, buckets } = USUAL) {
      seed += 1;
      const before = process.cpuUsage();
      const began = performance.now();
      const load = { inFlight, next: randomBuckets(buckets, seed, more), seed, propensity: 'lazy' } as const;
      const { decisions, latencies } = await driveLoad(node.reckoner, load);
      const seconds = (performance.now() - began) / 1000;
      const { user, system } = process.cpuUsage(before);
      return { decisions, latencies, seconds, nodesCpu: user + system, serverCpu: 0, forwarded: 0 };
    },
    close: node.close,
  };
}

function nodeName(index: number): string {
  return `node-${index}`;
}

/** Asks each bucket's owner directly, once it knows the bucket's id. */
function aiming({ bus, reckoner }: Asking, nodes: readonly string[]): Reckoner {
  const ring = createRing(nodes);
  const ids = new Map<string, string>();
  const headers = { [HOP_HEADER]: '1' };
  const idIn = (decisionId: string) => decisionId.split('.')[1] ?? '';
  const ask = async <T>(bucketId: string, subject: string, body: unknown): Promise<T> => {
    const owner = ring.ownerOf(bucketPrefix(DEFAULT_TENANT, DOMAIN) + bucketId);
    const reply = await bus.request(`node.${owner}.${subject}`, body, { headers });
    if (!reply.ok) throw errorOf(reply.problem);
    return reply.body as T; // as the client of the house does
  };
  return {
    ...reckoner,
    async decide(domain, body) {
      const bucket = `${String(body.context?.team)}/${String(body.context?.task)}`;
      const known = ids.get(bucket);
      if (known !== undefined) return ask(known, `decide.${domain}`, body);
      const decision = await reckoner.decide(domain, body);
      ids.set(bucket, idIn(decision.decisionId));
      return decision;
    },
    reward: (decisionId, body) => ask(idIn(decisionId), `reward.${DOMAIN}`, { decisionId, body }),
  };
}

async function usedByAll(nodes: readonly ChildProcess[], server: NatsServer, { bus }: Asking) {
  const used = await Promise.all(nodes.map(usedBy));
  const told = await askNodes(bus, { waitMs: 200 });
  return {
    nodes: used.reduce((sum, { cpu }) => sum + cpu, 0),
    server: processorTimeOf(server.pid),
    forwarded: told.reduce((sum, { status }) => sum + status.forwarded, 0),
  };
}

/** Microseconds; NaN where the system does not tell (it is not Linux). */
function processorTimeOf(pid: number | undefined): number {
  try {
    // After the name in brackets; the 12th and 13th from there are user and system time in hundredths of a second.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return Number.NaN;
  }
}

function summary({ size: nodes }: Side, rounds: readonly Round[]) {
  const latencies = rounds.flatMap((round) => round.latencies);
  const each = (of: (round: Round) => number) => median(rounds.map((round) => of(round) / round.decisions));
  const perSecond = median(rounds.map(({ decisions, seconds }) => decisions / seconds));
  const forwardedPart = each(({ forwarded }) => forwarded);
  return {
    nodes,
    decisionsPerSecond: Math.round(perSecond),
    /** Decisions and rewards. */
    requestsPerMinute: Math.round(2 * perSecond * 60),
    eventsPerSecond: Math.round(2 * perSecond),
    shareUnder100Ms: rounded(latencies.filter((ms) => ms < FIELD_MS).length / latencies.length, 4),
    p50Ms: rounded(median(latencies), 1),
    p99Ms: rounded(quantile(latencies, 0.99), 1),
    /** Microseconds of processor time for a decision and its reward, of all nodes together and of the server. */
    nodesCpuUs: Math.round(each(({ nodesCpu }) => nodesCpu)),
    serverCpuUs: Math.round(each(({ serverCpu }) => serverCpu)),
    /** Commands that crossed to another node, for a decision and its reward. */
    forwardedPart: rounded(forwardedPart, 3),
    /** Messages for a decision and its reward: two requests, two replies, and the same for each that crossed. */
    messages: nodes === 0 ? 0 : rounded(4 + 2 * forwardedPart, 2),
  };
}

type Summary = ReturnType<typeof summary>;

function costs(one: Summary, many: Summary) {
  return {
    nodesCpuUs: many.nodesCpuUs - one.nodesCpuUs,
    serverCpuUs: many.serverCpuUs - one.serverCpuUs,
    messages: rounded(many.messages - one.messages, 2),
  };
}

function told({ decisions, seconds, latencies, nodesCpu, serverCpu, forwarded }: Round): string {
  const rate = `${Math.round(decisions / seconds)} decisions and rewards/s, p50 ${rounded(median(latencies), 1)} ms`;
  const cpu = `processor ${Math.round(nodesCpu / decisions)} us at nodes, ${Math.round(serverCpu / decisions)} us at the server`;
  return `${rate}, ${cpu}, ${rounded(forwarded / decisions, 2)} forwarded`;
}
