/** A long log, written by the real system once and kept, because writing it takes minutes. */
import { hash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataFiles } from '../adapters/cli/compose/data-files.ts';
import { openNode } from '../adapters/cli/compose.ts';
import { ENGINE } from '../events/seal.ts';
import { DOMAIN, decidingDomain } from './deciding-domain.ts';
import { driveLoad, randomBuckets, times } from './load.ts';

/** The snapshots that were there when the log was complete. */
export const KEPT_SNAPSHOTS = 'snapshots-kept.db';

const IN_FLIGHT = 1_024;

/**
 * The data directory with a log of so many events, half of them decisions, half their rewards, and what the domain shared
 * beside them. It is made where there is none yet that fits this code.
 */
export async function keptLog(parent: string, events: number, buckets: number): Promise<string> {
  const directory = join(parent, `reckoner-bench-log-${contentVersion(events, buckets)}`);
  if (existsSync(directory)) return directory;
  // Logs that other versions of this code wrote would fill the disk.
  for (const name of readdirSync(parent).filter((found) => /^reckoner-bench-log-[0-9a-f]{12}$/.test(found))) {
    rmSync(join(parent, name), { recursive: true, force: true });
  }
  const building = mkdtempSync(`${directory}-building-`);
  await write(building, events / 2, buckets);
  renameSync(join(building, dataFiles.snapshots), join(building, KEPT_SNAPSHOTS));
  renameSync(building, directory); // complete or not there at all
  return directory;
}

async function write(dataDir: string, decisions: number, buckets: number): Promise<void> {
  console.log(`writing a log of ${decisions * 2} events to ${dataDir}, once`);
  const node = await openNode({ dataDir });
  await node.reckoner.configure(DOMAIN, decidingDomain(buckets));
  const more = times(decisions);
  let asked = 0;
  await driveLoad(node.reckoner, {
    inFlight: IN_FLIGHT,
    seed: 1,
    propensity: 'lazy',
    next: randomBuckets(buckets, 1, () => {
      asked += 1;
      if (asked % 100_000 === 0) console.log(`${asked} decisions`);
      return more();
    }),
  });
  await node.settled(DOMAIN);
  await node.close();
}

/** Changes with everything that the log's bytes depend on: another log is then written. */
function contentVersion(events: number, buckets: number): string {
  const codec = readFileSync(new URL('../proto/generated/events.js', import.meta.url), 'utf8');
  const parts = [events, buckets, ENGINE, JSON.stringify(decidingDomain(buckets)), codec];
  return hash('sha256', parts.join('\u001f')).slice(0, 12);
}
