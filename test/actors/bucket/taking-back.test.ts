/** What it costs a bucket whose policy cannot forget that a reward is taken back: as much as came since, not its whole log. */
import { expect, test } from 'vitest';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { configured, DOMAIN, given, openStage, type Stage } from '../given.ts';
import { ONLY_STREAM, openShelf, posteriorOf, stateFrom, watched } from '../posterior.ts';

const config = configured({ arms: ['red', 'blue'], policy: { name: 'beta_thompson', discount: 0.99 } });

/** A log that counts the events of the bucket as they are read. */
function counted(): EventLog & { read: number } {
  const log = openSqliteEventLog({ file: ':memory:' });
  const counting = {
    ...log,
    read: 0,
    async *readStream(...asked: Parameters<EventLog['readStream']>) {
      for await (const event of log.readStream(...asked)) {
        if (event.stream === ONLY_STREAM) counting.read += 1;
        yield event;
      }
    },
  };
  return counting;
}

async function rewarded({ reckoner }: Stage, rounds: number) {
  const rewards: { readonly decisionId: string; readonly rewardId: string }[] = [];
  for (let round = 0; round < rounds; round++) {
    const { decisionId } = await reckoner.decide(DOMAIN, {});
    rewards.push(await reckoner.reward(decisionId, { value: (round % 5) / 4 }));
  }
  return rewards;
}

test('Given a long log and no snapshots, when rewards are taken back again and again, then only the first fold begins at the beginning', async () => {
  const log = counted();
  const before = await given([config], { log });
  const rewards = await rewarded(before, 1_000);
  await before.stop();

  const watch = watched();
  const snapshots = openShelf();
  const stage = await openStage({ log, snapshots, makePolicy: watch.makePolicy });
  const costOf = async (ago: number): Promise<number> => {
    const { decisionId, rewardId } = rewards[rewards.length - ago] ?? { decisionId: '', rewardId: '' };
    log.read = 0;
    await stage.reckoner.retract(decisionId, rewardId);
    await stage.reckoner.decide(DOMAIN, {});
    return log.read;
  };
  // Hydrated, looked through for what was taken back, and folded.
  expect(await costOf(1)).toBeGreaterThan(3_000);
  for (const ago of [2, 3, 10, 4, 100, 5, 400, 20, 990, 30, 200]) {
    // Read twice from a place that is at most a bit more than double as far back as the reward, with its decision 2 events each.
    const cost = await costOf(ago);
    expect(cost, `${ago} rounds ago`).toBeLessThan(10 * ago + 500);
    await stage.reckoner.decide(DOMAIN, {});
    expect(watch.last).toBe(posteriorOf(await stateFrom(log)));
  }
  // What was known before some of it was taken back is what it was.
  for (const upTo of [2_002, 2_006, 1_500, 700])
    expect(posteriorOf(await stateFrom(log, { upTo, snapshots }))).toBe(posteriorOf(await stateFrom(log, { upTo })));
  expect(stage.failures).toEqual([]);
  await stage.stop();
});
