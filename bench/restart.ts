/**
 * How soon a node answers on a log of a million events, against the time that merely reading the log takes. Every measurement
 * is made by a process of its own, in turns; the log is written once by the real system and kept for the next run.
 */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataFiles } from '../adapters/cli/compose/data-files.ts';
import type { BenchOptions, Figures } from './bench.ts';
import { measureInChild } from './child.ts';
import { KEPT_SNAPSHOTS, keptLog } from './long-log.ts';
import type { Opened, Scanned } from './restart-child.ts';
import { diskDirectory } from './scratch.ts';
import { median, rounded } from './statistics.ts';

const EVENTS = 1_000_000;
const BUCKETS = 2_000;
const ROUNDS = 5;
const TARGET = 0.1;

export async function run({ data }: BenchOptions): Promise<Figures> {
  const directory = await keptLog(diskDirectory(data), EVENTS, BUCKETS);
  const scan = () => measureInChild<Scanned>('restart-child', ['scan', directory]);
  const open = (round: number) => measureInChild<Opened>('restart-child', ['open', directory, String(round * 331)]);
  const { rows } = await scan(); // and from now on the file is in the system's cache, for every side alike
  console.log(`${EVENTS} decisions and rewards, ${rows - EVENTS} other events`);
  const scans: number[] = [];
  const cold: number[] = [];
  const warm: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const scanned = await scan();
    removeSnapshots(directory);
    const opened = await open(round);
    putSnapshots(directory);
    const restored = await open(round);
    scans.push(scanned.ms);
    cold.push(opened.ms);
    warm.push(restored.ms);
    console.log(
      `round ${round}: scan ${Math.round(scanned.ms)} ms, first decision ${rounded(opened.ms, 1)} ms (${told(opened)}), with snapshots ${rounded(restored.ms, 1)} ms`,
    );
  }
  const ratio = rounded(median(cold.map((ms, index) => ms / (scans[index] ?? Number.NaN))), 4);
  console.log(`first decision after ${ratio} of the time to scan the log; bar ${TARGET}`);
  return {
    bench: 'restart',
    events: EVENTS,
    rows,
    openToFirstDecisionMs: rounded(median(cold), 1),
    withSnapshotsMs: rounded(median(warm), 1),
    scanMs: rounded(median(scans), 1),
    ratio,
    target: TARGET,
    pass: ratio <= TARGET,
  };
}

function told({ openMs, decideMs }: Opened): string {
  return `opening ${rounded(openMs, 1)}, deciding ${rounded(decideMs, 1)}`;
}

function removeSnapshots(directory: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(directory, dataFiles.snapshots + suffix), { force: true });
}

function putSnapshots(directory: string): void {
  removeSnapshots(directory);
  const kept = join(directory, KEPT_SNAPSHOTS);
  if (existsSync(kept)) copyFileSync(kept, join(directory, dataFiles.snapshots));
}
