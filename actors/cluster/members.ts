import type { Message, Reply, Subscription } from '../../events/message-bus.ts';

/**
 * The port to the other nodes: who is there, and how to reach one of them. What it says may be late, and two nodes may be told
 * different things: nothing but speed hangs on it, the log decides.
 */
export interface Members {
  /** Name of this node. */
  readonly self: string;
  /** Names of the nodes that live, this one among them wherever it takes part. */
  live(): readonly string[];
  /** Calls the listener after each change of who lives, until the result is called. */
  onChange(listener: () => void): () => void;
  /**
   * Asks one node.
   * @throws ReckonerError overloaded where it is not there, outcome_unknown after the timeout or where the way to it broke
   */
  ask(node: string, message: Message, timeoutMs: number): Promise<Reply>;
  /** Answers what other nodes ask of this one. */
  respond(handler: (message: Message) => Promise<Reply>): Subscription;
  /** Begins to tell the others that this node is there: from now on it is sent what belongs to it. */
  join(): void;
  /** Tells the others that it goes. What they have sent by then is still answered. */
  leave(): void;
}
