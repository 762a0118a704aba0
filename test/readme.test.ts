import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openNode, type ReckonerNode } from '../adapters/cli/compose.ts';
import { type HttpDoor, openHttpDoor } from '../adapters/http/door.ts';

const readme = readFileSync('README.md', 'utf8');
const manifest: { dependencies: Record<string, string>; devDependencies: Record<string, string>; scripts: object } =
  JSON.parse(readFileSync('package.json', 'utf8'));

describe('the README', () => {
  let node: ReckonerNode;
  let door: HttpDoor;

  beforeAll(async () => {
    node = await openNode({ seed: 1 });
    door = await openHttpDoor({ reckoner: node.reckoner, port: 0, version: 'test' });
  });

  afterAll(async () => {
    await door.close();
    await node.close();
  });

  test('tells a newcomer the two commands on its first screen', () => {
    const firstScreen = readme.split('\n').slice(0, 30).join('\n');
    expect(firstScreen).toContain('npm ci && npm start');
    expect(firstScreen).toContain('npm ci && npm test');
    expect(manifest.scripts).toMatchObject({ start: expect.any(String), test: expect.any(String) });
  });

  test('shows a decision from end to end that works as it is typed', async () => {
    const block = /checked by test\/readme\.test\.ts -->\s*```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const [configure, decide, reward, explain] = block.replaceAll('localhost:8080', door.url).split(/\n\n/);

    expect(await shell(configure)).toMatchObject({ domain: 'support', created: true });
    const decision = await shell(decide);
    expect(decision).toMatchObject({ bucketLabel: 'topic=bug', propensity: expect.any(Number) });
    const ID = String(decision.decisionId);
    expect(await shell(reward, { ID })).toMatchObject({ value: 1, kind: 'explicit', learned: true });
    expect(await shell(explain, { ID })).toMatchObject({ decisionId: ID, verified: true, rewards: [{ value: 1 }] });
  });

  test('gives every dependency a line that says what for and why this one', () => {
    const table = readme.slice(readme.indexOf('| package | what for |'));
    const missing = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      (name) => !name.startsWith('@types/') && !table.split('\n').some((line) => line.split('|')[1]?.includes(name)),
    );
    expect(missing).toEqual([]);
  });
});

async function shell(script: string | undefined, env: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)('bash', ['-c', script ?? 'false'], { env: { ...process.env, ...env } });
  return JSON.parse(stdout);
}
