/** Real NATS servers for tests: on a free port, with a store of their own, to be killed and brought back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Certificates, makeCertificates } from '../certificates.ts';
import { natsServerPath } from './find-server.ts';

export interface NatsServerOptions {
  /** Where it listens; default a free port. */
  readonly port?: number;
  /** Default true. */
  readonly jetstream?: boolean;
  /** Bytes that JetStream may keep in files, such as `1MB`. */
  readonly maxFileStore?: string;
  readonly maxPayload?: number;
  /** Of the server's own configuration language: `authorization { user: a, password: b }`. */
  readonly config?: string;
  /** With a certificate for localhost; clients must show one where `verify` is true. */
  readonly tls?: { readonly verify?: boolean };
}

export interface NatsServer {
  readonly port: number;
  /** `nats://127.0.0.1:port`; with TLS `tls://localhost:port`. */
  readonly url: string;
  readonly pid: number | undefined;
  /** PEM files, where it has TLS: the authority and a client's certificate. */
  readonly certificates: Certificates | undefined;
  /** All that it wrote to its log since it was made. */
  readonly output: string;
  /** SIGKILL: whatever it had not written is gone. */
  kill(): Promise<void>;
  /** On the same port, with the same store; with other configuration where it is given. */
  start(config?: string): Promise<void>;
  /** SIGSTOP: connections stay, and nobody answers. */
  pause(): void;
  resume(): void;
  /** Ends it and takes its store away. */
  stop(): Promise<void>;
}

const READY_MS = 10_000;
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts one; throws where nats-server is missing: skip by `describe.skipIf(natsServerPath === undefined)`. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'reckoner-nats-'));
  const certificates = options.tls === undefined ? undefined : makeCertificates(folder);
  const port = options.port ?? (await freePort());
  let child: ChildProcess | undefined;
  let output = '';

  async function start(config = options.config): Promise<void> {
    const file = join(folder, 'server.conf');
    writeFileSync(file, configuration({ ...options, config }, port, folder, certificates));
    if (natsServerPath === undefined) throw new Error('There is no nats-server on this machine.');
    const process = spawn(natsServerPath, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    child = process;
    running.add(process);
    process.once('exit', () => running.delete(process));
    await new Promise<void>((resolve, reject) => {
      const since = output.length;
      const timer = setTimeout(() => reject(new Error(`nats-server is not ready:\n${output.slice(since)}`)), READY_MS);
      process.once('error', reject);
      process.once('exit', () => reject(new Error(`nats-server ended:\n${output.slice(since)}`)));
      process.stderr?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (!output.includes('Server is ready', since)) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill(signal);
    await gone;
  }

  await start();
  return {
    port,
    url: certificates === undefined ? `nats://127.0.0.1:${port}` : `tls://localhost:${port}`,
    get pid() {
      return child?.pid;
    },
    certificates,
    get output() {
      return output;
    },
    kill: () => end('SIGKILL'),
    start,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async stop() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port is free.');
  return address.port;
}

function configuration(
  options: NatsServerOptions,
  port: number,
  folder: string,
  certificates: Certificates | undefined,
): string {
  const store = join(folder, 'store');
  mkdirSync(store, { recursive: true });
  const lines = [`host: 127.0.0.1`, `port: ${port}`, `pid_file: "${join(folder, 'pid')}"`];
  if (options.maxPayload !== undefined) lines.push(`max_payload: ${options.maxPayload}`);
  if (options.jetstream !== false) {
    const limit = options.maxFileStore === undefined ? '' : `, max_file_store: ${options.maxFileStore}`;
    lines.push(`jetstream { store_dir: "${store}"${limit} }`);
  }
  if (certificates !== undefined) {
    const { ca, cert, key } = certificates;
    const verify = options.tls?.verify === true;
    lines.push(`tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${ca}", verify: ${verify}, timeout: 5 }`);
  }
  return `${[...lines, options.config ?? ''].join('\n')}\n`;
}
