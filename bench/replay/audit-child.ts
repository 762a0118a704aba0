/** The process that `audit.ts` measures: `node replay/audit-child.js {dataDir} {threads} {events}`. Prints one JSON line. */
import { join } from 'node:path';
import { auditFile } from '../../adapters/cli/audit-file.ts';
import { dataFiles } from '../../adapters/cli/compose/data-files.ts';
import { positionOf } from '../../adapters/sqlite/schema.ts';

export interface Audited {
  readonly ms: number;
  /** Processor time, of all its threads. */
  readonly cpuMs: number;
  readonly decisions: number;
  readonly propensities: number;
  /** What was found to be wrong. */
  readonly found: number;
  /** Most memory that the process ever had, in megabytes. */
  readonly peakMb: number;
}

const [dataDir = '', threads = '1', events = '0'] = process.argv.slice(2);
let found = 0;
const began = performance.now();
const cpu = process.cpuUsage();
const { decisions, propensities } = await auditFile(join(dataDir, dataFiles.log), {
  threads: Number(threads),
  upTo: positionOf(Number(events)),
  found: () => {
    found += 1;
  },
});
const { user, system } = process.cpuUsage(cpu);
const measured: Audited = {
  ms: performance.now() - began,
  cpuMs: (user + system) / 1000,
  decisions,
  propensities,
  found,
  peakMb: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(measured));
