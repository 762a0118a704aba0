/** The bus of a single process: nothing is encoded, a request is a function call with a timeout. */
import { problemOf, ReckonerError } from '../../events/errors.ts';
import type { Message, MessageBus, Reply, RequestOptions, Subscription } from '../../events/message-bus.ts';
import { createDeadlines, type Timed } from './deadlines.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';
import { createSubjectIndex } from './subjects.ts';

export interface InProcessBusOptions {
  /** Told what a subscriber's or responder's handler threw. */
  readonly onError?: (error: unknown, message: Message) => void;
  /** Timeout of requests that name none, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
  /** Messages that may wait for one subscriber before `publish` answers overloaded, default 10,000. */
  readonly maxWaiting?: number;
  /** How long `close` waits for what is under way, in milliseconds; default 10,000. */
  readonly drainMs?: number;
}

interface Responder {
  readonly handler: (message: Message) => Promise<Reply>;
  /** Requests that it works on, also those whose asker has given up. */
  pending: number;
  /** Called when the last of them is done. */
  done: (() => void) | undefined;
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});
const LOOK_MS = 20; // a timeout may be late by so much

export function createInProcessBus(options: InProcessBusOptions = {}): MessageBus {
  const { onError = () => {}, timeoutMs = 10_000, maxWaiting = 10_000, drainMs = 10_000 } = options;
  const responders = createSubjectIndex<Responder>(10_000);
  const subscribers = createSubjectIndex<Mailbox>(10_000);
  const mailboxes = new Set<Mailbox>();
  const turns = new WeakMap<readonly Responder[], { next: number }>();
  const deadlines = createDeadlines(LOOK_MS);
  let pending = 0;
  let drained: (() => void) | undefined;
  let closed = false;
  let closing: Promise<void> | undefined;

  function request(subject: string, body: unknown, { headers, timeoutMs: limit }: RequestOptions = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      refuseAfterClose(); // a throw in here rejects
      const responder = choose(subject);
      const message: Message = { subject, body, headers: headers ?? NO_HEADERS };
      pending++;
      responder.pending++;
      const timed: Timed = {
        deadline: 0,
        expire() {
          settled();
          reject(new ReckonerError('outcome_unknown', `Nobody answered ${subject} in time.`));
        },
      };
      deadlines.add(timed, limit ?? timeoutMs);
      answerOf(responder, message).then((reply) => {
        responder.pending--;
        if (responder.pending === 0) responder.done?.();
        if (!deadlines.remove(timed)) return; // too late: the asker was told so
        settled();
        resolve(reply);
      });
    });
  }

  function settled(): void {
    pending--;
    if (pending === 0) drained?.();
  }

  function choose(subject: string): Responder {
    const able = responders.of(subject);
    const first = able[0];
    if (first === undefined) throw new ReckonerError('overloaded', `Nobody serves ${subject} at the moment.`);
    if (able.length === 1) return first;
    const turn = turns.get(able) ?? { next: 0 };
    turns.set(able, turn);
    return able[turn.next++ % able.length] ?? first;
  }

  async function answerOf({ handler }: Responder, message: Message): Promise<Reply> {
    try {
      return await handler(message);
    } catch (thrown) {
      if (!(thrown instanceof ReckonerError)) onError(thrown, message); // what is expected is the asker's alone
      return { ok: false, problem: problemOf(thrown) };
    }
  }

  async function publish(subject: string, body: unknown, headers: Message['headers'] = NO_HEADERS): Promise<void> {
    refuseAfterClose();
    const wanting = subscribers.of(subject);
    // All or none: a publisher that tries again must not tell some of them twice.
    if (wanting.some((mailbox) => mailbox.waiting >= maxWaiting)) {
      throw new ReckonerError('overloaded', `A subscriber of ${subject} does not keep up.`);
    }
    const message: Message = { subject, body, headers };
    for (const mailbox of wanting) mailbox.push(message);
  }

  function subscribe(pattern: string, handler: (message: Message) => void | Promise<void>): Subscription {
    const mailbox = createMailbox(handler, onError);
    const remove = subscribers.add(pattern, mailbox);
    mailboxes.add(mailbox);
    return {
      async close() {
        remove();
        await mailbox.empty();
        mailboxes.delete(mailbox);
      },
    };
  }

  function respond(pattern: string, handler: (message: Message) => Promise<Reply>): Subscription {
    const responder: Responder = { handler, pending: 0, done: undefined };
    const remove = responders.add(pattern, responder);
    return {
      close() {
        remove();
        if (responder.pending === 0) return Promise.resolve();
        return new Promise((resolve) => {
          responder.done = resolve;
        });
      },
    };
  }

  function refuseAfterClose(): void {
    if (closed) throw new ReckonerError('shutting_down', 'The bus is closed.');
  }

  /** What is under way may ask and tell in turn: the bus refuses only when nothing is, or its patience ends. */
  async function drain(): Promise<void> {
    let over = false;
    let giveUp = () => {};
    const limit = new Promise<void>((resolve) => {
      giveUp = resolve;
    });
    const timer = setTimeout(() => {
      over = true;
      giveUp();
    }, drainMs);
    while (!over && (pending > 0 || [...mailboxes].some((mailbox) => !mailbox.idle))) {
      const answered = new Promise<void>((resolve) => {
        if (pending === 0) resolve();
        else drained = resolve;
      });
      await Promise.race([limit, Promise.all([answered, ...[...mailboxes].map((mailbox) => mailbox.empty())])]);
    }
    clearTimeout(timer);
    closed = true;
  }

  return {
    request,
    publish,
    subscribe,
    respond,
    close() {
      closing ??= drain();
      return closing;
    },
  };
}
