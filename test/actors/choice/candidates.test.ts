/** Who may be chosen: every arm that is set aside is named with the constraint that it breaks. */
import { expect, test } from 'vitest';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { configured, DOMAIN, given, type Stage } from '../given.ts';

const arms: DomainConfigInput['arms'] = [
  { name: 'text', costUsd: 0.001, reliability: 0.95, contextWindow: 4096, capabilities: ['json'] },
  { name: 'vision', costUsd: 0.01, reliability: 0.85, contextWindow: 128_000, capabilities: ['json', 'vision'] },
  { name: 'silent', costUsd: 0.1 },
];

async function decided(stage: Stage, body: Parameters<Stage['reckoner']['decide']>[1]) {
  const { events, problem } = await stage.when((reckoner) => reckoner.decide(DOMAIN, body));
  if (problem !== undefined) return problem;
  const [event] = events;
  if (event?.type !== 'DecisionMade') throw new Error('no decision');
  const excluded = event.data.excluded.map(({ arm, constraint, limit }) => `${arm}: ${constraint} ${limit}`);
  return { candidates: event.data.candidates, excluded };
}

test('capabilities, context window and reliability set arms aside; an estimate that is not declared breaks none', async () => {
  const stage = await given([configured({ arms })]);
  expect(await decided(stage, {})).toEqual({ candidates: ['text', 'vision', 'silent'], excluded: [] });
  expect(await decided(stage, { constraints: { capabilities: ['json', 'vision'] } })).toEqual({
    candidates: ['vision'],
    excluded: ['text: capabilities vision', 'silent: capabilities json'],
  });
  expect(await decided(stage, { tokens: 4096 })).toMatchObject({ excluded: [] });
  expect(await decided(stage, { tokens: 4097 })).toEqual({
    candidates: ['vision', 'silent'],
    excluded: ['text: contextWindow 4097'],
  });
  expect(await decided(stage, { constraints: { minReliability: 0.9 } })).toEqual({
    candidates: ['text', 'silent'],
    excluded: ['vision: minReliability 0.9'],
  });
  await stage.stop();
});

test('what a domain asks of every request holds beside what the request asks: the stricter of the two', async () => {
  const constraints = { maxCostUsd: 0.05, minReliability: 0.9, capabilities: ['json'] };
  const stage = await given([configured({ arms, constraints })]);
  expect(await decided(stage, {})).toEqual({
    candidates: ['text'],
    excluded: ['vision: minReliability 0.9', 'silent: maxCostUsd 0.05'],
  });
  expect(await decided(stage, { constraints: { maxCostUsd: 1, minReliability: 0.1 } })).toMatchObject({
    excluded: ['vision: minReliability 0.9', 'silent: maxCostUsd 0.05'],
  });
  expect(await decided(stage, { candidates: ['silent', 'text'], constraints: { maxCostUsd: 0.01 } })).toMatchObject({
    excluded: ['silent: maxCostUsd 0.01'],
  });
  const none = await stage.when((reckoner) => reckoner.decide(DOMAIN, { constraints: { capabilities: ['audio'] } }));
  expect(none.problem).toMatchObject({
    code: 'candidates_none',
    details: [
      { path: 'constraints.capabilities', message: 'excludes text (audio)' },
      { path: 'constraints.minReliability', message: 'excludes vision (0.9)' },
      { path: 'constraints.maxCostUsd', message: 'excludes silent (0.05)' },
    ],
  });
  expect(none.events).toEqual([]);
  await stage.stop();
});

test('the expected quality of a hard type of task may fall below what is asked', async () => {
  const objective = { preset: 'cost-aware', taskTypes: { proof: -0.15 } } as const;
  const stage = await given([configured({ arms: [{ name: 'good', quality: 0.9 }, 'silent'], objective })]);
  const body = { constraints: { minQuality: 0.6 } };
  expect(await decided(stage, body)).toMatchObject({ excluded: [] });
  expect(await decided(stage, { ...body, taskType: 'proof' })).toEqual({
    candidates: ['good'],
    excluded: ['silent: minQuality 0.6'],
  });
  await stage.stop();
});

test('an arm that is for some tenants only is nobody else’s, whoever the command comes from', async () => {
  const open = { arms: [{ name: 'shared' }, { name: 'private', tenants: ['acme', 'initech'] }] };
  const stage = await given([configured(open)]);
  expect(await decided(stage, {})).toEqual({ candidates: ['shared'], excluded: ['private: tenants default'] });
  const caller = { tenant: 'acme', by: 'acme' };
  await stage.reckoner.configure(DOMAIN, open, caller);
  const theirs = await stage.when((reckoner) => reckoner.decide(DOMAIN, {}, caller));
  expect(theirs.events).toMatchObject([{ data: { candidates: ['shared', 'private'], excluded: [] } }]);
  await stage.stop();
});

test('where nobody is left the fallback is taken, and the explanation names who was set aside and why', async () => {
  const only = [{ name: 'private', tenants: ['acme'] }];
  const stage = await given([configured({ arms: only, fallback: 'human' })]);
  const decision = await stage.reckoner.decide(DOMAIN, {});
  expect(decision).toMatchObject({ arm: 'human', fallback: true });
  expect(await stage.reckoner.explain(decision.decisionId)).toMatchObject({
    verified: true,
    excluded: [{ arm: 'private', constraint: 'tenants', limit: 'default' }],
  });
  await stage.reckoner.configure(DOMAIN, { arms: only });
  expect(await decided(stage, {})).toMatchObject({
    code: 'candidates_none',
    details: [{ path: 'tenant', message: 'excludes private (default)' }],
  });
  await stage.stop();
});
