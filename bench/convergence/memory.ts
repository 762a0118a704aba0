/** How a posterior grows over 10,000 updates: on the heap, and in the bytes that a snapshot has of it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createPolicy, type PolicySpec } from '../../policies/catalogue.ts';
import type { FeatureKind } from '../../policies/encoding.ts';
import type { AnyPolicy } from '../../policies/policy.ts';
import { drawIndex, drawUniform, type Randomness, randomness } from '../../policies/sampling.ts';
import { median } from '../statistics.ts';

export const UPDATES = 10_000;
/** Updates before the first look: every arm has been met. */
const BEFORE = 100;
const ARMS = ['a', 'b', 'c', 'd'];
/** Features, so that what grows with the contexts it sees does grow. */
const KINDS: FeatureKind[] = [{ type: 'number' }, { type: 'boolean' }, { type: 'category', values: 4 }];

export interface Growth {
  /** Bytes that the heap and its buffers have more after the updates, the collector having run. */
  readonly heap: number;
  /** Length of the written posterior, before and after. */
  readonly before: number;
  readonly after: number;
}

/** The median of three, after a first one that does not count: what it has compiled stays. */
export function growthOf(spec: PolicySpec): Growth {
  grow(createPolicy(spec, KINDS));
  const runs = Array.from({ length: 3 }, () => grow(createPolicy(spec, KINDS)));
  return { ...runs[0]!, heap: median(runs.map(({ heap }) => heap)) };
}

function grow(policy: AnyPolicy): Growth {
  const random = randomness(7);
  let posterior = policy.init();
  const learn = (count: number) => {
    for (let i = 0; i < count; i++) posterior = policy.learn(posterior, lesson(random, i));
  };
  learn(BEFORE);
  const before = policy.serialise(posterior).length;
  const start = inUse();
  learn(UPDATES);
  const heap = inUse() - start;
  return { heap, before, after: policy.serialise(posterior).length };
}

/** Arms trade places with two of the features, so that there is something to part contexts by. */
function lesson(random: Randomness, at: number) {
  const features = [drawUniform(random), drawIndex(random, 2), drawIndex(random, 4)];
  const arm = drawIndex(random, ARMS.length);
  const fits = (arm % 2 === features[1] ? 0.4 : 0) + (arm < 2 === features[0]! < 0.5 ? 0.4 : 0);
  const value = fits + 0.2 * drawUniform(random);
  return {
    ...{ arm: ARMS[arm]!, value, share: 1, features, propensity: 1 / ARMS.length },
    ...{ seed: Math.floor(drawUniform(random) * 2 ** 32), time: 1000 * at },
  };
}

const collect = collector();

function inUse(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The garbage collector, whether or not Node was started with `--expose-gc`. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const exposed: unknown = runInNewContext('gc');
  if (typeof exposed !== 'function') throw new Error('this Node does not expose its garbage collector');
  // Twice: what the first finds may let go of more.
  return () => {
    exposed();
    exposed();
  };
}
