import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as answers from '../../../adapters/http/answers.ts';
import { batchExample, blendExample, decideExample, domainExample } from '../../../adapters/http/examples.ts';
import { expectProblem } from './expect-problem.ts';
import { openRealDoor, type TestDoor } from './open-door.ts';

let door: TestDoor;
beforeAll(async () => {
  door = await openRealDoor();
  expect((await door.call('PUT', '/v1/domains/model_routing', domainExample)).status).toBe(201);
});
afterAll(() => door.close());

const decide = (body: unknown = { context: decideExample.context }) =>
  door.call('POST', '/v1/domains/model_routing/decisions', body);

describe('a domain', () => {
  test('is created, replaced by the same path, shown and listed', async () => {
    const created = await door.call('PUT', '/v1/domains/second', { arms: ['a', 'b'] });
    expect(created.status).toBe(201);
    answers.ConfiguredDomain.strict().parse(created.json);
    const replaced = await door.call('PUT', '/v1/domains/second', { arms: ['a', 'b', 'c'] });
    expect(replaced.status).toBe(200);
    expect(replaced.json).toMatchObject({ domain: 'second', created: false });
    const shown = await door.call('GET', '/v1/domains/second');
    answers.DomainView.strict().parse(shown.json);
    expect(shown.json.config.arms).toHaveLength(3);
    const listed = await door.call('GET', '/v1/domains');
    answers.DomainList.strict().parse(listed.json);
    expect(listed.json.domains.map((view: { domain: string }) => view.domain)).toContain('second');
  });

  test('that is not there is a 404 for every route of it', async () => {
    expectProblem(await door.call('GET', '/v1/domains/nowhere'), 404, 'domain_unknown');
    expectProblem(await door.call('POST', '/v1/domains/nowhere/decisions', {}), 404, 'domain_unknown');
    expectProblem(
      await door.call('POST', '/v1/domains/nowhere/decisions/batch', { items: [{}] }),
      404,
      'domain_unknown',
    );
    expectProblem(await door.call('POST', '/v1/domains/nowhere/freeze'), 404, 'domain_unknown');
  });

  test('that is frozen records rewards and learns nothing, until it is thawed', async () => {
    await door.call('PUT', '/v1/domains/cold', { arms: ['a', 'b'] });
    const frozen = await door.call('POST', '/v1/domains/cold/freeze');
    expect(frozen.status).toBe(200);
    expect(frozen.json.frozen).toBe(true);
    const made = await door.call('POST', '/v1/domains/cold/decisions', {});
    const receipt = await door.call('POST', `/v1/decisions/${made.json.decisionId}/rewards`, { value: 1 });
    expect(receipt.json.learned).toBe(false);
    const thawed = await door.call('POST', '/v1/domains/cold/thaw', { reason: 'enough' });
    expect(thawed.json.frozen).toBe(false);
  });
});

describe('a budget', () => {
  const arms = [
    { name: 'small', costUsd: 0.00002 },
    { name: 'large', costUsd: 0.015 },
  ];

  test('sets aside what it cannot pay, takes costs with rewards, and the explanation tells both', async () => {
    await door.call('PUT', '/v1/domains/thrifty', { arms, budget: { perRequestUsd: 0.0002 } });
    const { json: made } = await door.call('POST', '/v1/domains/thrifty/decisions', {});
    expect(made.arm).toBe('small');
    const rewards = `/v1/decisions/${made.decisionId}/rewards`;
    expect((await door.call('POST', rewards, { value: 0.5, costUsd: 0.00003 })).status).toBe(201);
    expectProblem(await door.call('POST', rewards, { value: 0.5, costUsd: -1 }), 400, 'request_invalid');
    const { json: told } = await door.call('GET', `/v1/decisions/${made.decisionId}`);
    answers.Explanation.strict().parse(told);
    expect(told.excluded).toEqual([{ arm: 'large', constraint: 'budget', limit: '0.0002' }]);
    expect(told.budget).toMatchObject({ perRequestUsd: 0.0002, chargedUsd: 0.00002, balanceUsd: null });
    expect(told.rewards[0]).toMatchObject({ costUsd: 0.00003 });
  });

  test('a price that moves too far is held until it is confirmed', async () => {
    const moved = { arms: [arms[0], { name: 'large', costUsd: 0.0001 }], budget: { perRequestUsd: 0.0002 } };
    expectProblem(await door.call('PUT', '/v1/domains/thrifty', moved), 409, 'price_held');
    expect((await door.call('PUT', '/v1/domains/thrifty', { ...moved, confirmPrices: true })).status).toBe(200);
  });
});

