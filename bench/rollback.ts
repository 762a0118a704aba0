/**
 * A rollback under load: a domain of 2,000 buckets and 500,000 decisions and rewards is returned to its middle while decisions are
 * asked for at a steady rate, bucket after bucket. How soon the first of them is made from the restored posterior, how many of
 * them wait longer than they did before the command, and when every bucket has answered again; with the snapshots that the load
 * left, and without any.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { dataFiles } from '../adapters/cli/compose/data-files.ts';
import { openNode, type ReckonerNode } from '../adapters/cli/compose.ts';
import type { BenchOptions, Figures } from './bench.ts';
import { contextOf, DOMAIN, decidingDomain } from './deciding-domain.ts';
import { driveLoad, randomBuckets, times } from './load.ts';
import { withScratch } from './scratch.ts';
import { quantile, rounded } from './statistics.ts';

const EVENTS = 500_000;
const BUCKETS = 2_000;
const IN_FLIGHT = 1_024;
/** Decisions a second while it happens. */
const RATE = 500;
/** How long the same load is measured before the command, in milliseconds. */
const CALM_MS = 3_000;
const POINT = 'the middle';

export function run({ data }: BenchOptions): Promise<Figures> {
  return withScratch(data, async (dataDir) => {
    await write(dataDir);
    const scanMs = scan(dataDir);
    const warm = await measure(dataDir, POINT);
    told('with snapshots', warm);
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(dataDir, dataFiles.snapshots + suffix), { force: true });
    // There and back again: the first rollback is undone, which sets as much aside and restores as much.
    const cold = await measure(dataDir, String(warm.revision - 1));
    told('without', cold);
    const ratio = rounded(cold.firstMs / scanMs, 4);
    console.log(`scan ${Math.round(scanMs)} ms; first decision after ${ratio} of it without snapshots`);
    return {
      ...{ bench: 'rollback', events: EVENTS, buckets: BUCKETS, ratePerSecond: RATE, scanMs: rounded(scanMs, 1) },
      ...figuresOf('', warm),
      ...figuresOf('Cold', cold),
      ratio,
    };
  });
}

interface Measured {
  /** Revision at which the rollback was recorded. */
  readonly revision: number;
  /** From the command to its answer, to the first decision under it, and to the last bucket's. */
  readonly commandMs: number;
  readonly firstMs: number;
  readonly allMs: number;
  /** Part of the decisions between the command and the last bucket that waited longer than 99 of 100 did before. */
  readonly delayed: number;
  readonly calmP99Ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function write(dataDir: string): Promise<void> {
  const node = await openNode({ dataDir });
  await node.reckoner.configure(DOMAIN, decidingDomain(BUCKETS));
  for (const half of [1, 2]) {
    console.log(`writing ${half === 1 ? 'the first' : 'the second'} half of ${EVENTS} events`);
    await driveLoad(node.reckoner, {
      ...{ inFlight: IN_FLIGHT, seed: half, propensity: 'lazy' },
      next: randomBuckets(BUCKETS, half, times(EVENTS / 4)),
    });
    await node.settled(DOMAIN);
    if (half === 1) await node.reckoner.checkpoint(DOMAIN, { name: POINT });
  }
  await node.close();
}

/** Every bucket is live when the command comes, and each is asked in turn. */
async function measure(dataDir: string, to: string): Promise<Measured> {
  const node = await openNode({ dataDir });
  for (let bucket = 0; bucket < BUCKETS; bucket++) await decide(node, bucket);
  const calm = await underLoad(node, async () => pause(CALM_MS));
  let began = 0;
  let commandMs = 0;
  let firstMs = 0;
  let allMs = 0;
  let revision = -1;
  const after = await underLoad(node, async () => {
    began = performance.now();
    const rollback = await node.reckoner.rollBack(DOMAIN, { to });
    revision = rollback.revision;
    commandMs = performance.now() - began;
    await decide(node, 0);
    firstMs = performance.now() - began;
    // As many decisions later each bucket was asked at least once.
    await pause((1_000 * BUCKETS) / RATE);
    for (let bucket = 0; bucket < BUCKETS; bucket++) await decide(node, bucket);
    allMs = performance.now() - began;
  });
  await node.close();
  const calmP99Ms = quantile(calm, 0.99);
  const delayed = after.filter((ms) => ms > calmP99Ms).length / after.length;
  const [p50Ms, p99Ms] = [quantile(after, 0.5), quantile(after, 0.99)];
  return { revision, commandMs, firstMs, allMs, delayed, calmP99Ms, p50Ms, p99Ms };
}

/** Decisions at a steady rate, whether or not those before are answered, while something happens: how long each took. */
async function underLoad(node: ReckonerNode, happens: () => Promise<void>): Promise<number[]> {
  const took: number[] = [];
  const waiting = new Set<Promise<void>>();
  const began = performance.now();
  let asked = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1_000) * RATE;
    for (; asked < due; asked++) {
      // Meant for this moment: where the loop stood still, the wait counts.
      const meant = began + (asked / RATE) * 1_000;
      // One that is turned away waited for nothing: for ever.
      const one = decide(node, asked % BUCKETS).then(
        () => void took.push(performance.now() - meant),
        () => void took.push(Number.POSITIVE_INFINITY),
      );
      waiting.add(one);
      void one.finally(() => waiting.delete(one));
    }
  }, 1);
  await happens();
  clearInterval(timer);
  await Promise.all(waiting);
  return took;
}

async function decide({ reckoner }: ReckonerNode, bucket: number): Promise<void> {
  await reckoner.decide(DOMAIN, { context: contextOf(bucket, bucket), propensity: 'lazy' });
}

function scan(dataDir: string): number {
  const began = performance.now();
  const log = new Database(join(dataDir, dataFiles.log), { readonly: true });
  const page = log
    .prepare<[number], [position: number, ...unknown[]]>(
      'SELECT position, id, stream, revision, type, data, metadata FROM events WHERE position > ? ORDER BY position LIMIT 500',
    )
    .raw();
  for (let last = 0, read = page.all(last); read.length > 0; read = page.all(last)) last = read.at(-1)?.[0] ?? last;
  log.close();
  return performance.now() - began;
}

function told(how: string, { commandMs, firstMs, allMs, delayed, calmP99Ms, p99Ms }: Measured): void {
  console.log(
    `${how}: command ${rounded(commandMs, 1)} ms, first decision ${rounded(firstMs, 1)} ms, all buckets ${Math.round(allMs)} ms; ` +
      `${rounded(100 * delayed, 1)} % of the decisions waited longer than ${rounded(calmP99Ms, 1)} ms, which 1 % did before; p99 ${rounded(p99Ms, 1)} ms`,
  );
}

function figuresOf(suffix: string, measured: Measured): Readonly<Record<string, number>> {
  const { commandMs, firstMs, allMs, delayed, calmP99Ms, p50Ms, p99Ms } = measured;
  const figures = { commandMs, firstDecisionMs: firstMs, allBucketsMs: allMs, delayed, calmP99Ms, p50Ms, p99Ms };
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name + suffix, rounded(value, 3)]));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
