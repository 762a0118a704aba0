/** Two nodes on one log that fails, stalls and lies, with policies that throw, while the domain is changed and rolled back under load. */
import { expect } from 'vitest';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import type { MakePolicy } from '../../actors/domain/compiled-domain.ts';
import type { Reckoner } from '../../actors/reckoner.ts';
import { openSqliteEventLog } from '../../adapters/sqlite/event-log.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog } from '../../events/event-log.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { drawUniform, randomness } from '../../policies/sampling.ts';
import { brokenLinks, configured, DOMAIN, given, openStage } from './given.ts';

const REQUESTS = 60;
const TOPICS = ['x', 'y', 'z'];

function configOf(shift: number, gate: boolean, bucketed: boolean): DomainConfigInput {
  return {
    arms: [{ name: 'red', shift }, 'blue'],
    context: { topic: { type: 'categorical', values: TOPICS } },
    bucketBy: bucketed ? ['topic'] : [],
    confidence: { gate },
  };
}

/** The log while the weather holds: it fails, forgets to say, and takes its time. */
function stormy(log: EventLog, weather: { bad: boolean }, chance: () => number): EventLog {
  return {
    ...log,
    async append(stream, expected, events) {
      const fate = weather.bad ? chance() : 1;
      if (fate < 0.16) {
        if (fate >= 0.12) throw new ReckonerError('log_full', 'As scripted.');
        if (fate < 0.06) await log.append(stream, expected, events);
        return { status: 'outcomeUnknown', cause: new Error('as scripted') };
      }
      for (let turns = fate < 0.3 ? Math.ceil(chance() * 5) : 0; turns > 0; turns--) await turn();
      return log.append(stream, expected, events);
    },
    readStream(stream, options) {
      if (weather.bad && chance() < 0.03) throw new ReckonerError('log_locked', 'As scripted.');
      return log.readStream(stream, options);
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What is expected of a bad day: anything else that is thrown fails the test. */
async function tried(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    if (!(thrown instanceof ReckonerError)) throw thrown;
    // The bus says so where an answer was lost on the way: nothing here takes as long as that.
    expect(thrown.message).not.toContain('Nobody answered');
  }
}

/** One of the domain's revisions. */
async function revisionFrom(reckoner: Reckoner, share: number): Promise<number> {
  return Math.floor(share * (await reckoner.domain(DOMAIN)).revision);
}

/** Every request is answered, what was answered is in the log once, and a fresh node believes the same. @param storm a seed */
export async function weatherStorm(storm: number): Promise<void> {
  const random = randomness(storm);
  const chance = () => drawUniform(random);
  const weather = { bad: false };
  const log = openSqliteEventLog({ file: ':memory:' });
  const makePolicy: MakePolicy = (...named) => {
    const policy = createPolicy(...named);
    const careless =
      <Args extends unknown[], Result>(work: (...args: Args) => Result) =>
      (...args: Args): Result => {
        if (weather.bad && chance() < 0.03) throw new Error('as scripted');
        return work(...args);
      };
    const { choose, learn, belief } = policy;
    return { ...policy, choose: careless(choose), learn: careless(learn), belief: careless(belief) };
  };
  const options = { log: stormy(log, weather, chance), makePolicy };
  const one = await given([configured(configOf(0, false, true))], { ...options, maxLiveBuckets: 1 + (storm % 3) });
  const two = await openStage({ ...options, node: 'two', maxLiveBuckets: 2, snapshots: one.snapshots });

  const decided = new Map<string, { readonly body: object; readonly decisionId: string }>();
  const ask = async (number: number) => {
    const [here, there] = chance() < 0.5 ? [one.reckoner, two.reckoner] : [two.reckoner, one.reckoner];
    for (let turns = Math.floor(chance() * 6); turns > 0; turns--) await turn();
    const requestId = `request-${number}`;
    const body = { requestId, context: { topic: TOPICS[number % TOPICS.length] ?? '' } };
    const { decisionId } = await here.decide(DOMAIN, body);
    expect(decided.get(requestId)?.decisionId ?? decisionId).toBe(decisionId);
    decided.set(requestId, { body, decisionId });
    const { rewardId } = await there.reward(decisionId, {
      value: number / REQUESTS,
      requestId: `reward-${number}`,
      ...(number % 5 === 0 ? { subject: 'ada' } : {}),
    });
    if (chance() < 0.2) await here.retract(decisionId, rewardId);
    if (chance() < 0.1)
      await here.configure(DOMAIN, {
        ...configOf(chance(), chance() < 0.5, chance() < 0.8),
        policy: { name: chance() < 0.5 ? 'beta_thompson' : 'nig_thompson' },
      });
    if (chance() < 0.05) await here.rollBack(DOMAIN, { to: await revisionFrom(there, chance()) });
    if (chance() < 0.03) await there.voidRewards(DOMAIN, { subject: 'ada' });
    if (chance() < 0.1) await here.freeze(DOMAIN);
    if (chance() < 0.2) await there.thaw(DOMAIN);
  };
  weather.bad = true;
  await Promise.all(Array.from({ length: 2 * REQUESTS }, (_, index) => tried(ask(index % REQUESTS))));
  weather.bad = false;

  expect(await brokenLinks(log)).toEqual([]);
  const fresh = await openStage({ log, node: 'fresh' });
  for (const { body, decisionId } of decided.values())
    for (const { reckoner } of [one, two, fresh])
      expect(await reckoner.decide(DOMAIN, body)).toMatchObject({ decisionId });
  // What a node that lived through it decides now, another one finds in the log alone.
  for (const { reckoner } of [one, two])
    for (const topic of TOPICS) {
      const { decisionId } = await reckoner.decide(DOMAIN, { context: { topic } });
      expect(await fresh.reckoner.explain(decisionId)).toMatchObject({ verified: true });
    }
  for (const stage of [one, two, fresh]) await stage.stop();
  await log.close();
}
