/** Members of one process: messages are handed across by function calls, and what a network does to them is asked for. */
import type { Members } from '../../../actors/cluster/members.ts';
import { ReckonerError } from '../../../events/errors.ts';
import type { Message, Reply } from '../../../events/message-bus.ts';

export interface Network {
  /** A member that is there from `join` on. */
  member(name: string): Members;
  /** The process is gone from one moment to the next: it is not asked any more, and what it was asked it never answers. */
  kill(name: string): void;
  /** What the node believes from now on; undefined: the truth. */
  believe(name: string, live: readonly string[] | undefined): void;
  /** Requests to the node are handled, and its answers lost. */
  loseAnswersOf(name: string, lose: boolean): void;
  /** Every request that crossed. */
  readonly crossed: { readonly from: string; readonly to: string; readonly message: Message }[];
}

type Handler = (message: Message) => Promise<Reply>;

export function createNetwork({ timeoutMs }: { readonly timeoutMs?: number } = {}): Network {
  const live = new Set<string>();
  const dead = new Set<string>();
  const handlers = new Map<string, Handler>();
  const beliefs = new Map<string, readonly string[]>();
  const silent = new Set<string>();
  const listeners = new Set<() => void>();
  const crossed: Network['crossed'] = [];
  const tell = () => {
    for (const listener of [...listeners]) listener();
  };

  return {
    crossed,
    member: (self) => ({
      self,
      live: () => beliefs.get(self) ?? [...live],
      onChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      ask(node, message, limit) {
        const handler = handlers.get(node);
        if (handler === undefined || dead.has(node))
          return Promise.reject(new ReckonerError('overloaded', `Nobody is there: ${node}.`));
        crossed.push({ from: self, to: node, message });
        return new Promise((resolve, reject) => {
          const timer = setTimeout(
            () => reject(new ReckonerError('outcome_unknown', `No answer from ${node}.`)),
            Math.min(limit, timeoutMs ?? limit),
          );
          // As over a wire: what is handed over is a copy.
          void handler(JSON.parse(JSON.stringify(message))).then((reply) => {
            if (silent.has(node) || dead.has(node) || dead.has(self)) return;
            clearTimeout(timer);
            resolve(JSON.parse(JSON.stringify(reply)));
          });
        });
      },
      respond(handler) {
        handlers.set(self, handler);
        return { close: async () => void handlers.delete(self) };
      },
      join() {
        live.add(self);
        tell();
      },
      leave() {
        live.delete(self);
        tell();
      },
    }),
    kill(name) {
      dead.add(name);
      live.delete(name);
      tell();
    },
    believe(name, believed) {
      if (believed === undefined) beliefs.delete(name);
      else beliefs.set(name, believed);
      tell();
    },
    loseAnswersOf(name, lose) {
      if (lose) silent.add(name);
      else silent.delete(name);
    },
  };
}
