/** Runs `log-child.ts` as processes of their own: Node 20 runs no TypeScript, so the compiled one, compiled anew where it is old. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const sources = ['adapters/sqlite', 'events', 'test/adapters/sqlite', 'test/contracts'];

/** Compiles what the child consists of, where `npm test` has not done so. */
export function compileChild(): void {
  const stale = sources
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
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

export interface Child {
  readonly process: ChildProcess;
  /** Lines it has said so far. */
  readonly lines: () => string[];
  /** Settles when it ends, with its exit code and signal. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly errors: string }>;
  /** Settles when it has said something. */
  readonly spoken: Promise<void>;
}

export function runChild(...words: (string | number)[]): Child {
  const script = join(root, 'dist/test/adapters/sqlite/log-child.js');
  const child = spawn(process.execPath, [script, ...words.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const spoken = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      resolve();
    });
  });
  const ended = new Promise<Awaited<Child['ended']>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, errors }));
  });
  return { process: child, lines: () => output.split('\n').filter((line) => line !== ''), ended, spoken };
}
