/** Where nats-server is: these tests run against the real one. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Path of nats-server: $NATS_SERVER, on the PATH, or where Debian puts it; root on a machine with apt gets Debian's package.
 * Undefined where there is none, which is told once; on CI (CI=true) that is an error, so that nothing is left out silently.
 */
export const natsServerPath = findNatsServer();

function findNatsServer(): string | undefined {
  const found = look() ?? install();
  if (found !== undefined) return found;
  const told = 'No nats-server: install it (apt-get install nats-server, or nats.io/download) or set NATS_SERVER.';
  if (process.env.CI === 'true') throw new Error(told);
  console.warn(`\n  SKIPPED: all tests that need a real NATS server. ${told}\n`);
  return undefined;
}

function look(): string | undefined {
  if (process.env.NATS_SERVER) return process.env.NATS_SERVER;
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, 'nats-server')).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function install(): string | undefined {
  if (process.getuid?.() !== 0 || !isProgram('/usr/bin/apt-get')) return undefined;
  const apt = (...args: string[]) =>
    execFileSync('/usr/bin/apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-qq', '-y', ...args], {
      stdio: 'pipe',
      timeout: 180_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  try {
    try {
      apt('install', '--no-install-recommends', 'nats-server');
    } catch {
      apt('update');
      apt('install', '--no-install-recommends', 'nats-server');
    }
  } catch {
    return undefined; // no network, or another system's package list
  }
  return look();
}
