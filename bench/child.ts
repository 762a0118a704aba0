/** Measures in a process of its own: nothing of the parent is in its memory, its caches or its compiled code. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs a compiled module of this folder and gives what it printed as its last line, parsed. Its other lines are passed on.
 * @param heapMb what each of its heaps may have, megabytes: without a limit garbage fills what the machine has, and says nothing
 * @throws Error where it does not end with 0
 */
export async function measureInChild<T>(module: string, args: readonly string[], heapMb?: number): Promise<T> {
  const { code, lines } = await runModule(module, args, heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`]);
  if (code !== 0) throw new Error(`${module} ${args[0] ?? ''} ended with ${code}`);
  return JSON.parse(lines.at(-1) ?? '') as T; // what the module prints is its interface
}

/** Runs a compiled module of this folder; every line it prints is passed on as soon as another follows, the last one is kept back. */
export function runModule(
  module: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> {
  const program = fileURLToPath(new URL(`./${module}.js`, import.meta.url));
  const child = spawn(process.execPath, [...flags, program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      const before = lines.at(-1);
      if (before !== undefined) console.log(before);
      lines.push(line);
    }
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, lines }));
  });
}
