/** One subscriber's queue: messages are handled one after another, in the order they were published. */
import type { Message } from '../../events/message-bus.ts';

export interface Mailbox {
  readonly waiting: number;
  /** True where nothing waits and nothing is being handled. */
  readonly idle: boolean;
  push(message: Message): void;
  /** Settles when it is empty and nothing is being handled. */
  empty(): Promise<void>;
}

export function createMailbox(
  handler: (message: Message) => void | Promise<void>,
  onError: (error: unknown, message: Message) => void,
): Mailbox {
  let queue: Message[] = [];
  let running: Promise<void> | undefined;

  /** Begins in a microtask of its own: a subscriber must not run within its publisher's stack. */
  async function run(): Promise<void> {
    await undefined;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      for (const message of batch) {
        try {
          const handled = handler(message);
          if (handled !== undefined) await handled;
        } catch (error) {
          onError(error, message);
        }
      }
    }
    running = undefined;
  }

  return {
    get waiting() {
      return queue.length;
    },
    get idle() {
      return running === undefined;
    },
    push(message) {
      queue.push(message);
      running ??= run();
    },
    empty: () => running ?? Promise.resolve(),
  };
}
