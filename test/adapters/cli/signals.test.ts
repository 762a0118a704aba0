import { spawn } from 'node:child_process';
import { beforeAll, expect, test } from 'vitest';
import { compiled } from '../../compiled.ts';

beforeAll(compiled);

test('the first signal asks to finish, the second one ends the process at once', async () => {
  const module = new URL('../../../dist/adapters/cli/signals.js', import.meta.url).href;
  const program = `import { onInterrupt } from '${module}';
    onInterrupt().signal.addEventListener('abort', () => console.log('finishing'));
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  const heard: string[] = [];
  child.stdout.on('data', (chunk) => {
    heard.push(String(chunk).trim());
    child.kill('SIGTERM');
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(heard).toEqual(['ready', 'finishing']);
  expect(code).toBe(143);
});
