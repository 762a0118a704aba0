/**
 * A node of its own on a real data directory, for `silence-crash.test.ts`: `silence-crash-child.js <dataDir> <point>`. It
 * decides, says so, rewards every third decision, and kills itself while it closes the windows of the others.
 */
import { writeSync } from 'node:fs';
import { openNode } from '../../adapters/cli/compose.ts';
import { CRASH_DOMAIN, SILENT_DECISIONS, silentConfig } from './crash-plan.ts';

const [dataDir = '', point = ''] = process.argv.slice(2);
let closing = false;

const onPoint = (name: string) => {
  if (closing && name === point) process.kill(process.pid, 'SIGKILL');
};
const { reckoner } = await openNode({ dataDir, nodeName: 'child', log: { onPoint } });
await reckoner.configure(CRASH_DOMAIN, silentConfig);
for (let index = 0; index < SILENT_DECISIONS; index++) {
  const { decisionId } = await reckoner.decide(CRASH_DOMAIN, { context: { user: index % 7 } });
  if (index % 3 === 0) await reckoner.reward(decisionId, { value: 1 });
  writeSync(1, `${index} ${decisionId}\n`);
}
// From here on it writes nothing but silence: an answer to a timer that does not keep the process alive by itself.
closing = true;
setInterval(() => {}, 1_000);
