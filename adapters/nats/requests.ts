/**
 * Requests that wait for their replies, all over one inbox. Not the client's own: that one makes a timer and a race for each, and lets
 * them wait for replies that a lost connection will never bring.
 */
import { createInbox, type Msg, type MsgHdrs } from 'nats';
import { ReckonerError } from '../../events/errors.ts';
import { createDeadlines, type Timed } from '../memory/deadlines.ts';
import type { NatsLink } from './connection.ts';

export interface Requests {
  readonly pending: number;
  /**
   * @throws ReckonerError overloaded (nobody serves it), outcome_unknown (no reply in time, or the connection was lost),
   * bus_unreachable (nothing was sent), bus_refused (not allowed), request_invalid (too large)
   */
  ask(subject: string, payload: Uint8Array, headers: MsgHdrs | undefined, timeoutMs: number): Promise<Msg>;
  /** Settles when none waits any more. */
  drained(): Promise<void>;
  /** Ends those that still wait, with an unknown outcome. */
  close(): void;
}

interface Waiting extends Timed {
  readonly subject: string;
  resolve(reply: Msg): void;
  reject(failure: ReckonerError): void;
}

const LOOK_MS = 10; // a timeout may be late by so much
const NO_RESPONDERS = 503;

export function createRequests(link: NatsLink): Requests {
  const { connection } = link;
  const inbox = createInbox();
  const waiting = new Map<string, Waiting>();
  const deadlines = createDeadlines(LOOK_MS);
  let asked = 0;
  let empty: (() => void)[] = [];

  const replies = connection.subscribe(`${inbox}.*`, {
    callback(failure, message) {
      if (failure !== null) return; // told by the connection's status
      const token = message.subject.slice(inbox.length + 1);
      const found = take(token);
      if (found === undefined) return; // too late: the asker was told so
      if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) {
        found.reject(new ReckonerError('overloaded', `Nobody serves ${found.subject} at the moment.`));
      } else found.resolve(message);
    },
  });

  function take(token: string): Waiting | undefined {
    const found = waiting.get(token);
    if (found === undefined) return undefined;
    waiting.delete(token);
    deadlines.remove(found);
    if (waiting.size === 0) for (const tell of empty.splice(0)) tell();
    return found;
  }

  const unwatch = link.watch((status) => {
    if (status.type === 'disconnected' || status.type === 'closed') endAll();
    if (status.type !== 'refused' || status.subject === undefined) return;
    const { subject } = status;
    for (const [token, asked] of waiting) {
      if (asked.subject === subject) take(token)?.reject(notAllowed(subject));
    }
  });

  function endAll(): void {
    for (const [token, { subject }] of waiting) {
      take(token)?.reject(
        new ReckonerError('outcome_unknown', `The connection was lost before ${subject} was answered.`),
      );
    }
  }

  return {
    get pending() {
      return waiting.size;
    },
    ask: (subject, payload, headers, timeoutMs) =>
      new Promise((resolve, reject) => {
        const token = (asked++).toString(36);
        const entry: Waiting = {
          ...{ subject, resolve, reject, deadline: 0 },
          expire: () =>
            take(token)?.reject(new ReckonerError('outcome_unknown', `Nobody answered ${subject} in time.`)),
        };
        publish(link, subject, payload, { reply: `${inbox}.${token}`, headers }); // a throw in here rejects
        waiting.set(token, entry);
        deadlines.add(entry, timeoutMs);
      }),
    drained: () =>
      waiting.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            empty = [...empty, resolve];
          }),
    close() {
      endAll();
      unwatch();
      if (!connection.isClosed()) replies.unsubscribe();
    },
  };
}

function notAllowed(subject: string): ReckonerError {
  return new ReckonerError('bus_refused', `The NATS server does not let us publish on ${subject}.`, {
    remedy: 'Give this user the permission to publish on it, and to subscribe to _INBOX.>.',
  });
}

/**
 * Hands a message to the connection.
 * @throws ReckonerError bus_unreachable where it is lost, and what is handed to it would be too; request_invalid where it is too large
 */
export function publish(
  link: NatsLink,
  subject: string,
  payload: Uint8Array,
  options: { readonly reply?: string; readonly headers?: MsgHdrs | undefined },
): void {
  if (!link.connected) throw new ReckonerError('bus_unreachable', 'The connection to NATS is lost at the moment.');
  const most = link.connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
  // Headers count too; their exact length is known to the client only once they are encoded.
  if (payload.length > most) throw tooLarge(payload.length, most);
  const { reply, headers } = options;
  try {
    link.connection.publish(subject, payload, {
      ...(reply === undefined ? {} : { reply }),
      ...(headers === undefined ? {} : { headers }),
    });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'MAX_PAYLOAD_EXCEEDED') throw tooLarge(most, most);
    throw new ReckonerError('bus_unreachable', 'The connection to NATS takes no messages any more.', { cause });
  }
}

function tooLarge(length: number, most: number): ReckonerError {
  return new ReckonerError(
    'request_invalid',
    `The message is larger than this NATS server takes: ${length} of ${most} bytes, headers not counted.`,
    { remedy: 'Send less at once, or let the server take more (max_payload in its configuration).' },
  );
}
