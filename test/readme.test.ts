import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkConfig } from '../actors/config/check-config.ts';
import { openNode, type ReckonerNode } from '../adapters/cli/compose.ts';
import { type HttpDoor, openHttpDoor } from '../adapters/http/door.ts';
import { policyNames } from '../policies/catalogue.ts';

const readme = readFileSync('README.md', 'utf8');
const manifest: { dependencies: Record<string, string>; devDependencies: Record<string, string>; scripts: object } =
  JSON.parse(readFileSync('package.json', 'utf8'));

describe('the README', () => {
  let node: ReckonerNode;
  let door: HttpDoor;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reckoner-readme-'));
    node = await openNode({ seed: 1 });
    door = await openHttpDoor({ reckoner: node.reckoner, port: 0, version: 'test' });
  });

  afterAll(async () => {
    await door.close();
    await node.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('tells a newcomer the two commands on its first screen', () => {
    const firstScreen = readme.split('\n').slice(0, 30).join('\n');
    expect(firstScreen).toContain('npm ci && npm start');
    expect(firstScreen).toContain('npm ci && npm test');
    expect(manifest.scripts).toMatchObject({ start: expect.any(String), test: expect.any(String) });
  });

  test('shows a decision from end to end that works as it is typed', async () => {
    const block = /checked by test\/readme\.test\.ts -->\s*```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    // One shell, as a reader has it: the id that deciding leaves in a variable is what the commands after it use.
    const script = block
      .replaceAll('localhost:8080', door.url)
      .replaceAll('/tmp/decision.json', join(folder, 'decision.json'));
    const [configured, decision, rewarded, explained] = await shell(script.replaceAll('\n\n', '\necho\n'));

    expect(configured).toMatchObject({ domain: 'support', created: true });
    expect(decision).toMatchObject({ bucketLabel: 'topic=bug', propensity: expect.any(Number) });
    expect(rewarded).toMatchObject({ value: 1, kind: 'explicit', learned: true });
    const { decisionId } = decision ?? {};
    expect(explained).toMatchObject({ decisionId, verified: true, rewards: [{ value: 1 }] });
  });

  test('shows parts of a configuration that a domain takes, all of them together', () => {
    const table = readme.slice(readme.indexOf('| in the configuration |')).split('\n\n')[0] ?? '';
    const parts = [...table.matchAll(/^\| `("[^`]+)` \|/gm)].map(([, part]) => part);
    expect(parts.length).toBeGreaterThan(8);
    const arm = { costUsd: 0.001, latencyMs: 800, quality: 0.8, capabilities: ['tools'] };
    const arms = [
      { name: 'gpt-4', ...arm },
      { name: 'small', ...arm, costUsd: 0.01 },
    ];
    const { config, warnings } = checkConfig({ arms, ...(JSON.parse(`{${parts.join(', ')}}`) as object) });
    expect(config).toMatchObject({ policy: { name: 'lin_ts' }, budget: { perRequestUsd: 0.002 }, risk: 0.05 });
    // Alone each of them is meant; together a detector stands beside a policy of features.
    expect(warnings.map(({ path }) => path)).toEqual(['changes']);
  });

  test('counts the policies', () => {
    const count = /one of \[(\w+) policies\]/.exec(readme)?.[1];
    expect(count).toBe(['twelve', 'thirteen', 'fourteen', 'fifteen'][policyNames.length - 12]);
  });

  test('gives every dependency a line that says what for and why this one', () => {
    const table = readme.slice(readme.indexOf('| package | what for |'));
    const missing = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      (name) => !name.startsWith('@types/') && !table.split('\n').some((line) => line.split('|')[1]?.includes(name)),
    );
    expect(missing).toEqual([]);
  });
});

/** Runs a script that prints one JSON object a line. */
async function shell(script: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await promisify(execFile)('bash', ['-c', script]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
