/**
 * How much of NATS's own speed is left when every request is a durable decision: a node against a bare responder that answers with
 * as many bytes, both asked by the same client with the same payloads over one real nats-server. Server, client and responder are
 * processes that share this machine; the responders are asked in turns, so that what else the machine does meets all of them. The bar
 * is held against a log in memory, which is what NATS can be asked for; one on disk, synced before each answer, is told beside it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connect, type NatsConnection } from 'nats';
import { startNatsServer } from '../test/adapters/nats/server.ts';
import type { BenchOptions, Figures } from './bench.ts';
import { benchDomains, type Propensity } from './http-domain.ts';
import { BARE_SUBJECT, payloads } from './nats-payloads.ts';
import { withScratch } from './scratch.ts';
import { median, quantile, rounded } from './statistics.ts';

const IN_FLIGHT = 64;
const ROUNDS = 5;
const TARGET = 0.35;
const UNDER_MS = 100;
const WARM_UP = 10_000;

export interface NatsBenchOptions extends BenchOptions {
  /** Length of each part of a round, default 3. */
  readonly seconds?: number;
}

export function run({ json, data, seconds = 3 }: NatsBenchOptions): Promise<Figures> {
  return withScratch(data, (directory) => compare(directory, json, seconds));
}

/** In the order of a round. */
const names = ['bare', 'lazy', 'eager', 'json', 'memory'] as const;
type Name = (typeof names)[number];
/** Two nodes over one server: each has its own subjects. */
const MEMORY_PREFIX = 'memory';

/** What is asked, and who answers. */
interface Side {
  readonly subject: string;
  readonly payloads: readonly Uint8Array[];
  readonly responder: ChildProcess;
}

/** Who asks, and the process that carries it. */
interface Asking {
  readonly client: NatsConnection;
  readonly server: number | undefined;
}

async function compare(scratch: string, json: boolean, seconds: number): Promise<Figures> {
  const say = (line: string) => {
    if (!json) console.log(line);
  };
  const server = await startNatsServer({ jetstream: false });
  const bare = await start('bare', server.url);
  const onDisk = await start('reckoner', server.url, join(scratch, 'node'));
  const inMemory = await start('reckoner', server.url, '', MEMORY_PREFIX);
  const client = await connect({ servers: server.url, noAsyncTraces: true });
  try {
    const decide = (propensity: Propensity, form: 'protobuf' | 'json' = 'protobuf'): Side => ({
      subject: `decide.${benchDomains[propensity].name}`,
      payloads: payloads(propensity, form),
      responder: onDisk,
    });
    const sides: Readonly<Record<Name, Side>> = {
      bare: { subject: BARE_SUBJECT, payloads: payloads('lazy', 'protobuf'), responder: bare },
      lazy: decide('lazy'),
      eager: decide('eager'),
      json: decide('lazy', 'json'),
      memory: { ...decide('lazy'), subject: `${MEMORY_PREFIX}.${decide('lazy').subject}`, responder: inMemory },
    };
    const asking: Asking = { client, server: server.pid };
    for (const name of names) await drive(asking, sides[name], { requests: WARM_UP });
    const rounds: Record<Name, Round[]> = { bare: [], lazy: [], eager: [], json: [], memory: [] };
    for (let round = 1; round <= ROUNDS; round++) {
      for (const name of names) rounds[name].push(await drive(asking, sides[name], { seconds }));
      const told = Object.entries(rounds).map(([name, all]) => `${name} ${Math.round(all.at(-1)?.perSecond ?? 0)}/s`);
      say(`round ${round}: ${told.join(', ')}`);
    }
    const figures = {
      lazy: summary(rounds.lazy, rounds.bare),
      eager: summary(rounds.eager, rounds.bare),
      json: summary(rounds.json, rounds.bare),
      memory: summary(rounds.memory, rounds.bare),
    };
    const { ratio: _, cpuRatio: __, ...bareFigures } = summary(rounds.bare, rounds.bare);
    say(`decisions over NATS, ${IN_FLIGHT} in flight; bare: ${bareFigures.requestsPerSecond}/s`);
    for (const [name, figure] of Object.entries(figures)) say(`  ${name.padEnd(6)} ${words(figure)}`);
    return {
      bench: 'nats',
      inFlight: IN_FLIGHT,
      log: 'lazy, eager and json: a SQLite file, synced before each answer; memory: SQLite in memory',
      bare: bareFigures,
      ...figures,
      target: TARGET,
      pass: figures.memory.ratio >= TARGET,
    };
  } finally {
    await client.close();
    await Promise.all([bare, onDisk, inMemory].map(stop));
    await server.stop();
  }
}

