/** Several nodes in processes of their own, on one log and one real NATS server; and a client that insists, and keeps books. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '../../../actors/client.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import type { Reckoner } from '../../../actors/reckoner.ts';
import { connectNats } from '../../../adapters/nats/connection.ts';
import { createNatsBus } from '../../../adapters/nats/message-bus.ts';
import { natsSettings } from '../../../adapters/nats/settings.ts';
import { ReckonerError } from '../../../events/errors.ts';
import type { MessageBus } from '../../../events/message-bus.ts';
import { DOMAIN } from '../../actors/given.ts';
import { root } from '../../compiled.ts';
import type { NodeChildOptions } from './node-child.ts';

export const TIERS = 24;
export const CONFIG: DomainConfigInput = {
  arms: ['red', 'green', 'blue'],
  context: { tier: { type: 'categorical', values: Array.from({ length: TIERS }, (_, index) => `t${index}`) } },
  bucketBy: ['tier'],
};

/** What was compiled, from wherever this runs: tests are not, benches are. */
const NODE_CHILD = import.meta.url.endsWith('.js')
  ? fileURLToPath(new URL('./node-child.js', import.meta.url))
  : join(root, 'dist/test/adapters/nats/node-child.js');

/** Starts a node; settles when it takes part. */
export async function startNode(options: NodeChildOptions): Promise<ChildProcess> {
  const child = fork(NODE_CHILD, [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`The node ${options.node} ended with ${code}.`)));
  });
  return child;
}

export interface Used {
  /** Microseconds of processor time. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

/** What a node has used since its start. */
export function usedBy(child: ChildProcess): Promise<Used> {
  return new Promise((resolve) => {
    child.once('message', (used) => resolve(used as Used)); // what the child sends when it is asked
    child.send('used');
  });
}

export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

export interface Asking {
  readonly bus: MessageBus;
  readonly reckoner: Reckoner;
  close(): Promise<void>;
}

/** A client of the cluster: it serves nothing itself, so all it asks crosses the server. */
export async function openAsking(url: string, timeoutMs: number, prefix?: string): Promise<Asking> {
  const settings = natsSettings({ NATS_URL: url, NATS_SUBJECT_PREFIX: prefix });
  if (settings === undefined) throw new Error('There is no URL of a NATS server.');
  const link = await connectNats(settings, { name: 'asking' });
  const bus = createNatsBus({ link, node: 'asking', version: '0.0.0', timeoutMs });
  const never = () => {
    throw new Error('A client has no health.');
  };
  return {
    bus,
    reckoner: createClient(bus, never),
    async close() {
      await bus.close();
      await link.close();
    },
  };
}

/** What was acknowledged: decision ids by request id, and the decisions that were rewarded, with what was asked in vain before. */
export interface Books {
  readonly decided: Map<string, string>;
  readonly rewarded: Map<string, string>;
  repeats: number;
  /** How long each request took until it was acknowledged, all its attempts together, and when it was: `performance.now()`. */
  readonly answers: {
    readonly tier: number;
    readonly decisionId: string;
    readonly at: number;
    readonly tookMs: number;
  }[];
}

/** Asks on and on until stopped; every request until it is acknowledged. Stopped, it finishes what it began. */
export function load(reckoner: Reckoner, name: string, workers: number): { stop(): Promise<Books> } {
  const books: Books = { decided: new Map(), rewarded: new Map(), repeats: 0, answers: [] };
  let stopping = false;
  const work = async (worker: number) => {
    for (let turn = 0; !stopping; turn++) {
      const tier = (worker * 7 + turn) % TIERS;
      const requestId = `${name}-${worker}-${turn}`;
      const since = performance.now();
      const { decisionId } = await insist(books, () =>
        reckoner.decide(DOMAIN, { requestId, context: { tier: `t${tier}` } }),
      );
      books.decided.set(requestId, decisionId);
      books.answers.push({ tier, decisionId, at: performance.now(), tookMs: performance.now() - since });
      const value = (worker + turn) % 4 === 0 ? 0 : 1;
      const { rewardId } = await insist(books, () => reckoner.reward(decisionId, { value, requestId }));
      books.rewarded.set(decisionId, rewardId);
    }
  };
  const all = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return {
    async stop() {
      stopping = true;
      await all;
      return books;
    },
  };
}

async function insist<T>(books: Books, send: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send();
    } catch (thrown) {
      if (!(thrown instanceof ReckonerError) || thrown.problem.status !== 503 || attempt > 100) throw thrown;
      books.repeats += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
