/** The bus over NATS: requests to a micro service, messages by subject. What this process serves itself it need not ask the server for. */
import type { Msg, Subscription as NatsSubscription, SubscriptionOptions } from 'nats';
import { problemOf, ReckonerError } from '../../events/errors.ts';
import type { Message, MessageBus, Reply, RequestOptions, Subscription } from '../../events/message-bus.ts';
import { createMailbox, type Mailbox } from '../memory/mailbox.ts';
import { createInProcessBus } from '../memory/message-bus.ts';
import { createSubjectIndex, requirePattern, requireSubject } from '../memory/subjects.ts';
import {
  CONTENT_TYPES,
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  type Form,
  messagesOf,
} from './codec.ts';
import type { NatsLink } from './connection.ts';
import { type Endpoint, type MicroService, startMicroService } from './micro-service.ts';
import { createRequests, publish as hand } from './requests.ts';
import { createSlowTeller } from './slow-teller.ts';
import { ERROR, fromWire, type Headers, toWire } from './wire-headers.ts';
import { wireSubjects } from './wire-subjects.ts';

export interface NatsBusOptions {
  /** The bus does not close it: others may speak over it too. */
  readonly link: NatsLink;
  /** Name of the node, shown with the micro service. */
  readonly node: string;
  /** Version of Reckoner, shown with the micro service. */
  readonly version: string;
  /** `prefer`, the default: what this process serves itself is not sent through the server. `never`: everything is. */
  readonly local?: 'prefer' | 'never';
  /** Told what a handler threw, and of messages that were lost here: unreadable, or more than a subscriber takes. */
  readonly onError?: (thrown: unknown, message: Message) => void;
  /** Timeout of requests that name none, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
  /** Messages that may wait for one subscriber; what comes beyond is lost, and told. Default 10,000. */
  readonly maxWaiting?: number;
  /** How long `close` waits for what is under way, in milliseconds; default 10,000. */
  readonly drainMs?: number;
}

/** One queue group for all that all nodes serve: each request reaches one of them. */
const QUEUE = 'reckoner';
const SERVICE = 'reckoner';
const NO_HEADERS: Headers = Object.freeze({});

