/**
 * All posteriors from the log, against a bare scan of the same rows: every measurement a process of its own, in turns. That memory
 * does not grow with the log is measured on its first quarter and on all of it.
 */
import { measureInChild } from '../child.ts';
import { median, rounded } from '../statistics.ts';
import type { Measured } from './posteriors-child.ts';

const ROUNDS = 3;
/** Rate of the rebuild by that of the scan. */
const TARGET = 0.25;
/** What the peak may differ by, as a part of it: a collector comes when it likes. */
const MEMORY_MARGIN = 0.25;
/** What a heap may have where memory is measured, megabytes: without a limit a collector takes what the machine has. */
const HEAP_MB = 128;

export interface PosteriorFigures {
  /** Rate of folding every posterior, by the rate of reading the rows. */
  readonly ratio: number;
  readonly target: number;
  readonly scannedPerSecond: number;
  readonly rebuiltPerSecond: number;
  /** The same with the rows of the read model, written by a transaction for each 20,000 events. */
  readonly projectedPerSecond: number;
  readonly projectedRatio: number;
  readonly buckets: number;
  /** Most memory of a rebuild, megabytes: of a quarter of the events, and of all. */
  readonly quarterPeakMb: number;
  readonly peakMb: number;
  readonly pass: boolean;
}

/** @param directory a data directory with so many events */
export async function measurePosteriors(directory: string, events: number): Promise<PosteriorFigures> {
  const measure = (kind: string, limit = events, heapMb?: number) =>
    measureInChild<Measured>('replay/posteriors-child', [kind, directory, String(limit)], heapMb);
  await measure('scan'); // and from now on the file is in the system's cache, for every side alike
  const scans: Measured[] = [];
  const rebuilds: Measured[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const scan = await measure('scan');
    const rebuild = await measure('rebuild');
    scans.push(scan);
    rebuilds.push(rebuild);
    console.log(`round ${round}: scan ${told(scan)}, rebuild ${told(rebuild)}, ${rounded(scan.ms / rebuild.ms, 3)}`);
  }
  const projected = await measure('project');
  const quarterPeakMb = Math.round((await measure('rebuild', events / 4, HEAP_MB)).peakMb);
  const peakMb = Math.round((await measure('rebuild', events, HEAP_MB)).peakMb);
  const ratio = rounded(median(rebuilds.map(({ ms }, index) => (scans[index]?.ms ?? Number.NaN) / ms)), 3);
  console.log(`all posteriors at ${ratio} of the rate of a scan; bar ${TARGET}`);
  console.log(
    `with the rows of the read model ${told(projected)}; peak ${peakMb} MB, of a quarter ${quarterPeakMb} MB`,
  );
  return {
    ratio,
    target: TARGET,
    scannedPerSecond: perSecond(scans),
    rebuiltPerSecond: perSecond(rebuilds),
    projectedPerSecond: perSecond([projected]),
    projectedRatio: rounded(median(scans.map(({ ms }) => ms)) / projected.ms, 3),
    buckets: projected.buckets,
    quarterPeakMb,
    peakMb,
    pass: ratio >= TARGET && peakMb <= quarterPeakMb * (1 + MEMORY_MARGIN),
  };
}

function perSecond(runs: readonly Measured[]): number {
  return Math.round(median(runs.map(({ events, ms }) => events / (ms / 1000))));
}

function told({ ms }: Measured): string {
  return `${Math.round(ms)} ms`;
}