describe('an objective', () => {
  test('shifts scores by name, sets arms aside by name, and the explanation tells both', async () => {
    const arms = [
      { name: 'small', costUsd: 0.002, quality: 0.7, capabilities: ['json'] },
      { name: 'large', costUsd: 0.01, quality: 0.9, capabilities: ['json', 'vision'] },
      { name: 'shaky', reliability: 0.5, capabilities: ['vision'] },
    ];
    const created = await door.call('PUT', '/v1/domains/weighed', { arms, objective: { preset: 'balanced' } });
    expect(created.json.config.objective).toMatchObject({ weights: { cost: 0.4, latency: 0.3, quality: 0.3 } });
    const made = await door.call('POST', '/v1/domains/weighed/decisions', {});
    const told = await door.call('GET', `/v1/decisions/${made.json.decisionId}`);
    answers.Explanation.strict().parse(told.json);
    const [small, large] = told.json.arms;
    expect(small.terms.cost).toBeCloseTo((-0.4 / 0.3) * 0.2, 12);
    expect(large).toMatchObject({ shift: -0.4 / 0.3, terms: { cost: -0.4 / 0.3 } });
    expect(told.json.excluded).toEqual([{ arm: 'shaky', constraint: 'minReliability', limit: '0.8' }]);
    const blind = { candidates: ['small'], constraints: { capabilities: ['vision'] } };
    const refused = await door.call('POST', '/v1/domains/weighed/decisions', blind);
    expectProblem(refused, 422, 'candidates_none');
    expect(refused.json.details).toEqual([{ path: 'constraints.capabilities', message: 'excludes small (vision)' }]);
  });
});

