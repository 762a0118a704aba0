/** Processes that are killed, and what they said before. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root } from '../compiled.ts';

/**
 * Runs a compiled module of this folder until SIGKILL ends it, which it sends to itself.
 * @param killAfterMs it is killed from here so long after it has said something; for a module that does not do it itself
 * @returns its lines, without the last where that was cut off
 */
export async function runUntilKilled(
  module: string,
  words: readonly string[],
  killAfterMs?: number,
): Promise<string[]> {
  const script = join(root, `dist/test/actors/${module}.js`);
  const child = spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const deadline = setTimeout(() => child.kill('SIGTERM'), 40_000);
  child.stdout.on('data', (chunk) => {
    if (output === '' && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    output += chunk;
  });
  const signal = await new Promise((resolve) => child.on('close', (_, killed) => resolve(killed)));
  clearTimeout(deadline);
  // SIGTERM: it never came to the point.
  expect(signal, errors).toBe('SIGKILL');
  return output.split('\n').slice(0, -1);
}
