/** The whole log again, on a million events: each part against a peer or a limit in the same run. The log is written once and kept. */
import type { BenchOptions, Figures } from './bench.ts';
import { keptLog } from './long-log.ts';
import { measureAudit } from './replay/audit.ts';
import { measurePosteriors } from './replay/posteriors.ts';
import { diskDirectory } from './scratch.ts';

const EVENTS = 1_000_000;
const BUCKETS = 2_000;

export async function run({ data }: BenchOptions): Promise<Figures> {
  const directory = await keptLog(diskDirectory(data), EVENTS, BUCKETS);
  const posteriors = await measurePosteriors(directory, EVENTS);
  const audit = await measureAudit(directory, EVENTS);
  return { bench: 'replay', events: EVENTS, posteriors, audit, pass: posteriors.pass && audit.pass };
}
