/**
 * Where a command is to be handled: at the node that its bucket belongs to. A node that does not answer is suspected, and what was
 * to go there is handled here under the same id: the log takes every event once, whoever of the two is faster.
 */
import { ReckonerError } from '../../events/errors.ts';
import type { Message, Reply, Subscription } from '../../events/message-bus.ts';
import type { Members } from './members.ts';
import { createRing } from './rendezvous.ts';

export interface Placement {
  /** Name of this node. */
  readonly self: string;
  /** The node that a stream belongs to, as far as this node knows. */
  ownerOf(stream: string): string;
  /**
   * Asks the node for an answer.
   * @param timeoutMs default 2,000
   * @returns undefined where it gave none, or none that counts: then it is for this node to handle it
   */
  forward(node: string, message: Message, timeoutMs?: number): Promise<Reply | undefined>;
  /** Answers what other nodes forward. */
  respond(handler: (message: Message) => Promise<Reply>): Subscription;
  /** Calls the listener after each change of what belongs to whom. */
  onChange(listener: () => void): void;
  /** Lets the others send what belongs to this node. */
  join(): void;
  /** Lets the others know that it goes. */
  leave(): void;
  stop(): void;
  readonly counts: PlacementCounts;
}

export interface PlacementCounts {
  /** Requests that other nodes answered for this one. */
  readonly forwarded: number;
  /** Requests that this node handled because their owner did not answer. */
  readonly takenOver: number;
}

export interface PlacementOptions {
  readonly now: () => number;
  /** How long a node that did not answer is passed by, unless it is gone anyway; in milliseconds, default 3,500. */
  readonly suspectMs?: number;
}

/** Where nothing else is said, an owner has so long to answer, in milliseconds. */
export const FORWARD_MS = 2_000;
const SUSPECT_MS = 3_500;

/**
 * Answers after which the request is handled here: its owner is closing, or is of an older version that does not know what this
 * one took for valid, or has not the agents that this one has.
 */
const NOT_FINAL: ReadonlySet<string> = new Set(['shutting_down', 'route_unknown', 'request_invalid', 'agent_unknown']);

export function createPlacement(members: Members, { now, suspectMs = SUSPECT_MS }: PlacementOptions): Placement {
  const { self } = members;
  const listeners = new Set<() => void>();
  /** Until when each is passed by. */
  const suspects = new Map<string, number>();
  const answeredAt = new Map<string, number>();
  /** Those who wait for a node, to be told where it goes. */
  const waiting = new Map<string, Set<() => void>>();
  const counts = { forwarded: 0, takenOver: 0 };
  let ring = createRing([self]);
  let trustAgainAt = Infinity;

  function look(): void {
    const live = new Set(members.live());
    trustAgainAt = Infinity;
    for (const [node, until] of suspects) {
      if (until <= now() || !live.has(node)) suspects.delete(node);
      else trustAgainAt = Math.min(trustAgainAt, until);
    }
    for (const node of [...waiting.keys()]) if (!live.has(node)) giveUpOn(node);
    for (const node of answeredAt.keys()) if (!live.has(node)) answeredAt.delete(node);
    const next = createRing([...live, self].filter((node) => node === self || !suspects.has(node)));
    if (next.nodes.join() === ring.nodes.join()) return;
    ring = next;
    for (const listener of [...listeners]) listener();
  }
  look();
  const unwatch = members.onChange(look);

  function giveUpOn(node: string): void {
    for (const giveUp of [...(waiting.get(node) ?? [])]) giveUp();
  }

  function suspect(node: string): void {
    suspects.set(node, now() + suspectMs);
    look();
  }

  async function askOrGiveUp(node: string, message: Message, timeoutMs: number): Promise<Reply> {
    const waiters = waiting.get(node) ?? new Set();
    waiting.set(node, waiters);
    let giveUp = () => {};
    const gone = new Promise<never>((_, reject) => {
      giveUp = () => reject(new Error('gone'));
    });
    waiters.add(giveUp);
    try {
      return await Promise.race([members.ask(node, message, timeoutMs), gone]);
    } finally {
      waiters.delete(giveUp);
      if (waiters.size === 0 && waiting.get(node) === waiters) waiting.delete(node);
    }
  }

  return {
    self,
    ownerOf(stream) {
      if (trustAgainAt !== Infinity && now() >= trustAgainAt) look();
      return ring.ownerOf(stream);
    },
    async forward(node, message, timeoutMs = FORWARD_MS) {
      const since = now();
      try {
        const reply = await askOrGiveUp(node, message, timeoutMs);
        if (reply.ok || !NOT_FINAL.has(reply.problem.code)) {
          answeredAt.set(node, now());
          counts.forwarded += 1;
          return reply;
        }
        if (reply.problem.code === 'shutting_down') suspect(node);
      } catch (thrown) {
        const code = thrown instanceof ReckonerError ? thrown.code : undefined;
        // Nobody listens there any more: what others wait for will not come either.
        if (code === 'overloaded') {
          suspect(node);
          giveUpOn(node);
        }
        // One that answered others meanwhile is there: only this bucket is slow. And what could not be sent says nothing of it.
        else if (code === 'outcome_unknown' && (answeredAt.get(node) ?? -Infinity) <= since) suspect(node);
      }
      counts.takenOver += 1;
      return undefined;
    },
    respond: members.respond,
    onChange: (listener) => void listeners.add(listener),
    join: members.join,
    leave: members.leave,
    stop: unwatch,
    counts,
  };
}