describe('a decision', () => {
  test('lives from the request over items and rewards to its explanation and a retraction', async () => {
    const made = await decide({ context: decideExample.context, k: 4 });
    expect(made.status).toBe(201);
    const decision = answers.Decision.strict().parse(made.json);
    const at = `/v1/decisions/${decision.decisionId}`;

    const items = await door.call('POST', `${at}/items`, { items: [{ item: 'answer-1', arm: 'large', position: 0 }] });
    expect(items.status).toBe(201);
    answers.ItemsReceipt.strict().parse(items.json);

    const blended = await door.call('POST', `${at}/blend`, blendExample);
    expect(blended.status).toBe(201);
    // The first answer was shown already.
    expect(
      answers.Blend.strict()
        .parse(blended.json)
        .items.map(({ item }) => item),
    ).toEqual(expect.arrayContaining(['answer-2', 'answer-3']));

    const rewarded = await door.call('POST', `${at}/rewards`, { value: 0.75 });
    expect(rewarded.status).toBe(201);
    const receipt = answers.RewardReceipt.strict().parse(rewarded.json);
    expect(receipt).toMatchObject({ arm: decision.arm, value: 0.75, learned: true, repeated: false });

    const clicked = await door.call('POST', `${at}/rewards`, {
      feedback: 'click',
      item: 'answer-1',
      subject: 'user-1',
    });
    expect(clicked.json).toMatchObject({ arm: 'large', value: 1 });

    const told = await door.call('GET', at);
    expect(told.status).toBe(200);
    const explanation = answers.Explanation.strict().parse(told.json);
    expect(explanation).toMatchObject({ ...decision, verified: true, context: decideExample.context });
    expect(explanation.arms.find((arm) => arm.chosen)?.arm).toBe(decision.arm);
    expect(explanation.items).toHaveLength(3);
    expect(explanation.rewards.map((reward) => reward.value)).toEqual([0.75, 1]);

    const retracted = await door.call('DELETE', `${at}/rewards/${receipt.rewardId}`);
    expect(retracted.status).toBe(200);
    answers.RetractionReceipt.strict().parse(retracted.json);
    const after = await door.call('GET', at);
    expect(after.json.rewards[0]).toMatchObject({ rewardId: receipt.rewardId, retracted: true });
  });

  test('repeated under its requestId is the same decision, and another body under that id is refused', async () => {
    const body = { requestId: 'once', context: decideExample.context };
    const first = await decide(body);
    const second = await decide(body);
    expect(second.status).toBe(201);
    expect(second.json).toEqual(first.json);
    expectProblem(await decide({ ...body, context: { task: 'chat', prompt_tokens: 1 } }), 409, 'request_id_reused');
  });

  test('asked for at once by many under one requestId is one decision', async () => {
    const body = { requestId: 'all-at-once', context: decideExample.context };
    const made = await Promise.all(Array.from({ length: 20 }, () => decide(body)));
    expect(new Set(made.map((answer) => answer.json.decisionId)).size).toBe(1);
  });

  test('that was never made is a 404, and an id that was tampered with a 400', async () => {
    expectProblem(await door.call('GET', '/v1/decisions/nonsense'), 400, 'decision_id_invalid');
    const { decisionId } = (await decide()).json;
    const last = decisionId.at(-1) === 'a' ? 'b' : 'a';
    expectProblem(
      await door.call('GET', `/v1/decisions/${decisionId.slice(0, -1)}${last}`),
      400,
      'decision_id_invalid',
    );
    expectProblem(await door.call('POST', '/v1/decisions/a.b.c.d/rewards', { value: 1 }), 400, 'decision_id_invalid');
  });

  test('is rewarded once where the reward comes twice', async () => {
    const { decisionId } = (await decide()).json;
    const first = await door.call('POST', `/v1/decisions/${decisionId}/rewards`, { value: 1 });
    const second = await door.call('POST', `/v1/decisions/${decisionId}/rewards`, { value: 1 });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.json).toEqual({ ...first.json, repeated: true });
  });

  test('has no reward that was not given', async () => {
    const { decisionId } = (await decide()).json;
    const unknown = '5b0f6a44-6c1e-5f0e-9a57-0d3c2b1a4f68';
    expectProblem(await door.call('DELETE', `/v1/decisions/${decisionId}/rewards/${unknown}`), 404, 'reward_unknown');
  });
});

describe('a batch', () => {
  test('is answered in order, and one bad item fails alone', async () => {
    const good = { context: decideExample.context };
    const items = [{ ...good, requestId: 'b0' }, { context: { task: 'poetry' } }, 5, { ...good, requestId: 'b3' }];
    const answer = await door.call('POST', '/v1/domains/model_routing/decisions/batch', { items });
    expect(answer.status).toBe(200);
    const { results } = answers.BatchAnswer.strict().parse(answer.json);
    expect(results.map((result) => result.ok)).toEqual([true, false, false, true]);
    expect(results[0]).toMatchObject({ decision: { requestId: 'b0' } });
    expect(results[1]).toMatchObject({ error: { code: 'context_invalid', status: 422 } });
    expect(results[2]).toMatchObject({ error: { code: 'request_invalid', status: 400 } });
    expect(results[3]).toMatchObject({ decision: { requestId: 'b3' } });
  });

  test('of a thousand is decided, of none or a thousand and one refused', async () => {
    const path = '/v1/domains/model_routing/decisions/batch';
    const of = (count: number) => ({ items: Array.from({ length: count }, () => batchExample.items[0]) });
    const answer = await door.call('POST', path, of(1000));
    expect(answer.json.results.every((result: { ok: boolean }) => result.ok)).toBe(true);
    expectProblem(await door.call('POST', path, of(0)), 400, 'request_invalid');
    expectProblem(await door.call('POST', path, of(1001)), 400, 'request_invalid');
    expectProblem(await door.call('POST', path, { ...of(1), more: true }), 400, 'request_invalid');
  });
});

describe('the node', () => {
  test('says that it lives and that it is ready', async () => {
    expect((await door.call('GET', '/healthz')).json).toEqual({ status: 'alive', version: '0.0.0-test' });
    const ready = await door.call('GET', '/readyz');
    expect(ready.status).toBe(200);
    expect(answers.Health.strict().parse(ready.json).ready).toBe(true);
  });
});
