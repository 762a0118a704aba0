/**
 * A node of its own on a real data directory, for `rollback-crash.test.ts`: `rollback-crash-child.js <dataDir> <point> <times>`. It
 * decides and rewards, says what was acknowledged, and kills itself when it passes the point for the nth time after it was told to
 * roll back, while decisions go on.
 */
import { writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openNode } from '../../adapters/cli/compose.ts';
import { CRASH_DOMAIN } from './crash-plan.ts';

const [dataDir = '', point = '', times = '1'] = process.argv.slice(2);
let armed = false;
let passed = 0;

function pass(name: string): void {
  if (armed && name === point && ++passed === Number(times)) process.kill(process.pid, 'SIGKILL');
}

// The adapters have no points inside a transaction: the driver's statements are where one can stand still.
const database = new Database(':memory:');
const prototype = Object.getPrototypeOf(database.prepare('SELECT 1'));
database.close();
const run = prototype.run;
prototype.run = function (this: { readonly source: string }, ...values: readonly unknown[]) {
  const outcome = run.apply(this, values);
  if (/INTO events/i.test(this.source)) pass('midBatch');
  return outcome;
};

const { reckoner } = await openNode({ dataDir, nodeName: 'child', log: { onPoint: pass } });
await reckoner.configure(CRASH_DOMAIN, { arms: ['red', 'green'], policy: { name: 'beta_thompson' } });

async function play(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const { decisionId } = await reckoner.decide(CRASH_DOMAIN, {});
    writeSync(1, `decision ${decisionId}\n`);
    await reckoner.reward(decisionId, { value: 1 });
  }
}

await play(8);
await reckoner.checkpoint(CRASH_DOMAIN, { name: 'before' });
await play(5);
armed = true;
const asked = reckoner.rollBack(CRASH_DOMAIN, { to: 'before' });
await Promise.all([asked.then(() => writeSync(1, 'rolledBack\n')), play(3)]);
await play(1_000);
