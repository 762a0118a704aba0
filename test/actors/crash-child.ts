/**
 * A node of its own on a real data directory, for `crash.test.ts`: `crash-child.js <dataDir> <point> <times> <from>`. It decides and
 * rewards in rounds, says what was acknowledged as lines on its standard output, written synchronously so that what it said
 * before it died is true, and kills itself when it passes the point for the nth time.
 */
import { writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openNode } from '../../adapters/cli/compose.ts';
import { CRASH_DOMAIN, crashConfig, crashDecision, crashReward, LANES } from './crash-plan.ts';

const [dataDir = '', point = '', times = '1', from = '0'] = process.argv.slice(2);
let passed = 0;

function pass(name: string): void {
  if (name === point && ++passed === Number(times)) process.kill(process.pid, 'SIGKILL');
}

function say(...words: readonly (string | number | undefined)[]): void {
  writeSync(1, `${words.join(' ')}\n`);
}

/** The adapters have no points inside a transaction: the driver's statements are where one can stand still. */
function watchStatements(): void {
  const database = new Database(':memory:');
  const prototype = Object.getPrototypeOf(database.prepare('SELECT 1'));
  database.close();
  const run = prototype.run;
  prototype.run = function (this: { readonly source: string }, ...values: readonly unknown[]) {
    const outcome = run.apply(this, values);
    if (/INTO events/i.test(this.source)) pass('midBatch');
    if (/INTO snapshots/i.test(this.source)) pass('midSnapshot');
    return outcome;
  };
}

watchStatements();
const { reckoner } = await openNode({ dataDir, log: { onPoint: pass }, maxLiveBuckets: 2 });
await reckoner.configure(CRASH_DOMAIN, crashConfig);
say('ready');
for (let round = Number(from); ; round++) {
  await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      const { decisionId } = await reckoner.decide(CRASH_DOMAIN, crashDecision(round, lane));
      say('decision', round, lane, decisionId);
      const { rewardId } = await reckoner.reward(decisionId, crashReward(round, lane));
      say('reward', round, lane, rewardId);
    }),
  );
}
