/**
 * The demonstration: simulated requests through the real path. The node decides and lets a simulated agent carry the arm out, as
 * for anyone; then the reward is given. It keeps to a domain of its own, goes on learning after a restart, and slows down so that the log of
 * a server that is left alone stays small.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { DEFAULT_TENANT, type Reckoner } from '../../actors/reckoner.ts';
import { DEMO_DOMAIN, demoBounds, demoComponents, demoTask } from './demo-world.ts';

/** Twenty a second for a quarter of a minute, so that ten seconds are enough to watch it learn; one a second for ten minutes, then one in ten seconds: about 13 MB of log a day. */
const paces = [
  { untilSeconds: 15, intervalMs: 50 },
  { untilSeconds: 630, intervalMs: 1000 },
] as const;
const SLOWEST_MS = 10_000;
const AFTER_FAULT_MS = 5000;
/** Rewards that count as now. */
const WINDOW = 60;
/** Decisions of a task by which the most chosen arm is told. */
const FAVOURITE_WINDOW = 12;

export interface DemoStatus {
  /** Requests since the start of this process. */
  readonly requests: number;
  /** Mean reward of the last 60 of them; NaN before the first. */
  readonly reward: number;
  /** What choosing at random and what always choosing the best arm earn. */
  readonly random: number;
  readonly best: number;
  /** The arm that each task got most often lately. */
  readonly favourites: readonly { readonly task: string; readonly arm: string }[];
  readonly intervalMs: number;
}

export interface Demo {
  status(): DemoStatus;
  /** Settles when the request under way is done. */
  stop(): Promise<void>;
}

export interface DemoOptions {
  readonly reckoner: Reckoner;
  /** Unique to this run: request ids and tasks follow from it. */
  readonly run: string;
  readonly now: () => number;
  readonly onFault: (fault: unknown) => void;
}

/** Starts playing at once. */
export function startDemo(options: DemoOptions): Demo {
  const { now, onFault } = options;
  const bounds = demoBounds();
  const stopping = new AbortController();
  const begun = now();
  const rewards: number[] = [];
  const chosen = new Map<string, string[]>();
  let requests = 0;
  let intervalMs = 0;
  const playing = play();

  async function play(): Promise<void> {
    while (!stopping.signal.aborted) {
      const due = now();
      intervalMs = paceAt((due - begun) / 1000);
      try {
        const { task, arm, value } = await playOne(options, requests + 1);
        requests++;
        keep(rewards, value, WINDOW);
        chosen.set(task, keep(chosen.get(task) ?? [], arm, FAVOURITE_WINDOW));
      } catch (fault) {
        onFault(fault);
        intervalMs = AFTER_FAULT_MS;
      }
      await wait(Math.max(0, due + intervalMs - now()), undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  return {
    status: () => ({
      requests,
      reward: rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length,
      ...bounds,
      favourites: [...chosen].map(([task, arms]) => ({ task, arm: mostFrequent(arms) })).sort(byTask),
      intervalMs,
    }),
    async stop() {
      stopping.abort();
      await playing;
    },
  };
}

/** Plays the request of this number. @returns its task, the arm that was chosen, and what it earned */
export async function playOne({ reckoner, run }: Pick<DemoOptions, 'reckoner' | 'run'>, number: number) {
  const requestId = `${run}-${number}`;
  const caller = { tenant: DEFAULT_TENANT, by: 'demo (simulated)' };
  const context = { task: demoTask(requestId) };
  const { decision, quality, costUsd, latencyMs } = await reckoner.run(
    DEMO_DOMAIN,
    { requestId, context, question: { context } },
    caller,
  );
  const components = demoComponents({ quality: quality ?? 0, costUsd, latencyMs });
  const { value } = await reckoner.reward(decision.decisionId, { components }, caller);
  return { task: context.task, arm: decision.arm, value };
}

/** Milliseconds between two requests, so many seconds after the start. */
export function paceAt(seconds: number): number {
  return paces.find(({ untilSeconds }) => seconds < untilSeconds)?.intervalMs ?? SLOWEST_MS;
}

/** Adds to the end of a window and lets its oldest go. */
function keep<T>(window: T[], item: T, size: number): T[] {
  window.push(item);
  if (window.length > size) window.shift();
  return window;
}

function mostFrequent(arms: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const arm of arms) counts.set(arm, (counts.get(arm) ?? 0) + 1);
  return [...counts].sort(([, left], [, right]) => right - left)[0]?.[0] ?? '';
}

function byTask(left: { readonly task: string }, right: { readonly task: string }): number {
  return left.task < right.task ? -1 : 1;
}
