/** One story, told in the documentation from configuration to reward. The tests post every part of it to a real node. */
import type { DomainConfigInput } from '../../actors/domain-config.ts';
import type * as messages from '../../actors/messages.ts';
import type { ProblemJson } from './problem.ts';

/** What stands in the paths; the ids are those of the example answers. */
export const pathExamples = {
  domain: 'model_routing',
  id: 'model_routing.4f7kq2m9x1c8r5tz.12.8mzq4w7xk2n5j',
  rewardId: '5b0f6a44-6c1e-5f0e-9a57-0d3c2b1a4f68',
} as const;

export const domainExample = {
  description: 'Which model answers a prompt',
  arms: [
    { name: 'small-fast', costUsd: 0.0004, latencyMs: 350, quality: 0.62 },
    { name: 'medium', costUsd: 0.003, latencyMs: 900, quality: 0.78 },
    { name: 'large', costUsd: 0.02, latencyMs: 2400, quality: 0.9, shift: -0.05 },
  ],
  context: {
    task: { type: 'categorical', values: ['chat', 'code', 'summary'] },
    prompt_tokens: { type: 'numeric', min: 0, bins: [200, 2000] },
    paying: { type: 'boolean', default: false },
  },
  bucketBy: ['task', 'prompt_tokens'],
  policy: { name: 'beta_thompson' },
  fallback: 'small-fast',
} as const satisfies DomainConfigInput;

export const decideExample = {
  requestId: 'order-1834-reply',
  context: { task: 'code', prompt_tokens: 640, paying: true },
  constraints: { maxLatencyMs: 3000 },
  k: 3,
} as const satisfies messages.DecideBody;

export const batchExample = {
  items: [
    { context: { task: 'chat', prompt_tokens: 80 } },
    { context: { task: 'summary', prompt_tokens: 5200 }, candidates: ['medium', 'large'] },
  ],
} as const;

export const rewardExample = { feedback: 'thumbs_up', subject: 'user-77' } as const satisfies messages.RewardBody;

export const itemsExample = {
  items: [{ item: 'answer-1', arm: 'medium', position: 0 }],
} as const;

export const controlExample = { reason: 'the large model is being replaced' } as const;

export const decisionAnswer: messages.Decision = {
  decisionId: pathExamples.id,
  domain: 'model_routing',
  requestId: 'order-1834-reply',
  arm: 'medium',
  propensity: 0.4127,
  bucket: '4f7kq2m9x1c8r5tz',
  bucketLabel: 'task=code prompt_tokens=200..2000',
  policy: 'beta_thompson',
  confidence: 0.71,
  mode: null,
  expectedReward: 0.78,
  expectedCostUsd: 0.003,
  expectedLatencyMs: 900,
  fallback: false,
  slate: [
    { arm: 'medium', weight: 0.4127, rankPropensity: 0.4127 },
    { arm: 'small-fast', weight: 0.3391, rankPropensity: 0.5774 },
    { arm: 'large', weight: 0.2482, rankPropensity: 1 },
  ],
};

export const rewardAnswer: messages.RewardReceipt = {
  rewardId: pathExamples.rewardId,
  decisionId: pathExamples.id,
  arm: 'medium',
  value: 1,
  share: 1,
  kind: 'explicit',
  learned: true,
  repeated: false,
};

export const retractionAnswer: messages.RetractionReceipt = {
  rewardId: pathExamples.rewardId,
  decisionId: pathExamples.id,
  retracted: true,
  repeated: false,
};

export const itemsAnswer: messages.ItemsReceipt = { decisionId: pathExamples.id, items: 1, repeated: false };

export const healthAnswer: messages.Health = {
  ready: true,
  state: 'ready',
  liveBuckets: 12,
  inFlight: 0,
  domains: 1,
  restarts: 0,
};

export const problemAnswer: ProblemJson = {
  type: 'urn:reckoner:error:context_invalid',
  title: 'Context invalid',
  status: 422,
  detail: 'The context does not fit the domain.',
  code: 'context_invalid',
  remedy: 'GET /v1/domains/{domain} shows the context schema and an exampleContext that is valid.',
  details: [{ path: 'context.task', message: 'is not one of the values' }],
  correlationId: '0e6f2f5e-2a3b-4d6f-9c1d-8f1c2b7a9d10',
};
