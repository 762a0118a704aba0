/**
 * The audit of a whole log: how many decisions a second are made again, every event checked beside. Each measurement is a process of
 * its own; that memory does not grow with the log is measured on its first quarter and on all of it.
 */
import { measureInChild } from '../child.ts';
import { median, rounded } from '../statistics.ts';
import type { Audited } from './audit-child.ts';

const ROUNDS = 3;
/** Decisions a second. */
const TARGET = 50_000;
/** What the peak may differ by, as a part of it: a collector comes when it likes. */
const MEMORY_MARGIN = 0.25;
/** What a heap may have where memory is measured, megabytes: without a limit a collector takes what the machine has. */
const HEAP_MB = 128;

export interface AuditFigures {
  readonly choicesPerSecond: number;
  readonly target: number;
  readonly seconds: number;
  /** Processor time of a choice, with the checks of its event and of its reward, microseconds. */
  readonly cpuMicroseconds: number;
  readonly threads: number;
  /** How many of them with their propensities: one in a hundred. */
  readonly propensities: number;
  /** Where one thread does all of it. */
  readonly alonePerSecond: number;
  /** Most memory, megabytes: of a quarter of the events, and of all. */
  readonly quarterPeakMb: number;
  readonly peakMb: number;
  readonly pass: boolean;
}

/** @param directory a data directory with so many events */
export async function measureAudit(directory: string, events: number): Promise<AuditFigures> {
  const measure = (threads: number, limit = events, heapMb?: number) =>
    measureInChild<Audited>('replay/audit-child', [directory, String(threads), String(limit)], heapMb);
  await measure(2, events / 4); // and from now on the file is in the system's cache
  const runs: Audited[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const run = await measure(2);
    runs.push(run);
    console.log(`round ${round}: ${told(run)}`);
  }
  const alone = await measure(1);
  console.log(`one thread: ${told(alone)}`);
  const quarterPeakMb = Math.round((await measure(2, events / 4, HEAP_MB)).peakMb);
  const peakMb = Math.round((await measure(2, events, HEAP_MB)).peakMb);
  const choicesPerSecond = Math.round(median(runs.map(perSecond)));
  console.log(`${choicesPerSecond} choices/s, bar ${TARGET}; peak ${peakMb} MB, of a quarter ${quarterPeakMb} MB`);
  const found = runs.reduce((sum, run) => sum + run.found, 0);
  if (found > 0) console.log(`${found} findings: the log that was written is not what was decided`);
  return {
    choicesPerSecond,
    target: TARGET,
    seconds: rounded(median(runs.map(({ ms }) => ms)) / 1000, 1),
    cpuMicroseconds: rounded(median(runs.map(({ cpuMs, decisions }) => (1000 * cpuMs) / decisions)), 1),
    threads: 2,
    propensities: runs[0]?.propensities ?? 0,
    alonePerSecond: Math.round(perSecond(alone)),
    quarterPeakMb,
    peakMb,
    pass: found === 0 && choicesPerSecond >= TARGET && peakMb <= quarterPeakMb * (1 + MEMORY_MARGIN),
  };
}

function perSecond({ decisions, ms }: Audited): number {
  return decisions / (ms / 1000);
}

function told(run: Audited): string {
  return `${run.decisions} choices, ${run.propensities} with propensities, in ${rounded(run.ms / 1000, 1)} s: ${Math.round(perSecond(run))}/s`;
}
