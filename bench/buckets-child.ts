/**
 * The process that `buckets.ts` measures: `node buckets-child.js {dataDir} {touched} {maxLive}`. Touches every bucket, then
 * asks passivated buckets one at a time, each a second time when it is live again. Prints what it found as one JSON line.
 */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { openNode, type ReckonerNode } from '../adapters/cli/compose.ts';
import { contextOf, DOMAIN, decidingDomain } from './deciding-domain.ts';
import { driveLoad } from './load.ts';
import { median } from './statistics.ts';

export interface BucketsMeasured {
  readonly peakKb: number;
  readonly mostLive: number;
  readonly liveMs: number;
  readonly passivatedMs: number;
  /** How long the touching took. */
  readonly seconds: number;
}

const IN_FLIGHT = 256;
/** Every so manieth bucket has a longer history: a decision and a reward this many times. */
const BUSY_EVERY = 50;
const BUSY_PAIRS = 20;
const PROBES = 1_000;

const [directory = '', touched = '', maxLive = ''] = process.argv.slice(2);
console.log(JSON.stringify(await measure(directory, Number(touched), Number(maxLive))));

async function measure(dataDir: string, buckets: number, maxLiveBuckets: number): Promise<BucketsMeasured> {
  const node = await openNode({ dataDir, maxLiveBuckets });
  await node.reckoner.configure(DOMAIN, decidingDomain(buckets));
  const began = performance.now();
  let mostLive = 0;
  let asked = 0;
  const order = touches(buckets);
  await driveLoad(node.reckoner, {
    inFlight: IN_FLIGHT,
    seed: 1,
    next: () => {
      asked += 1;
      if (asked % 1_000 === 0)
        void node.reckoner.health().then(({ liveBuckets }) => (mostLive = Math.max(mostLive, liveBuckets)));
      return order.next().value;
    },
  });
  await node.settled(DOMAIN);
  const seconds = (performance.now() - began) / 1000;
  const { passivated, live } = await probe(node, buckets);
  await node.close();
  return {
    peakKb: process.resourceUsage().maxRSS,
    mostLive,
    liveMs: median(live),
    passivatedMs: median(passivated),
    seconds,
  };
}

/** Every bucket once, the busy ones more often. */
function* touches(buckets: number): Generator<number, undefined> {
  for (let bucket = 0; bucket < buckets; bucket++) {
    const pairs = bucket % BUSY_EVERY === 0 ? BUSY_PAIRS : 1;
    for (let pair = 0; pair < pairs; pair++) yield bucket;
  }
  return undefined;
}

/** Asks buckets of the first half, which are passivated by now: the last ones that were touched are those that live. */
async function probe({ reckoner }: ReckonerNode, buckets: number) {
  const random = xoroshiro128plus(2);
  const passivated: number[] = [];
  const live: number[] = [];
  const ask = async (bucket: number, into: number[]) => {
    const began = performance.now();
    await reckoner.decide(DOMAIN, { context: contextOf(bucket, random.next() >>> 0) });
    into.push(performance.now() - began);
  };
  const stride = Math.floor(buckets / 2 / PROBES);
  for (let index = 0; index < PROBES; index++) {
    // An odd step between them meets the busy buckets as often as they are among all.
    const bucket = (index * stride + (index % stride)) % (buckets / 2);
    await ask(bucket, passivated);
    await ask(bucket, live);
  }
  return { passivated, live };
}
