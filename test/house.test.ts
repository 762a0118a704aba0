/** The house rules that a tool can check. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './adapters/sqlite/temporary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['actors', 'adapters', 'bench', 'events', 'policies', 'projections', 'proto', 'test'];
const files = ['package.json', 'tsconfig.json', 'docker-compose.yml', 'README.md', 'LICENSE'];
/** Lock and tool files. */
const tools = ['package-lock.json', 'biome.json', 'vitest.config.ts', 'vitest.long.config.ts'];

/** What git has, or would take: relative paths. */
function tracked(): string[] {
  const words = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', words, { cwd: root, encoding: 'utf8' }).split('\n');
  return paths.filter((path) => path !== '' && existsSync(join(root, path)));
}

const paths = tracked();
const sources = paths.filter((path) => path.endsWith('.ts') && !path.startsWith('proto/generated/'));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

test('the top level holds the house and nothing else', () => {
  const top = new Set(paths.map((path) => path.split('/', 1)[0] ?? ''));
  const known = [...folders, ...files, ...tools];
  expect([...top].filter((name) => !name.startsWith('.') && !known.includes(name))).toEqual([]);
  for (const name of [...folders, ...files]) expect(top, name).toContain(name);
});

test('every top-level folder says in one paragraph what lives there and what it may import', () => {
  for (const folder of folders) {
    const text = read(`${folder}/README.md`);
    const [title = '', ...paragraphs] = text.trim().split(/\n{2,}/);
    expect(title, folder).toMatch(/^# /);
    const prose = paragraphs.filter((paragraph) => /^[A-Za-z*`]/.test(paragraph));
    expect(prose.length, folder).toBeGreaterThan(0);
    expect(prose.join(' '), folder).toMatch(/import/);
  }
});

test('time, chance and environment come in from the adapters', () => {
  const forbidden = /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bprocess\.env\b|\bperformance\.now\b/;
  const exempt = /^(adapters|bench|test)\//;
  const guilty = sources.filter((path) => !exempt.test(path) && forbidden.test(withoutComments(read(path))));
  expect(guilty).toEqual([]);
});

test('policies use no function whose last bits differ between engines', () => {
  const forbidden = /\bMath\.(pow|sin|cos|tan)\b|\*\*/;
  const guilty = sources.filter((path) => path.startsWith('policies/') && forbidden.test(withoutComments(read(path))));
  expect(guilty).toEqual([]);
});

test('files are called kebab-case, and none is a barrel, a heap of utils or of helpers', () => {
  const names = sources.map((path) => path.split('/').at(-1) ?? '');
  expect(
    names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|long\.test|config|long\.config|d))?\.ts$/.test(name)),
  ).toEqual([]);
  expect(names.filter((name) => /^(index|utils?|helpers?)\.ts$/.test(name))).toEqual([]);
});

test('imports name their file with .ts, as Node will', () => {
  const guilty = sources.filter((path) =>
    /^(import|export|\}).* from '\.{1,2}\/[^']*(?<!\.ts|\.json)'/m.test(read(path)),
  );
  expect(guilty).toEqual([]);
});

test('package.json leaves nothing to chance: exact versions, one engine', () => {
  const { dependencies, devDependencies, engines, license } = JSON.parse(read('package.json'));
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  expect(engines.node).toBe('>=20.19');
  expect(license).toBe('Apache-2.0');
});

const upstairs: readonly (readonly [string, string])[] = [
  ['policies', '../events/ids.ts'],
  ['policies', '../proto/generated/events.ts'],
  ['policies', '../actors/identity/canonical.ts'],
  ['events', '../policies/policy.ts'],
  ['events', '../actors/identity/canonical.ts'],
  ['events', '../adapters/sqlite/event-log.ts'],
  ['actors', '../projections/regret.ts'],
  ['actors', '../adapters/sqlite/event-log.ts'],
  ['projections', '../actors/identity/canonical.ts'],
  ['projections', '../adapters/sqlite/event-log.ts'],
  ['proto', '../events/ids.ts'],
  ['adapters/sqlite', '../../test/actors/given.ts'],
  ['adapters/sqlite', '../../bench/main.ts'],
];

const downstairs: readonly (readonly [string, string])[] = [
  ['actors', '../events/ids.ts'],
  ['actors', '../policies/policy.ts'],
  ['projections', '../events/ids.ts'],
  ['events', '../proto/generated/events.ts'],
  ['adapters/cli', '../../actors/system.ts'],
];

test('the linter bites at an import that goes up or sideways, and at no other', () => {
  const house = temporaryDirectory();
  copyFileSync(join(root, 'biome.json'), join(house, 'biome.json'));
  const build = (kind: string) => (imported: readonly [string, string], index: number) => {
    const [folder, target] = imported;
    const path = `${folder}/${kind}-${index}.ts`;
    mkdirSync(join(house, folder), { recursive: true });
    writeFileSync(join(house, path), `import * as other from '${target}';\nconsole.log(other);\n`);
    return path;
  };
  const [bad, good] = [upstairs.map(build('up')), downstairs.map(build('down'))];
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const words = ['lint', '--vcs-enabled=false', '--reporter=github', '--max-diagnostics=none'];
  const { stdout } = spawnSync(process.execPath, [biome, ...words], { cwd: house, encoding: 'utf8' });
  const bitten = stdout.split('\n').filter((line) => line.includes('noRestrictedImports'));
  expect(bad.filter((path) => !bitten.some((line) => line.includes(path)))).toEqual([]);
  expect(good.filter((path) => bitten.some((line) => line.includes(path)))).toEqual([]);
});

test('every import goes down', () => {
  const below: Record<string, readonly string[]> = {
    policies: [],
    proto: [],
    events: ['proto'],
    actors: ['policies', 'events', 'proto'],
    projections: ['policies', 'events', 'proto'],
    adapters: ['policies', 'events', 'proto', 'actors', 'projections'],
  };
  const wrong: string[] = [];
  for (const path of sources) {
    const floor = path.split('/', 1)[0] ?? '';
    const allowed = below[floor];
    if (allowed === undefined) continue;
    for (const [, target = ''] of read(path).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const to = new URL(target, `file:///${path}`).pathname.split('/')[1] ?? '';
      if (to !== floor && !allowed.includes(to)) wrong.push(`${path} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('only the command line knows the command line: it is where everything is put together', () => {
  const wrong: string[] = [];
  for (const path of sources) {
    if (!path.startsWith('adapters/') || path.startsWith('adapters/cli/')) continue;
    for (const [, target = ''] of read(path).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const to = new URL(target, `file:///${path}`).pathname;
      if (to.startsWith('/adapters/cli/')) wrong.push(`${path} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

/** Comments may name what code may not use. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}
