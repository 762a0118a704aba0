/**
 * A node of its own on a real data directory, for `run-crash.test.ts`: `run-crash-child.js <dataDir> <times>`. It runs one request
 * after another, says which were answered, and is killed while an agent carries an arm out, the nth time one is asked.
 */
import { writeSync } from 'node:fs';
import { openNode } from '../../adapters/cli/compose.ts';
import { cast, fails } from './cast.ts';
import { CRASH_DOMAIN } from './crash-plan.ts';

const [dataDir = '', times = '1'] = process.argv.slice(2);
const { agents, asked, does } = cast(['red', 'green', 'blue'], { openAfter: 1_000_000 });
for (const arm of ['red', 'green', 'blue']) {
  does[arm] = async () => {
    if (asked.length === Number(times)) process.kill(process.pid, 'SIGKILL');
    return arm === 'red' ? fails() : { ok: true, answer: arm, costUsd: 0.01 };
  };
}
const { reckoner } = await openNode({ dataDir, nodeName: 'child', agents });
await reckoner.configure(CRASH_DOMAIN, { arms: ['red', 'green', 'blue'] });
for (let index = 0; ; index++) {
  const { decision, arm } = await reckoner.run(CRASH_DOMAIN, { requestId: `run-${index}`, question: index });
  writeSync(1, `${index} ${decision.decisionId} ${arm}\n`);
}
