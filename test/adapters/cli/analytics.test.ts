import { afterAll, beforeAll, expect, test } from 'vitest';
import { compiled } from '../../compiled.ts';
import { newDirectory, type Running, removeDirectories, runJson, start } from './run.ts';

beforeAll(compiled);
afterAll(removeDirectories);

let server: Running | undefined;
afterAll(async () => {
  server?.process.kill('SIGTERM');
  await server?.finished;
});

test('who has written reads it a moment later, over HTTP and by SQL, while the server runs', async () => {
  const dataDir = newDirectory();
  server = start(['serve', '--no-demo', '--port', '0', '--data-dir', dataDir]);
  const [, url = ''] = await server.says(/(http:\/\/127\.0\.0\.1:\d+)/);
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    return jsonOf(await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) }));
  };
  const ids: string[] = [];
  for (let index = 0; index < 5; index++) {
    const { decisionId } = await post('/v1/domains/user_engagement/decisions', await exampleBody(url));
    await post(`/v1/decisions/${decisionId}/rewards`, { value: 0.5 });
    ids.push(decisionId);
  }

  const page = await fetch(`${url}/v1/analytics/decisions?domain=user_engagement&wait=now`);

  expect(page.status).toBe(200);
  const { items, asOf } = await jsonOf(page);
  expect(items.map(({ decisionId }: { decisionId: string }) => decisionId).sort()).toEqual([...ids].sort());
  expect(items.every(({ rewards }: { rewards: number }) => rewards === 1)).toBe(true);
  expect(asOf.behind).toBe(0);
  const sql =
    "SELECT count(*) AS n, sum(reward_sum) / sum(shares) AS mean FROM decisions WHERE domain = 'user_engagement'";
  expect(await runJson(['query', sql, '--data-dir', dataDir])).toMatchObject({ rows: [{ n: 5, mean: 0.5 }] });
  const refused = await fetch(`${url}/v1/analytics/decisions?domain=user_engagement&limit=zero`);
  expect([refused.status, (await jsonOf(refused)).code]).toEqual([400, 'request_invalid']);
});

async function jsonOf(response: Response): Promise<ReturnType<typeof JSON.parse>> {
  return JSON.parse(await response.text());
}

async function exampleBody(url: string): Promise<object> {
  const { exampleContext } = await jsonOf(await fetch(`${url}/v1/domains/user_engagement`));
  return { context: exampleContext };
}
