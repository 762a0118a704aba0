/** Node 20 runs no TypeScript: processes that tests start run what is compiled to dist/, compiled anew where it is old. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const sources = ['actors', 'adapters', 'bench', 'events', 'policies', 'projections', 'proto', 'test'];

/** Compiles where `npm test` has not done so; one test file at a time. */
export async function compiled(): Promise<void> {
  const lock = join(tmpdir(), 'reckoner-tests-compile.lock');
  for (let tries = 0; !takes(lock) && tries < 300; tries++) await wait(100);
  try {
    if (!stale()) return;
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root], { stdio: 'pipe' });
  } catch {
    // It emits all the same; whether the types are right is for the type check to say.
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function takes(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

function stale(): boolean {
  return sources
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.endsWith('.d.ts'))
    .some((path) => modified(join(root, path)) > modified(join(root, 'dist', path.replace(/ts$/, 'js'))));
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
