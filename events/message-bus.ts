/**
 * The port between doors and actors. Subjects are words joined by dots: `decide.model_routing`. In a pattern `*` stands for one
 * word and a final `>` for one or more. Every adapter passes the suite in `test/contracts/message-bus.ts`.
 */
import type { Problem } from './errors.ts';

export interface Message {
  readonly subject: string;
  /** One of the messages of `actors/messages/`; a bus over a wire encodes it by subject. Not to be changed by its receiver. */
  readonly body: unknown;
  /** Who asks, for tenant, tracing and idempotence. */
  readonly headers: Readonly<Record<string, string>>;
}

export type Reply = { readonly ok: true; readonly body: unknown } | { readonly ok: false; readonly problem: Problem };

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Give up after so many milliseconds, default 10,000: what was asked for may still happen. */
  readonly timeoutMs?: number;
}

export interface Subscription {
  /** Takes no more messages, and settles when those being handled are done. */
  close(): Promise<void>;
  /**
   * Of a responder that other processes reach: takes no more from them, and settles when none can come. What this process asks is
   * served until it is closed. A node withdraws before it begins to refuse: others serve what it would have refused.
   */
  withdraw?(): Promise<void>;
}

export interface MessageBus {
  /**
   * Asks one responder and waits for its reply.
   * @throws ReckonerError overloaded where nobody serves the subject, outcome_unknown after the timeout, shutting_down
   */
  request(subject: string, body: unknown, options?: RequestOptions): Promise<Reply>;
  /** Tells every subscriber; settles when the bus has taken it. */
  publish(subject: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<void>;
  /** Calls the handler for every published message whose subject matches, in order. A handler that throws is reported, and stays. */
  subscribe(pattern: string, handler: (message: Message) => void | Promise<void>): Subscription;
  /** Answers requests whose subject matches; of several responders each request reaches one. A responder that throws answers with a problem. */
  respond(pattern: string, handler: (message: Message) => Promise<Reply>): Subscription;
  /** Lets requests under way finish, then refuses what comes. */
  close(): Promise<void>;
}
