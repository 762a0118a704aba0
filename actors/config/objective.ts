/** What a domain wants of its arms beside the reward: the weights of cost, latency, quality and reliability. */
import { z } from 'zod';

const unit = z.number().min(0).max(1);

const unweighted = { cost: 0, latency: 0, quality: 0, reliability: 0 };

/** What is learned is weighed by quality: with less of it the others would drown it. */
const LEAST_QUALITY = 0.05;

const presets = {
  balanced: { weights: { ...unweighted, cost: 0.4, latency: 0.3, quality: 0.3 }, minReliability: 0.8 },
  'cost-aware': {
    weights: { ...unweighted, cost: 0.4, latency: 0.1, quality: 0.5 },
    baseQuality: 0.7,
    minSavingUsd: 0.001,
  },
} as const;

export const Objective = z
  .strictObject({
    preset: z
      .enum(['balanced', 'cost-aware'])
      .optional()
      .describe(
        'balanced: cost 0.4, latency 0.3, quality 0.3, minReliability 0.8. cost-aware: cost 0.4, quality 0.5, latency 0.1, ' +
          'baseQuality 0.7, minSavingUsd 0.001. What is given beside it replaces its part',
      ),
    weights: z
      .strictObject({
        cost: unit.describe('of the expected dollars, as a share of the dearest candidate’s'),
        latency: unit.describe('of the expected milliseconds, as a share of the slowest candidate’s'),
        quality: unit.describe(`of the reward that is expected, at least ${LEAST_QUALITY}`),
        reliability: unit.describe('of the share of calls that are expected to fail'),
      })
      .partial()
      .optional()
      .describe(
        'the score of an arm is its reward less (cost × share + latency × share + reliability × failures) / quality: the weighted ' +
          'sum of all four, in units of reward. Rewards should then be about quality alone. Not given, a weight is the preset’s, or 0',
      ),
    minReliability: unit.optional().describe('arms that declare less are set aside'),
    baseQuality: unit.optional().describe('what is expected of an arm that declares no quality'),
    taskTypes: z
      .record(z.string().min(1).max(64), z.number().min(-1).max(1))
      .optional()
      .describe('added to the quality expected of every arm, by the taskType of the request'),
    minSavingUsd: z
      .number()
      .min(0)
      .optional()
      .describe('a cheaper arm has no advantage over the next dearer one where it saves less than this'),
  })
  .superRefine(({ preset, weights }, issues) => {
    const path = ['weights'];
    if (preset === undefined && weights === undefined)
      issues.addIssue({ code: 'custom', path, message: 'give weights, or a preset' });
  })
  .transform((given) => {
    const preset = given.preset === undefined ? undefined : presets[given.preset];
    return { ...preset, ...given, weights: { ...unweighted, ...preset?.weights, ...given.weights } };
  })
  .superRefine(({ weights }, issues) => {
    if (weights.quality < LEAST_QUALITY) {
      const message = `must be at least ${LEAST_QUALITY}: what is learned is weighed by it`;
      issues.addIssue({ code: 'custom', path: ['weights', 'quality'], message });
    }
  });

/** As it is recorded, whatever a preset may be later: with all of its weights. */
export type Objective = z.output<typeof Objective>;
