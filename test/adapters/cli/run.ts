/** Runs the command line as its users do: as a process, from what was compiled; compiled anew where it is old. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { openNode } from '../../../adapters/cli/compose.ts';
import { root } from '../../compiled.ts';

// A process takes its time to start where others use the machine too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const main = join(root, 'dist/adapters/cli/main.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly finished: Promise<Finished>;
  /** Settles when the output matches; throws with what there is where the process ends before, or after twenty seconds. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts a command; its working directory holds nothing. */
export function start(args: readonly string[], env: Record<string, string> = {}): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(RECKONER|NATS|EVENTSTORE)_/.test(name));
  const child = spawn(process.execPath, [main, ...args], {
    cwd: tmpdir(),
    env: { ...Object.fromEntries(inherited), ...env },
  });
  let stdout = '';
  let stderr = '';
  let code: number | null | undefined;
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (ended) => {
      code = ended;
      resolve({ code, stdout, stderr });
    });
  });
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    finished,
    async says(pattern) {
      for (let tries = 0; tries < 1000; tries++) {
        const match = pattern.exec(stdout);
        if (match !== null) return match;
        if (code !== undefined) break;
        await pause(20);
      }
      throw new Error(`expected ${pattern}, heard:\n${stdout}\n${stderr}`);
    },
  };
}

/** Runs a command to its end. */
export function run(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  return start(args, env).finished;
}

/** Runs a command with `--json` and reads what it says. */
export async function runJson(args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await run([...args, '--json']);
  if (stdout === '') throw new Error(`no output: ${stderr}`);
  return JSON.parse(stdout);
}

/** What tests may rely on in a data directory that was used before. */
export interface UsedDirectory {
  readonly dataDir: string;
  readonly decisionIds: readonly string[];
}

/** A data directory with the domain `greeting`, and decisions of it, each rewarded. */
export async function usedDirectory(decisions = 3): Promise<UsedDirectory> {
  const dataDir = newDirectory();
  const node = await openNode({ dataDir });
  await node.reckoner.configure('greeting', { description: 'How to say hello', arms: ['hello', 'hi'], bucketBy: [] });
  const decisionIds = await Promise.all(
    Array.from({ length: decisions }, async () => {
      const { decisionId } = await node.reckoner.decide('greeting', { context: {} });
      await node.reckoner.reward(decisionId, { value: 0.75 });
      return decisionId;
    }),
  );
  await node.close();
  return { dataDir, decisionIds };
}

const made: string[] = [];

export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'reckoner-cli-'));
  made.push(directory);
  return directory;
}

/** Takes away what `newDirectory` made. */
export function removeDirectories(): void {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
