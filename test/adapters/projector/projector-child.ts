/**
 * A process that projects, for `processes.test.ts`: `<directory> <owner> <lease ms> <version of counting> [point times]`, with
 * `all` for the version those that a node has, over its log. It kills itself when the point is passed so many times. What it has reached it says as lines on its standard output.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { allProjections } from '../../../adapters/projector/catalogue.ts';
import { type Progress, startProjector } from '../../../adapters/projector/projector.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { chaining, counting } from './samples.ts';

const [directory = '', owner = '', leaseMs = '', version = '', point, times] = process.argv.slice(2);
const isNode = version === 'all';
const log = openSqliteEventLog({ file: join(directory, isNode ? 'events.db' : 'log.db'), pollMs: 5 });
let passed = 0;
let said: Progress['state'] | undefined;
startProjector({
  log,
  file: join(directory, 'projections.db'),
  projections: isNode ? allProjections(log) : [counting({ version: Number(version) }), chaining()],
  ...{ owner, leaseMs: Number(leaseMs), now: Date.now, random: Math.random },
  pace: { batchEvents: 20, requestsMs: 10, rest: 0, liveRest: 0 },
  onPoint: (name) => {
    if (name === point && ++passed === Number(times)) process.kill(process.pid, 'SIGKILL');
  },
  onTrouble: (where, thrown) => writeSync(2, `${where}: ${thrown}\n`),
  onProgress: ({ state }) => {
    if (state !== said) writeSync(1, `${state}\n`);
    said = state;
  },
});
setInterval(() => {}, 1_000);
