/** Runs `log-child.ts`, as it was compiled, as processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../compiled.ts';

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
