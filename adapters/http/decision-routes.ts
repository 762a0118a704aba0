/** The life of a decision: made, rewarded, corrected, explained. */

import type { ControlCommand } from '../../actors/messages/control.ts';
import type { DecideBody } from '../../actors/messages/decide.ts';
import type { BlendBody, ItemsCommand } from '../../actors/messages/items.ts';
import type { RewardBody } from '../../actors/messages/reward.ts';
import * as answers from './answers.ts';
import { decideBatch } from './batch.ts';
import * as bodies from './bodies.ts';
import * as examples from './examples.ts';
import type { Route } from './route.ts';

const GROUP = 'Decisions';

const decide: Route<DecideBody> = {
  method: 'POST',
  path: '/v1/domains/{domain}/decisions',
  group: GROUP,
  summary: 'Decide',
  description:
    'Chooses an arm for one request. The answer leaves only after the decision is durable in the log. Send a requestId to make ' +
    'it idempotent: the same id with the same body gives the recorded decision, with another body a 409.',
  request: { schema: bodies.DecideBody, example: examples.decideExample },
  answers: { 201: { description: 'The decision.', schema: answers.Decision, example: examples.decisionAnswer } },
  errors: [
    'domain_unknown',
    'request_id_reused',
    'segment_missing',
    'arm_unknown',
    'context_invalid',
    'candidates_none',
  ],
  async handle({ reckoner, path, body, caller }) {
    return { status: 201, json: await reckoner.decide(path.domain, body, caller) };
  },
};

const batch: Route<unknown> = {
  method: 'POST',
  path: '/v1/domains/{domain}/decisions/batch',
  group: GROUP,
  summary: 'Decide many',
  description:
    'Up to 1,000 requests at once, each decided as if it had come alone: an item that is wrong fails in its own result and ' +
    'spoils no other. Items that are to be idempotent carry their own requestId.',
  request: { schema: bodies.DecideBatch, example: examples.batchExample },
  answers: {
    200: {
      description: 'One result for each item, in their order.',
      schema: answers.BatchAnswer,
      example: {
        results: [
          { ok: true, decision: examples.decisionAnswer },
          { ok: false, error: examples.problemAnswer },
        ],
      },
    },
  },
  errors: ['domain_unknown'],
  handle: decideBatch,
};

const explain: Route<unknown> = {
  method: 'GET',
  path: '/v1/decisions/{id}',
  group: GROUP,
  summary: 'Explain a decision',
  description:
    'Everything the choice saw: every candidate with its belief, score and propensity, the seed, the revisions, what was set ' +
    'aside and why, and the rewards that came later. `verified` tells whether computing it again from the log gives the same.',
  answers: { 200: { description: 'The decision, told in full.', schema: answers.Explanation } },
  errors: ['decision_id_invalid', 'decision_unknown', 'segment_missing', 'overloaded'],
  async handle({ reckoner, path, caller }) {
    return { status: 200, json: await reckoner.explain(path.id, caller) };
  },
};

const reward: Route<RewardBody> = {
  method: 'POST',
  path: '/v1/decisions/{id}/rewards',
  group: GROUP,
  summary: 'Reward a decision',
  description:
    'Tells how it went: a value, a feedback or measured components. The same reward twice is recorded once and answered with ' +
    '`repeated: true`. A reward may come any time later: the decision id is its address in the log.',
  request: { schema: bodies.RewardBody, example: examples.rewardExample },
  answers: { 201: { description: 'The receipt.', schema: answers.RewardReceipt, example: examples.rewardAnswer } },
  errors: [
    'decision_id_invalid',
    'decision_unknown',
    'segment_missing',
    'item_unknown',
    'reward_already_recorded',
    'reward_invalid',
  ],
  async handle({ reckoner, path, body, caller }) {
    return { status: 201, json: await reckoner.reward(path.id, body, caller) };
  },
};

const retract: Route<Partial<ControlCommand>> = {
  method: 'DELETE',
  path: '/v1/decisions/{id}/rewards/{rewardId}',
  group: GROUP,
  summary: 'Retract a reward',
  description: 'Takes back what a reward taught. The reward stays in the log, and so does its retraction.',
  request: { schema: bodies.ControlBody, optional: true, example: { reason: 'counted by mistake' } },
  answers: {
    200: { description: 'The receipt.', schema: answers.RetractionReceipt, example: examples.retractionAnswer },
  },
  errors: ['decision_id_invalid', 'decision_unknown', 'segment_missing', 'reward_unknown'],
  async handle({ reckoner, path, body, caller }) {
    return { status: 200, json: await reckoner.retract(path.id, path.rewardId, body, caller) };
  },
};

const showItems: Route<ItemsCommand> = {
  method: 'POST',
  path: '/v1/decisions/{id}/items',
  group: GROUP,
  summary: 'Record shown items',
  description:
    'Says which items a decision put before a person, and which arm of its slate each came from, so that a later reward can ' +
    'name an item and reach its arm.',
  request: { schema: bodies.ItemsBody, example: examples.itemsExample },
  answers: { 201: { description: 'The receipt.', schema: answers.ItemsReceipt, example: examples.itemsAnswer } },
  errors: ['decision_id_invalid', 'decision_unknown', 'segment_missing', 'arm_unknown'],
  async handle({ reckoner, path, body, caller }) {
    return { status: 201, json: await reckoner.showItems(path.id, body, caller) };
  },
};

const blend: Route<BlendBody> = {
  method: 'POST',
  path: '/v1/decisions/{id}/blend',
  group: GROUP,
  summary: 'Blend the lists of a slate',
  description:
    'Makes one list of what several arms of the slate recommend (decide with `k` first): in turn by their weights, as evenly spread as ' +
    'can be, no item twice. It is recorded as shown, so that a reward can name an item and reach the arm it came from. The same ' +
    'request again gives the recorded list; another one goes on after it, without what was shown before.',
  request: { schema: bodies.BlendBody, example: examples.blendExample },
  answers: { 201: { description: 'The list.', schema: answers.Blend, example: examples.blendAnswer } },
  errors: ['decision_id_invalid', 'decision_unknown', 'segment_missing', 'arm_unknown'],
  async handle({ reckoner, path, body, caller }) {
    return { status: 201, json: await reckoner.blend(path.id, body, caller) };
  },
};

export const decisionRoutes: readonly Route<unknown>[] = [decide, batch, explain, reward, retract, showItems, blend];
