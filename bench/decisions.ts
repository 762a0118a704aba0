/**
 * What is left of SQLite's speed when every row is a decision or its reward: through bus, router, bucket and log, on disk,
 * synced. Lazy and eager propensities take turns with raw inserts of the very rows they wrote, so that what else the machine
 * does meets all of them.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openNode } from '../adapters/cli/compose.ts';
import type { BenchOptions, Figures } from './bench.ts';
import { DOMAIN, decidingDomain } from './deciding-domain.ts';
import { driveLoad, forSeconds, randomBuckets, times } from './load.ts';
import { openRawPeer } from './raw-inserts.ts';
import { withScratch } from './scratch.ts';
import { median, quantile, rounded } from './statistics.ts';

const IN_FLIGHT = 256;
const BUCKETS = 2_000;
const ROUNDS = 9;
const SECONDS = 2;
/** By count, not by time: on a busy machine the compiler needs longer. */
const WARM_UP_DECISIONS = 15_000;

const targets = { lazy: 0.3, eager: 0.1 } as const;
const stretch = { lazy: 0.5, eager: 0.25 } as const;
type Kind = keyof typeof targets;

export function run({ data }: BenchOptions): Promise<Figures> {
  return withScratch(data, async (directory) => {
    const lazy = await openSide('lazy', join(directory, 'lazy'));
    const eager = await openSide('eager', join(directory, 'eager'));
    try {
      await lazy.round(times(WARM_UP_DECISIONS));
      await eager.round(times(WARM_UP_DECISIONS));
      const rounds: Record<Kind, Round[]> = { lazy: [], eager: [] };
      for (let round = 1; round <= ROUNDS; round++) {
        for (const side of [lazy, eager]) {
          const measured = await side.round(forSeconds(SECONDS));
          rounds[side.kind].push(measured);
          console.log(`round ${round} ${side.kind.padEnd(5)} ${told(measured)}`);
        }
      }
      const figures = { lazy: summary(rounds.lazy), eager: summary(rounds.eager) };
      for (const kind of ['lazy', 'eager'] as const) {
        const { eventsPerSecond, ratio, p50Ms, p99Ms } = figures[kind];
        const bar = `bar ${targets[kind]}, stretch ${stretch[kind]}`;
        console.log(`${kind}: ${eventsPerSecond} events/s, ${ratio} of raw (${bar}), p50 ${p50Ms} ms, p99 ${p99Ms} ms`);
      }
      return {
        bench: 'decisions',
        inFlight: IN_FLIGHT,
        buckets: BUCKETS,
        rawInsertPerSecond: Math.round(median([...rounds.lazy, ...rounds.eager].map(({ raw }) => raw))),
        ...figures,
        targets,
        pass: figures.lazy.ratio >= targets.lazy && figures.eager.ratio >= targets.eager,
      };
    } finally {
      await lazy.close();
      await eager.close();
    }
  });
}

interface Round {
  /** Decisions and rewards a second. */
  readonly events: number;
  /** Rows a second, the same rows. */
  readonly raw: number;
  /** Microseconds of processor time that an event took, and a raw row. */
  readonly cpu: number;
  readonly rawCpu: number;
  readonly latencies: readonly number[];
}

/** A node of its own and the raw peer of its log. */
async function openSide(kind: Kind, dataDir: string) {
  mkdirSync(dataDir);
  const node = await openNode({ dataDir });
  await node.reckoner.configure(DOMAIN, decidingDomain(BUCKETS));
  const peer = openRawPeer(dataDir);
  let seed = 1;

  const round = async (more: () => boolean): Promise<Round> => {
    seed += 1;
    const began = performance.now();
    const cpuBefore = process.cpuUsage();
    const { decisions, latencies } = await driveLoad(node.reckoner, {
      inFlight: IN_FLIGHT,
      next: randomBuckets(BUCKETS, seed, more),
      propensity: kind,
      seed,
    });
    // What the domain shares is work that these rewards have caused: it counts until it is done.
    await node.settled(DOMAIN);
    const events = (2 * decisions * 1000) / (performance.now() - began);
    const cpu = process.cpuUsage(cpuBefore);
    const raw = peer.catchUp();
    return {
      events,
      raw: raw.perSecond,
      cpu: (cpu.user + cpu.system) / (2 * decisions),
      rawCpu: raw.cpuMicroseconds,
      latencies,
    };
  };
  const close = async () => {
    peer.close();
    await node.close();
  };
  return { kind, round, close };
}

function told({ events, raw, cpu, rawCpu, latencies }: Round): string {
  const speeds = `${Math.round(events)} events/s, raw ${Math.round(raw)} rows/s, ratio ${rounded(events / raw, 3)}`;
  return `${speeds}, p50 ${rounded(median(latencies), 1)} ms, processor ${Math.round(cpu)} and ${Math.round(rawCpu)} us each`;
}

function summary(rounds: readonly Round[]) {
  const latencies = rounds.flatMap((round) => round.latencies);
  return {
    eventsPerSecond: Math.round(median(rounds.map(({ events }) => events))),
    ratio: rounded(median(rounds.map(({ events, raw }) => events / raw)), 3),
    p50Ms: rounded(quantile(latencies, 0.5), 2),
    p99Ms: rounded(quantile(latencies, 0.99), 2),
    cpuMicrosecondsPerEvent: rounded(median(rounds.map(({ cpu }) => cpu)), 1),
  };
}
