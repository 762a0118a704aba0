/** What a test can have the double do wrong, one call after the other. */
import type { EndPoint } from './double-failures.ts';

/** What is asked of the server. A subscription is a read that does not end. */
export type Call = 'append' | 'delete' | 'read' | 'subscribe' | 'features' | 'gossip';

export type Fault =
  /** Taken, never done, never answered; the connection stays. */
  | { readonly kind: 'silent' }
  /** Done, never answered; the connection stays. */
  | { readonly kind: 'unanswered' }
  /** Done, then the connection is cut before the answer. */
  | { readonly kind: 'lostAck' }
  /** The connection is cut before anything is done. */
  | { readonly kind: 'cut' }
  /** Done at once, answered so many milliseconds later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Refused by a follower that was told not to forward, or that cannot. */
  | { readonly kind: 'notLeader'; readonly leader?: EndPoint }
  /** Refused: the server's queues are full. */
  | { readonly kind: 'busy' }
  /** The server says itself that it was too late; done all the same or not. */
  | { readonly kind: 'deadline'; readonly done: boolean }
  /** Refused for who asks. */
  | { readonly kind: 'accessDenied' }
  /** The disk is full: a server ends itself when it cannot write. Nothing is written, and nobody listens until `restart()`. */
  | { readonly kind: 'full' }
  /** Of a read or subscription: the connection is cut after so many events. */
  | { readonly kind: 'dropAfter'; readonly events: number }
  /** Of a subscription: every event is delivered twice. */
  | { readonly kind: 'duplicates' };

interface Script {
  readonly fault: Fault;
  left: number;
}

/** Faults that wait for their call. */
export class Faults {
  readonly #scripts = new Map<Call, Script[]>();

  /** The next `times` calls go so (default one), after those that were scripted before. Returns how to take that back. */
  script(call: Call, fault: Fault, times = 1): () => void {
    const scripts = this.#scripts.get(call) ?? [];
    this.#scripts.set(call, scripts);
    const script = { fault, left: times };
    scripts.push(script);
    return () => {
      script.left = 0;
    };
  }

  /** From now on all goes well. */
  clear(): void {
    this.#scripts.clear();
  }

  /** What happens to this call. */
  take(call: Call): Fault | undefined {
    const scripts = this.#scripts.get(call) ?? [];
    while (scripts[0] && scripts[0].left <= 0) scripts.shift();
    const script = scripts[0];
    if (!script) return undefined;
    script.left--;
    return script.fault;
  }
}
