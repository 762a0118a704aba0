/**
 * How much of HTTP's own speed is left when every request is a durable decision: the node on disk, fsync on, against a bare
 * Hono handler that echoes the same bodies. Both run as processes of their own and are driven in turns, so that what else the
 * machine does meets both. The bar is held against decisions whose propensities are left to be computed from the log; those
 * that are given at once are what the policy costs, and are told beside.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import autocannon, { type Result } from 'autocannon';
import type { BenchOptions, Figures } from './bench.ts';
import { benchBodies, benchDomains, type Propensity } from './http-domain.ts';
import { withScratch } from './scratch.ts';
import { median, rounded } from './statistics.ts';

const CONNECTIONS = 64;
const ROUNDS = 3;
const TARGET = 0.4;

export interface HttpBenchOptions extends BenchOptions {
  /** Length of each part of a round, default 4. */
  readonly seconds?: number;
}

export function run({ json, data, seconds = 4 }: HttpBenchOptions): Promise<Figures> {
  return withScratch(data, (directory) => compare(directory, json, seconds));
}

async function compare(dataDir: string, json: boolean, seconds: number): Promise<Figures> {
  const say = (line: string) => {
    if (!json) console.log(line);
  };
  const bare = await start('bare');
  const reckoner = await start('reckoner', dataDir);
  try {
    // All get warm first: a cold engine would be measured, not a server.
    await drive(bare.url, 'lazy', 1);
    await drive(reckoner.url, 'lazy', 2);
    await drive(reckoner.url, 'eager', 1);
    const echoes: Result[] = [];
    const lazy: Result[] = [];
    const eager: Result[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const echo = await drive(bare.url, 'lazy', seconds);
      const later = await drive(reckoner.url, 'lazy', seconds);
      const atOnce = await drive(reckoner.url, 'eager', seconds);
      echoes.push(echo);
      lazy.push(later);
      eager.push(atOnce);
      say(`round ${round}: bare ${perSecond(echo)}/s, lazy ${perSecond(later)}/s, eager ${perSecond(atOnce)}/s`);
    }
    const bareRequestsPerSecond = median(echoes.map(perSecond));
    const barred = summary(lazy, bareRequestsPerSecond);
    const beside = summary(eager, bareRequestsPerSecond);
    say(`decisions over HTTP, ${CONNECTIONS} connections, against a bare handler (${bareRequestsPerSecond}/s):`);
    say(`  propensity lazy: ${told(barred)}; target ${TARGET}`);
    say(`  propensity eager, the default: ${told(beside)}`);
    const pass = barred.ratio >= TARGET;
    return {
      bench: 'http',
      connections: CONNECTIONS,
      bareRequestsPerSecond,
      ...barred,
      eager: beside,
      target: TARGET,
      pass,
    };
  } finally {
    await Promise.all([stop(bare.process), stop(reckoner.process)]);
  }
}

interface Summary {
  readonly requestsPerSecond: number;
  /** Of the bare handler's requests. */
  readonly ratio: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

function summary(results: readonly Result[], bareRequestsPerSecond: number): Summary {
  const requestsPerSecond = median(results.map(perSecond));
  return {
    requestsPerSecond,
    ratio: rounded(requestsPerSecond / bareRequestsPerSecond, 3),
    p50Ms: median(results.map((result) => result.latency.p50)),
    p99Ms: median(results.map((result) => result.latency.p99)),
  };
}

function told({ requestsPerSecond, ratio, p50Ms, p99Ms }: Summary): string {
  return `${requestsPerSecond}/s, ratio ${ratio}, p50 ${p50Ms} ms, p99 ${p99Ms} ms`;
}

/** @throws Error where anything but a 2xx came back: a server that refuses is fast, and not what is measured */
async function drive(url: string, propensity: Propensity, duration: number): Promise<Result> {
  const requests = benchBodies().map((body) => ({
    method: 'POST',
    path: `/v1/domains/${benchDomains[propensity].name}/decisions`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }));
  let clients = 0;
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration,
    setupClient(client) {
      // Each connection begins elsewhere, so that they do not all ask the same bucket at the same time.
      const from = Math.floor((clients++ * requests.length) / CONNECTIONS) % requests.length;
      client.setRequests([...requests.slice(from), ...requests.slice(0, from)]);
    },
  });
  if (result.non2xx > 0 || result.errors > 0 || result['2xx'] === 0) {
    throw new Error(`${url}: ${result['2xx']} answers were 2xx, ${result.non2xx} were not, ${result.errors} errors`);
  }
  return result;
}

function perSecond(result: Result): number {
  return Math.round(result['2xx'] / result.duration);
}

interface Server {
  readonly url: string;
  readonly process: ChildProcess;
}

function start(...kind: readonly string[]): Promise<Server> {
  const program = fileURLToPath(new URL('./http-server.js', import.meta.url));
  const child = spawn(process.execPath, [program, ...kind], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    createInterface(child.stdout).once('line', (url) => resolve({ url, process: child }));
    child.once('exit', (code) => reject(new Error(`the ${kind[0]} server ended with ${code} before it listened`)));
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    const end = setTimeout(() => child.kill('SIGKILL'), 15_000);
    end.unref();
  });
}
