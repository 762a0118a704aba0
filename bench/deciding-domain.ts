/** The decision problem of the benches that decide: 6 arms, 8 features, as many buckets as wanted. */
import type { DomainConfigInput } from '../actors/config/domain-config.ts';
import type { DecideBody } from '../actors/messages/decide.ts';

export const DOMAIN = 'bench';

const tasks = Array.from({ length: 20 }, (_, index) => `task-${index}`);

/** Mean rewards of the arms: close enough that every arm goes on being tried. */
const means: Readonly<Record<string, number>> = {
  haiku: 0.55,
  sonnet: 0.7,
  opus: 0.75,
  mini: 0.5,
  large: 0.65,
  local: 0.4,
};

/** @param buckets a multiple of 20, at most 200,000 */
export function decidingDomain(buckets: number): DomainConfigInput {
  return {
    arms: Object.keys(means),
    context: {
      team: { type: 'categorical', values: Array.from({ length: buckets / tasks.length }, (_, index) => `t${index}`) },
      task: { type: 'categorical', values: tasks },
      tokens: { type: 'numeric', min: 0 },
      turns: { type: 'numeric', min: 0 },
      temperature: { type: 'numeric', min: 0, max: 2 },
      hour: { type: 'numeric', min: 0, max: 23 },
      streaming: { type: 'boolean' },
      urgent: { type: 'boolean' },
    },
    bucketBy: ['team', 'task'],
  };
}

/**
 * A context that falls into this bucket.
 * @param bucket 0 up to the number of buckets
 * @param noise whole number of 32 bits: everything but the bucket
 */
export function contextOf(bucket: number, noise: number): NonNullable<DecideBody['context']> {
  return {
    team: `t${Math.floor(bucket / tasks.length)}`,
    task: tasks[bucket % tasks.length] ?? '',
    tokens: noise % 4096,
    turns: noise % 7,
    temperature: (noise % 200) / 100,
    hour: noise % 24,
    streaming: (noise & 1) === 0,
    urgent: (noise & 6) === 0,
  };
}

/** What the arm earns this time: 1 or 0. @param chance in [0, 1) */
export function outcomeOf(arm: string, chance: number): number {
  return chance < (means[arm] ?? 0) ? 1 : 0;
}