interface Round {
  readonly perSecond: number;
  /** Microseconds of processor time a request: client, server and responder together. NaN where the system does not tell. */
  readonly cpu: number;
  readonly latencies: readonly number[];
}

/**
 * Keeps so many requests under way, for a time or a number of them.
 * @throws Error where anything but a decision comes back: a node that refuses is fast, and not what is measured
 */
async function drive(
  { client, server }: Asking,
  { subject, payloads, responder }: Side,
  { seconds = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY },
): Promise<Round> {
  if (responder.exitCode !== null) throw new Error(`the responder of ${subject} has ended`);
  const latencies: number[] = [];
  const cpu = () => [process.pid, server, responder.pid].reduce<number>((sum, pid) => sum + cpuMicroseconds(pid), 0);
  const cpuBefore = cpu();
  const began = performance.now();
  const end = began + seconds * 1000;
  let asked = 0;
  const caller = async (from: number) => {
    // Each begins elsewhere, so that they do not all ask the same bucket at the same time.
    for (let at = from; asked < requests; at++) {
      const before = performance.now();
      if (before >= end) return;
      asked++;
      const payload = payloads[at % payloads.length];
      const reply = await client.request(subject, payload, { timeout: 30_000 });
      if (reply.headers?.has('Nats-Service-Error-Code')) throw new Error(`${subject}: ${reply.string()}`);
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, (_, index) => caller(Math.floor((index * payloads.length) / IN_FLIGHT))),
  );
  const perSecond = (latencies.length * 1000) / (performance.now() - began);
  return { perSecond, cpu: (cpu() - cpuBefore) / latencies.length, latencies };
}

/** Linux counts it in hundredths of a second. */
function cpuMicroseconds(pid: number | undefined): number {
  try {
    // After the name, which may hold anything but ends with the last bracket, user and system time are the 12th and 13th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return Number.NaN;
  }
}

interface Summary {
  readonly requestsPerSecond: number;
  readonly requestsPerMinute: number;
  /** Of the bare responder's, in the same round. */
  readonly ratio: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Part of the requests that were answered within 100 ms. */
  readonly under100Ms: number;
  readonly cpuMicroseconds: number;
  /** The bare responder's processor time in this one's: what the ratio would be if nobody ever waited, for a disk or for others. */
  readonly cpuRatio: number;
}

function summary(rounds: readonly Round[], bare: readonly Round[]): Summary {
  const latencies = rounds.flatMap((round) => round.latencies);
  const perSecond = median(rounds.map((round) => round.perSecond));
  const against = (of: (round: Round, bare: Round) => number) =>
    rounded(median(rounds.flatMap((round, at) => (bare[at] === undefined ? [] : of(round, bare[at])))), 3);
  return {
    requestsPerSecond: Math.round(perSecond),
    requestsPerMinute: Math.round(perSecond * 60),
    ratio: against((round, other) => round.perSecond / other.perSecond),
    p50Ms: rounded(quantile(latencies, 0.5), 2),
    p99Ms: rounded(quantile(latencies, 0.99), 2),
    under100Ms: rounded(latencies.filter((ms) => ms < UNDER_MS).length / latencies.length, 4),
    cpuMicroseconds: rounded(median(rounds.map(({ cpu }) => cpu)), 1),
    cpuRatio: against((round, other) => other.cpu / round.cpu),
  };
}

function words({ requestsPerSecond, ratio, p50Ms, p99Ms, cpuMicroseconds, cpuRatio }: Summary): string {
  const cpu = `processor ${cpuMicroseconds} us each, ratio ${cpuRatio}`;
  return `${requestsPerSecond}/s, ratio ${ratio}, p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${cpu}`;
}

function start(...words: readonly string[]): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./nats-responder.js', import.meta.url));
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    createInterface(child.stdout).once('line', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`the ${words[0]} responder ended with ${code} before it served`)));
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 15_000).unref();
  });
}
