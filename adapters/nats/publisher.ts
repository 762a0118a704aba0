/**
 * Publishes what happened, from the log, after it is durable: the log is the outbox. At least once, in the order of the log, each
 * under the id of its event. One node at a time; the next goes on where the one before it stood.
 */
import { NatsError, headers as newHeaders } from 'nats';
import { ReckonerError } from '../../events/errors.ts';
import { type EventLog, type Position, type RecordedEvent, START } from '../../events/event-log.ts';
import { CONTENT_TYPES } from './codec.ts';
import type { NatsLink } from './connection.ts';
import { pause } from './pause.ts';
import { type Checkpoint, type Mark, openCheckpoint } from './publisher-checkpoint.ts';
import { ensureStream, type StreamLimits, streamManager, streamName } from './streams.ts';
import { CONTENT_TYPE } from './wire-headers.ts';

export interface PublisherOptions {
  readonly link: NatsLink;
  readonly log: EventLog;
  /** Whether it is for this node to publish; asked again and again. Default: always. */
  readonly elected?: () => boolean;
  /** Where it begins when it is the first ever: with what comes (`now`, the default), or with the first event of the log. */
  readonly from?: 'now' | 'beginning';
  /** Whether a stream keeps what is published, default true; else only those hear of it who listen. */
  readonly stream?: boolean;
  readonly limits?: StreamLimits;
  /** The payload as JSON, where it is wanted so; default: the data of the event in protobuf, as the log has them. */
  readonly json?: (event: RecordedEvent) => object;
  readonly onTrouble?: (where: string, thrown: unknown) => void;
  /** How often it is noted how far it came, in milliseconds, default 500: so much is published again after a crash. */
  readonly saveMs?: number;
  /** How often a node that is not elected looks again, in milliseconds; default 1,000. */
  readonly lookMs?: number;
}

export interface Publisher {
  status(): {
    /** Whether this node publishes. */
    readonly publishing: boolean;
    /** Events that it has published since it was started. */
    readonly published: number;
    readonly position: Position;
  };
  /** Publishes no more, and notes how far it came. */
  stop(): Promise<void>;
}

export const EVENTS = 'RECKONER_EVENTS';
/** What an event says of itself beside its data. */
export const EVENT_HEADERS = {
  stream: 'reckoner-stream',
  revision: 'reckoner-revision',
  metadata: 'reckoner-metadata',
  omitted: 'reckoner-omitted',
} as const;

/** Published without an answer yet. */
const WINDOW = 256;
const RETRY = { firstMs: 200, mostMs: 10_000 };
const TYPE = /^[A-Za-z0-9_-]+$/;

