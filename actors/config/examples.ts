/**
 * The domains that ship as examples: configured on the first start of a data directory, and from then on the user's own.
 * Each is plain data of the kind that `PUT /v1/domains/{domain}` takes.
 */
import type { DomainConfigInput } from './domain-config.ts';

export interface ExampleDomain {
  readonly name: string;
  readonly config: DomainConfigInput;
}

export const exampleDomains: readonly ExampleDomain[] = [
  {
    name: 'model_routing',
    config: {
      description:
        'Which language model answers a prompt? Learns per kind of task and length of prompt where a small model is good enough. The reward weighs quality against cost and latency.',
      arms: [
        { name: 'small', costUsd: 0.0004, latencyMs: 600, quality: 0.7 },
        { name: 'large', costUsd: 0.01, latencyMs: 2500, quality: 0.88 },
        { name: 'code', costUsd: 0.004, latencyMs: 1800, quality: 0.8 },
        { name: 'reasoning', costUsd: 0.03, latencyMs: 12_000, quality: 0.92 },
      ],
      context: {
        task: {
          type: 'categorical',
          values: ['chat', 'code', 'math', 'writing', 'extraction', 'other'],
          default: 'other',
        },
        prompt_tokens: { type: 'numeric', min: 0, bins: [500, 4000], default: 200 },
        needs_tools: { type: 'boolean', default: false },
      },
      bucketBy: ['task', 'prompt_tokens'],
      reward: { weights: { quality: 0.7, cost: 0.15, latency: 0.05, feedback: 0.1 } },
      fallback: 'small',
    },
  },
  {
    name: 'content_analysis',
    config: {
      description:
        'Which analyser reads a piece of content? Learns per kind and length of content which one finds what the reviewer confirms. Decisions carry a mode, so that unsure ones can be checked by a person.',
      arms: [
        { name: 'keywords', costUsd: 0, latencyMs: 20 },
        { name: 'classifier', costUsd: 0.0001, latencyMs: 120 },
        { name: 'llm_summary', costUsd: 0.002, latencyMs: 2000 },
        { name: 'llm_deep', costUsd: 0.015, latencyMs: 8000 },
      ],
      context: {
        content_type: { type: 'categorical', values: ['article', 'comment', 'review', 'email', 'transcript'] },
        length: { type: 'numeric', min: 0, bins: [280, 2000, 10_000], default: 1000 },
        has_media: { type: 'boolean', default: false },
      },
      bucketBy: ['content_type', 'length'],
      reward: { weights: { quality: 0.8, cost: 0.1, latency: 0.1 } },
      confidence: { gate: true },
      fallback: 'classifier',
    },
  },
  {
    name: 'user_engagement',
    config: {
      description:
        'Which nudge, if any, goes to a person now? Learns per segment and time of day. A click counts a little, what the person does afterwards counts most; doing nothing is an arm like any other.',
      arms: ['none', 'digest', 'reminder', 'question', 'celebration'],
      context: {
        segment: { type: 'categorical', values: ['new', 'active', 'lapsing', 'returning'] },
        time_period: { type: 'derived', from: 'time_period' },
        day_type: { type: 'derived', from: 'day_type' },
        messages_this_week: { type: 'numeric', min: 0, max: 1000, bins: [1, 4], default: 0 },
      },
      bucketBy: ['segment', 'time_period'],
      reward: { shares: { explicit: 0.2, implicit: 0.1, behavioural: 0.2, outcome: 0.5 } },
      fallback: 'none',
    },
  },
  {
    name: 'recommendations',
    config: {
      description:
        'Which recommender fills a list? Learns per kind of user, time of day and weekday or weekend; ask with k for a slate of several, have their lists blended into one (POST /v1/decisions/{id}/blend), and reward the items that were picked: each reward goes to the recommender that its item came from.',
      arms: ['svd', 'embeddings', 'graph', 'item_cf', 'long_tail', 'serendipity'],
      context: {
        time_period: { type: 'derived', from: 'time_period' },
        day_of_week: { type: 'derived', from: 'day_type' },
        user_type: { type: 'categorical', values: ['new', 'casual', 'regular', 'power'], default: 'regular' },
        genre_saturation: { type: 'numeric', min: 0, max: 1, bins: [0.33, 0.66], default: 0.5 },
        session_position: { type: 'numeric', min: 0, max: 10_000, bins: [3, 10], default: 0 },
      },
      bucketBy: ['user_type', 'time_period', 'day_of_week'],
      fallback: 'hybrid',
    },
  },
];
