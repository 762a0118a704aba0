/** Node 20 runs no TypeScript: child processes run what is compiled to dist/, compiled anew where it is old. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = ['actors', 'adapters', 'events', 'policies', 'proto', 'test/actors'];

export function compiled(): void {
  const stale = sources
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.endsWith('.d.ts'))
    .some((path) => modified(join(root, path)) > modified(join(root, 'dist', path.replace(/ts$/, 'js'))));
  if (!stale) return;
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root], { stdio: 'pipe' });
  } catch {
    // It emits all the same; whether the types are right is for the type check to say.
  }
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
