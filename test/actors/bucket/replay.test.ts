/** All posteriors in one pass over the log. */
import { expect, test } from 'vitest';
import { createFolding } from '../../../actors/bucket/bucket-folding.ts';
import { replay } from '../../../actors/bucket/replay.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { configured, DOMAIN, given } from '../given.ts';
import { ONLY_STREAM, posteriorOf, stateFrom } from '../posterior.ts';

test('Given a rollback past a change of policy, then the pass over the log comes to what counts', async () => {
  const arms = ['red', 'blue'];
  const stage = await given([configured({ arms, policy: { name: 'lin_ts' } })]);
  const pull = async () => {
    const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
    await stage.reckoner.reward(decisionId, { value: 1 });
  };
  await pull();
  await stage.reckoner.checkpoint(DOMAIN, { name: 'linear' });
  await stage.reckoner.configure(DOMAIN, { arms, policy: { name: 'beta_thompson' } });
  await pull();
  await stage.reckoner.rollBack(DOMAIN, { to: 'linear' });
  await pull();
  const { buckets } = await replay(stage.log, createFolding({ log: stage.log, makePolicy: createPolicy }));
  const { bucket } = buckets.get(ONLY_STREAM) ?? {};
  expect(bucket && posteriorOf(bucket.state)).toBe(posteriorOf(await stateFrom(stage.log)));
  expect(bucket?.state.domain.policy.name).toBe('lin_ts');
  await stage.stop();
});