export function startPublisher(options: PublisherOptions): Publisher {
  const { link, log, elected = () => true, from = 'now', stream = true, limits, json } = options;
  const { onTrouble = () => {}, saveMs = 500, lookMs = 1_000 } = options;
  const stopping = new AbortController();
  let publishing = false;
  let published = 0;
  let mark: Mark = { position: START, event: '' };
  let tooLarge = false;

  async function run(): Promise<void> {
    let wait = RETRY.firstMs;
    let troubled = false;
    while (!stopping.signal.aborted) {
      if (!link.connected || !elected()) {
        await pause(lookMs, stopping.signal);
        continue;
      }
      const before = published;
      try {
        await session();
        troubled = false;
      } catch (thrown) {
        if (stopping.signal.aborted) return;
        if (published > before) {
          wait = RETRY.firstMs;
          troubled = false;
        }
        if (!troubled && link.connected) onTrouble(EVENTS, thrown);
        troubled = true;
        await pause(wait / 2 + (Math.random() * wait) / 2, stopping.signal);
        wait = Math.min(RETRY.mostMs, wait * 2);
      } finally {
        publishing = false;
      }
    }
  }

  /** Publishes for as long as it is for this node to do so. */
  async function session(): Promise<void> {
    const manager = await streamManager(link);
    const checkpoint = await openCheckpoint(link, limits?.replicas ?? 1);
    if (stream) {
      const name = streamName(link.prefix, EVENTS);
      const wanted = { name, subjects: [`${link.prefix}events.*`], discard: 'old', limits } as const;
      await ensureStream(manager, wanted);
    }
    const noted = await checkpoint.read(log);
    mark = noted ?? { position: from === 'now' ? await log.head() : START, event: '' };
    const saver = createSaver(checkpoint, () => mark);
    if (noted === undefined) await saver.save();
    const ending = new AbortController();
    const end = () => ending.abort();
    stopping.signal.addEventListener('abort', end, { once: true });
    const unwatch = link.watch(({ type }) => {
      if (type === 'disconnected' || type === 'closed') end();
    });
    const saving = setInterval(() => {
      if (!elected()) end();
      // Another publishes too: it is looked anew who is to.
      saver.save().catch(end);
    }, saveMs);
    publishing = true;
    try {
      await follow(ending.signal);
    } finally {
      clearInterval(saving);
      unwatch();
      stopping.signal.removeEventListener('abort', end);
      if (link.connected) await saver.save().catch(() => {}); // else a little is published again
    }
  }

  async function follow(signal: AbortSignal): Promise<void> {
    let batch: { readonly event: RecordedEvent; readonly taken: Promise<unknown> }[] = [];
    const settle = async () => {
      const waiting = batch;
      batch = [];
      if (!stream && waiting.length > 0) await link.connection.flush();
      const outcomes = await Promise.allSettled(waiting.map(({ taken }) => taken));
      for (const [at, { event }] of waiting.entries()) {
        const outcome = outcomes[at];
        if (outcome?.status === 'rejected') throw notTaken(outcome.reason);
        mark = { position: event.position, event: event.id };
        published++;
      }
    };
    for await (const message of log.subscribe({ after: mark.position, signal })) {
      if (message.type === 'event') {
        const taken = tell(message.event);
        taken.catch(() => {}); // looked at when its batch is
        batch.push({ event: message.event, taken });
      }
      if (message.type === 'caughtUp' || batch.length >= WINDOW) await settle();
      if (signal.aborted) break;
    }
    await settle();
  }

  async function tell(event: RecordedEvent): Promise<unknown> {
    const data = json === undefined ? event.data : Buffer.from(JSON.stringify(json(event)));
    try {
      return await send(event, data);
    } catch (thrown) {
      if (!(thrown instanceof NatsError) || thrown.code !== 'MAX_PAYLOAD_EXCEEDED') throw thrown;
      if (!tooLarge) {
        onTrouble(
          EVENTS,
          new ReckonerError(
            'payload_too_large',
            'An event is larger than NATS takes: it is published without its data.',
            {
              remedy: 'Let the server take more (max_payload in its configuration).',
            },
          ),
        );
      }
      tooLarge = true;
      return send(event, new Uint8Array(0), true);
    }
  }

  function send({ id, type, stream: written, revision, metadata }: RecordedEvent, data: Uint8Array, omitted = false) {
    const headers = newHeaders();
    headers.set(CONTENT_TYPE, CONTENT_TYPES[json === undefined ? 'protobuf' : 'json']);
    headers.set(EVENT_HEADERS.stream, written);
    headers.set(EVENT_HEADERS.revision, String(revision));
    headers.set(EVENT_HEADERS.metadata, Buffer.from(metadata).toString('base64'));
    if (omitted) headers.set(EVENT_HEADERS.omitted, 'too-large');
    const subject = `${link.prefix}events.${TYPE.test(type) ? type : 'unknown'}`;
    if (stream) return link.connection.jetstream().publish(subject, data, { msgID: id, headers });
    headers.set('Nats-Msg-Id', id);
    link.connection.publish(subject, data, { headers });
    return undefined;
  }

  const running = run();
  return {
    status: () => ({ publishing, published, position: mark.position }),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function notTaken(cause: unknown): ReckonerError {
  const code = cause instanceof NatsError ? `: ${cause.jsError()?.err_code ?? cause.code}` : '';
  return new ReckonerError('bus_unreachable', `JetStream did not take an event${code}.`, {
    remedy: `It is published as soon as it is taken; \`nats stream info ${EVENTS}\` shows whether the stream is full.`,
    cause,
  });
}

/** Notes how far it came, where that has changed, one at a time. */
function createSaver(checkpoint: Checkpoint, current: () => Mark) {
  let saved: Mark | undefined;
  let saving: Promise<void> = Promise.resolve();
  const save = async () => {
    const mark = current();
    if (mark === saved) return;
    await checkpoint.write(mark);
    saved = mark;
  };
  return {
    save(): Promise<void> {
      saving = saving.catch(() => {}).then(save);
      return saving;
    },
  };
}
