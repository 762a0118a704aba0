/** One story, told in the documentation from configuration to reward. The tests post every part of it to a real node. */
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import { exampleDomains } from '../../actors/config/examples.ts';
import type * as decide from '../../actors/messages/decide.ts';
import type * as health from '../../actors/messages/health.ts';
import type * as items from '../../actors/messages/items.ts';
import type * as reward from '../../actors/messages/reward.ts';
import type { ProblemJson } from './problem.ts';

/** What stands in the paths; the ids are those of the example answers. */
export const pathExamples = {
  domain: 'model_routing',
  id: 'model_routing.4f7kq2m9x1c8r5tz.12.8mzq4w7xk2n5j',
  rewardId: '5b0f6a44-6c1e-5f0e-9a57-0d3c2b1a4f68',
} as const;

/** The shipped one: what the page shows works on a fresh node as it is typed, and changes nothing there. */
export const domainExample = shipped('model_routing');

export const decideExample = {
  requestId: 'order-1834-reply',
  context: { task: 'code', prompt_tokens: 640, needs_tools: true },
  constraints: { maxLatencyMs: 3000 },
  k: 3,
} as const satisfies decide.DecideBody;

export const batchExample = {
  items: [
    { context: { task: 'chat', prompt_tokens: 80 } },
    { context: { task: 'writing', prompt_tokens: 5200 }, candidates: ['large', 'reasoning'] },
  ],
} as const;

export const rewardExample = { feedback: 'thumbs_up', subject: 'user-77' } as const satisfies reward.RewardBody;

export const itemsExample = {
  items: [{ item: 'answer-1', arm: 'code', position: 0 }],
} as const;

export const blendExample = {
  lists: [
    { arm: 'small', items: ['answer-2', 'answer-1'] },
    { arm: 'code', items: ['answer-1', 'answer-3'] },
  ],
  size: 3,
} as const;

export const controlExample = { reason: 'the large model is being replaced' } as const;

export const decisionAnswer: decide.Decision = {
  decisionId: pathExamples.id,
  domain: 'model_routing',
  requestId: 'order-1834-reply',
  arm: 'code',
  propensity: 0.4127,
  bucket: '4f7kq2m9x1c8r5tz',
  bucketLabel: 'prompt_tokens 500 to 4000, task=code',
  policy: 'beta_thompson',
  confidence: 0.71,
  mode: null,
  expectedReward: 0.78,
  expectedCostUsd: 0.004,
  expectedLatencyMs: 1800,
  fallback: false,
  slate: [
    { arm: 'code', weight: 0.4127, rankPropensity: 0.4127 },
    { arm: 'small', weight: 0.3391, rankPropensity: 0.5774 },
    { arm: 'large', weight: 0.2482, rankPropensity: 1 },
  ],
};

export const rewardAnswer: reward.RewardReceipt = {
  rewardId: pathExamples.rewardId,
  decisionId: pathExamples.id,
  arm: 'code',
  value: 1,
  share: 1,
  kind: 'explicit',
  learned: true,
  repeated: false,
};

export const retractionAnswer: reward.RetractionReceipt = {
  rewardId: pathExamples.rewardId,
  decisionId: pathExamples.id,
  retracted: true,
  repeated: false,
};

export const itemsAnswer: items.ItemsReceipt = { decisionId: pathExamples.id, items: 1, repeated: false };

/** An item that is taken is passed over: the list gives its next one. */
export const blendAnswer: items.Blend = {
  decisionId: pathExamples.id,
  items: [
    { item: 'answer-1', arm: 'code', position: 0 },
    { item: 'answer-2', arm: 'small', position: 1 },
    { item: 'answer-3', arm: 'code', position: 2 },
  ],
  repeated: false,
};

export const healthAnswer: health.Health = {
  ready: true,
  state: 'open',
  liveBuckets: 12,
  inFlight: 0,
  domains: 1,
  restarts: 0,
  projections: { state: 'projecting', secondsBehind: 0 },
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

function shipped(name: string): DomainConfigInput {
  const found = exampleDomains.find((domain) => domain.name === name);
  if (found === undefined) throw new Error(`the example domain ${name} does not ship`);
  return found.config;
}
