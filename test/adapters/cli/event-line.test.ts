/** Events in words, where their data alone would puzzle. */
import pc from 'picocolors';
import { expect, test } from 'vitest';
import { eventLine } from '../../../adapters/cli/event-line.ts';
import { decode } from '../../../events/catalogue.ts';
import { configured, DOMAIN, given } from '../../actors/given.ts';

test('silence, the reward that took its place, and a decision that was held back are told in words', async () => {
  const held = {
    arms: ['red', 'blue'],
    policy: { name: 'beta_thompson' as const },
    conservative: { baseline: 'blue' },
  };
  const stage = await given([configured({ ...held, reward: { window: { seconds: 60, silence: 'failure' } } })], {
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 3))),
  });
  const { decisionId } = await stage.reckoner.decide(DOMAIN, {});
  stage.time += 120_000;
  await expect.poll(async () => (await stage.events('RewardObserved')).length).toBe(1);
  await stage.reckoner.reward(decisionId, { value: 1 });
  const lines: string[] = [];
  for await (const event of stage.log.readAll({ streamPrefix: 'bucket-' }))
    lines.push(eventLine(event, decode(event), pc.createColors(false)));
  expect(lines[0]).toMatch(/decided .* blue of 1 {2}p 1\.000 {2}expects 0\.50 {2}held back$/);
  expect(lines[1]).toMatch(/rewarded .* blue 0\.000 for @0 {2}outcome {2}nothing came in time$/);
  expect(lines[2]).toMatch(/retracted .* blue 0\.000 of @0 {2}a reward came after all$/);
  expect(lines[3]).toMatch(/rewarded .* blue 1\.000 for @0 {2}outcome$/);
  await stage.stop();
});
