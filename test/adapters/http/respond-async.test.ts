/** Who configures a domain need not wait until its buckets have learned anew. */
import { expect, test } from 'vitest';
import { openRealDoor } from './open-door.ts';

const path = '/v1/domains/support';
const arms = ['small', 'large'];

test('with Prefer: respond-async the answer comes at once, and the domain shows when it has taken over', async () => {
  const door = await openRealDoor();
  await door.call('PUT', path, { arms, policy: { name: 'beta_thompson' } });
  for (let round = 0; round < 40; round++) {
    const { json } = await door.call('POST', `${path}/decisions`, { context: {} });
    await door.call('POST', `/v1/decisions/${json.decisionId}/rewards`, { value: 1 });
  }
  const asked = { prefer: 'return=minimal, Respond-Async; wait=1' };
  const policy = { name: 'lin_ts' };
  const { status, headers, json } = await door.call('PUT', path, { arms, policy }, asked);
  expect(status).toBe(202);
  expect(Object.fromEntries(headers)).toMatchObject({ location: path, 'preference-applied': 'respond-async' });
  expect(json).toMatchObject({ accepted: true, created: false, config: { policy: { name: 'beta_thompson' } } });

  let view = json;
  for (let tries = 0; tries < 500 && view.config.policy.name !== 'lin_ts'; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    view = (await door.call('GET', path)).json;
  }
  expect(view).toMatchObject({ config: { policy: { name: 'lin_ts' } } });
  expect(view).not.toHaveProperty('relearning');
  expect(view).not.toHaveProperty('refused');

  // What needs no learning is done when it is answered; so is what is asked for without the header.
  expect((await door.call('PUT', path, { arms, policy, description: 'x' }, asked)).status).toBe(200);
  expect((await door.call('PUT', path, { arms, policy: { name: 'epsilon_greedy' } })).status).toBe(200);
  expect((await door.call('PUT', path, { arms: [] }, asked)).json).toMatchObject({ code: 'config_invalid' });
  await door.close();
});