export function createNatsBus(options: NatsBusOptions): MessageBus {
  const {
    link,
    local = 'prefer',
    onError = () => {},
    timeoutMs = 10_000,
    maxWaiting = 10_000,
    drainMs = 10_000,
  } = options;
  const { connection } = link;
  const subjects = wireSubjects(link.prefix);
  const requests = createRequests(link);
  /** What this process serves. */
  const here = createInProcessBus({ onError, timeoutMs, drainMs });
  const served = createSubjectIndex<object>(10_000);
  const mailboxes = new Set<Mailbox>();
  /** Subscriptions at the server; and those of them that take requests. */
  const listening = new Set<NatsSubscription>();
  const answering = new Set<NatsSubscription>();
  let service: MicroService | undefined;
  let handling = 0;
  let idle: (() => void) | undefined;
  let closed = false;
  let closing: Promise<void> | undefined;

  async function request(subject: string, body: unknown, asked: RequestOptions = {}): Promise<Reply> {
    refuseAfterClose();
    requireSubject(subject);
    if (local === 'prefer' && served.of(subject).length > 0) return here.request(subject, body, asked);
    const { headers = NO_HEADERS, timeoutMs: limit = timeoutMs } = asked;
    const { form, bytes } = encodeRequest(subject, body);
    const wire = subjects.asked(subject);
    const answer = await requests.ask(wire, bytes, toWire(headers, form === 'json' ? CONTENT_TYPES.json : ''), limit);
    if (answer.headers === undefined) return decodeReply(subject, answer.data, '', false);
    const { contentType } = fromWire(answer);
    return decodeReply(subject, answer.data, contentType, answer.headers.has(ERROR.code));
  }

  async function publish(subject: string, body: unknown, headers: Headers = NO_HEADERS): Promise<void> {
    refuseAfterClose();
    requireSubject(subject);
    const { form, bytes } = encodeRequest(subject, body);
    hand(link, subjects.told(subject), bytes, { headers: toWire(headers, form === 'json' ? CONTENT_TYPES.json : '') });
    await flushed();
  }

  let flushing: Promise<void> | undefined;
  /** Settles when the server has taken all that was handed over so far: one question for all that is published in one turn. */
  function flushed(): Promise<void> {
    flushing ??= Promise.resolve().then(async () => {
      flushing = undefined;
      try {
        await connection.flush();
      } catch (cause) {
        throw new ReckonerError('outcome_unknown', 'The connection to NATS was lost before it took the message.', {
          cause,
        });
      }
    });
    return flushing;
  }

  function subscribe(pattern: string, handler: (message: Message) => void | Promise<void>): Subscription {
    requirePattern(pattern);
    const mailbox = createMailbox(handler, onError);
    mailboxes.add(mailbox);
    const slow = createSlowTeller(pattern, onError);
    const subscription = listen(subjects.told(pattern), {
      callback(failure, message) {
        if (failure !== null) return; // told by the connection's status
        const subject = subjects.ofTold(message.subject, message.reply ?? '');
        if (subject === undefined) return;
        const { headers, contentType } = fromWire(message);
        if (mailbox.waiting >= maxWaiting) return slow.lost({ subject, body: undefined, headers });
        try {
          mailbox.push({ subject, body: decodeRequest(subject, message.data, contentType).body, headers });
        } catch (thrown) {
          onError(thrown, { subject, body: undefined, headers });
        }
      },
    });
    return {
      async close() {
        await drain(subscription);
        await mailbox.empty();
        mailboxes.delete(mailbox);
      },
    };
  }

  function respond(pattern: string, handler: (message: Message) => Promise<Reply>): Subscription {
    requirePattern(pattern);
    service ??= startMicroService(
      link,
      {
        ...{ name: SERVICE, version: options.version, description: 'Decides, learns, explains.' },
        metadata: { node: options.node },
      },
      () => new Date(),
    );
    const removeServed = served.add(pattern, {});
    const locally = here.respond(pattern, handler);
    let underWay = 0;
    let done: (() => void) | undefined;

    async function serve(message: Msg, subject: string, endpoint: Endpoint): Promise<void> {
      const began = performance.now();
      handling++;
      underWay++;
      const { reply, form } = await answerTo(message, subject, handler);
      send(message, subject, reply, form);
      endpoint.served(performance.now() - began, reply.ok ? undefined : reply.problem.code);
      if (--underWay === 0) done?.();
      if (--handling === 0) idle?.();
    }

    const parts = subjects.askedPatterns(pattern).map((wire) => {
      const { request: asks, answer } = messagesOf(pattern);
      const formats = Object.values(CONTENT_TYPES).join(', ');
      const metadata = { request: asks, answer, formats, schema: 'proto/messages.proto' };
      const endpoint = service?.add({ name: endpointName(pattern), subject: wire, queue: QUEUE, metadata });
      const subscription = listen(wire, {
        queue: QUEUE,
        callback(failure, message) {
          if (failure !== null || endpoint === undefined) return; // told by the connection's status
          const subject = subjects.ofRequest(message.subject, message.reply ?? '');
          if (subject !== undefined) void serve(message, subject, endpoint);
        },
      });
      answering.add(subscription);
      return { endpoint, subscription };
    });
    const withdraw = async () => {
      for (const { endpoint } of parts) endpoint?.remove();
      await Promise.all(parts.map(({ subscription }) => drain(subscription)));
    };
    return {
      withdraw,
      async close() {
        removeServed();
        await Promise.all([locally.close(), withdraw()]);
        if (underWay === 0) return;
        await new Promise<void>((resolve) => {
          done = resolve;
        });
      },
    };
  }

  async function answerTo(
    message: Msg,
    subject: string,
    handler: (message: Message) => Promise<Reply>,
  ): Promise<{ readonly reply: Reply; readonly form: Form }> {
    const { headers, contentType } = fromWire(message);
    let form: Form = contentType === CONTENT_TYPES.json ? 'json' : 'protobuf';
    let received: Message = { subject, body: undefined, headers };
    try {
      const decoded = decodeRequest(subject, message.data, contentType);
      form = decoded.form;
      received = { subject, body: decoded.body, headers };
      return { reply: await handler(received), form };
    } catch (thrown) {
      if (!(thrown instanceof ReckonerError)) onError(thrown, received); // what is expected is the asker's alone
      return { reply: { ok: false, problem: problemOf(thrown) }, form };
    }
  }

  /** Answers; what cannot be sent is told to the asker as far as it can be, and is else a request without a reply. */
  function send(message: Msg, subject: string, reply: Reply, form: Form): void {
    try {
      sendReply(message, subject, reply, form);
    } catch (thrown) {
      if (!link.connected) return; // the asker knows that its reply is lost, or will
      const tooMuch = thrown instanceof ReckonerError ? thrown.problem : problemOf(thrown);
      const problem = { ...tooMuch, message: tooMuch.message.replace('message', 'answer') };
      try {
        sendReply(message, subject, { ok: false, problem }, form);
      } catch (again) {
        onError(again, { subject, body: undefined, headers: NO_HEADERS });
      }
    }
  }

  function sendReply(message: Msg, subject: string, reply: Reply, asked: Form): void {
    const { form, bytes } = encodeReply(subject, reply, asked);
    const said: Headers = reply.ok
      ? NO_HEADERS
      : { [ERROR.code]: `${reply.problem.status}`, [ERROR.text]: reply.problem.code };
    hand(link, message.reply ?? '', bytes, { headers: toWire(said, form === 'json' ? CONTENT_TYPES.json : '') });
  }

  function refuseAfterClose(): void {
    if (closed) throw new ReckonerError('shutting_down', 'The bus is closed.');
  }

  function listen(subject: string, given: SubscriptionOptions): NatsSubscription {
    refuseAfterClose();
    const subscription = connection.subscribe(subject, given);
    listening.add(subscription);
    return subscription;
  }

  /** Takes no more from the server, and gives what has come. */
  async function drain(subscription: NatsSubscription): Promise<void> {
    if (subscription.isClosed() || connection.isClosed()) return;
    let unwatch = () => {};
    const lost = new Promise<void>((resolve) => {
      unwatch = link.watch(({ type }) => {
        if (type === 'disconnected' || type === 'closed') resolve();
      });
    });
    if (link.connected) await Promise.race([subscription.drain().catch(() => {}), lost]);
    unwatch();
    if (!connection.isClosed()) subscription.unsubscribe();
    listening.delete(subscription);
    answering.delete(subscription);
  }

  /**
   * Takes no more requests from the server: others serve them. What is under way may ask and tell in turn: the bus refuses only when
   * nothing is, or its patience ends.
   */
  async function drainAll(): Promise<void> {
    let over = false;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        over = true;
        resolve();
      }, drainMs);
    });
    const busy = () => requests.pending > 0 || handling > 0 || [...mailboxes].some((mailbox) => !mailbox.idle);
    await Promise.race([limit, Promise.all([...answering].map(drain))]);
    if (link.connected) await Promise.race([limit, connection.flush().catch(() => {})]); // what was told to us before
    while (!over && busy()) {
      const answered = new Promise<void>((resolve) => {
        if (handling === 0) resolve();
        else idle = resolve;
      });
      const told = [...mailboxes].map((mailbox) => mailbox.empty());
      await Promise.race([limit, Promise.all([requests.drained(), answered, ...told])]);
    }
    await Promise.race([limit, here.close()]);
    if (link.connected) await Promise.race([limit, connection.flush().catch(() => {})]);
    clearTimeout(timer);
    closed = true;
    service?.close();
    requests.close();
    if (!connection.isClosed()) for (const subscription of listening) subscription.unsubscribe();
  }

  return {
    request,
    publish,
    subscribe,
    respond,
    close() {
      closing ??= drainAll();
      return closing;
    },
  };
}

/** `decide.*` is `decide`; what answers everything is `all`. */
function endpointName(pattern: string): string {
  return pattern.replace(/[.](?=[*>])|[*>]/g, '').replaceAll('.', '-') || 'all';
}
