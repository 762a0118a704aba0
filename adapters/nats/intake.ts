/**
 * Takes rewards and control in from JetStream. A message is acknowledged only when what it asks for is in the log; it may come
 * twice, late and in any order, and counts once. What nobody can make anything of is put aside: told in the log, then ended.
 */
import { createHmac } from 'node:crypto';
import type { JsMsg } from 'nats';
import { tenantPattern } from '../../actors/config/names.ts';
import type { Environment } from '../../actors/environment.ts';
import { RequestId } from '../../actors/messages/fields.ts';
import { DEFAULT_TENANT } from '../../actors/reckoner.ts';
import { problemOf } from '../../events/errors.ts';
import type { EventLog } from '../../events/event-log.ts';
import { uuidV5 } from '../../events/ids.ts';
import type { MessageBus, Reply } from '../../events/message-bus.ts';
import type { DeadLettered } from '../../proto/generated/events.ts';
import { decodeRequest } from './codec.ts';
import type { NatsLink } from './connection.ts';
import { recordDeadLetter } from './dead-letters.ts';
import { type Pull, startPull } from './pull.ts';
import { createRefusals, type RefusalOptions } from './refusals.ts';
import { ensureConsumer, ensureStream, type StreamLimits, streamManager, streamName } from './streams.ts';
import { fromWire } from './wire-headers.ts';

/** What happened to a message. */
export type Taken =
  | { readonly what: 'recorded'; readonly subject: string }
  | { readonly what: 'later'; readonly subject: string; readonly code: string; readonly afterMs: number }
  | { readonly what: 'aside'; readonly subject: string; readonly code: string; readonly messageId: string };

export interface IntakeOptions {
  readonly link: NatsLink;
  /** Where what comes in is asked for: the node's own, so that it need not cross the server again. */
  readonly bus: MessageBus;
  /** Where it is told which messages were put aside. */
  readonly log: EventLog;
  readonly env: Environment;
  /** Of the hashes in dead letters. */
  readonly key: Uint8Array;
  /** Told of each message that was handled. */
  readonly onTaken?: (taken: Taken) => void;
  /** Told where it cannot take in: no JetStream, no permission, a dead letter that the log does not take. */
  readonly onTrouble?: (where: string, thrown: unknown) => void;
  /** Rewards that this node works at, at once; default 256. */
  readonly maxInFlight?: number;
  /** Messages of a stream that may wait for an acknowledgement, on all nodes together; default 4,096. */
  readonly maxAckPending?: number;
  /** After how long a message whose node has said nothing comes to another one, in milliseconds; default 15,000. */
  readonly ackWaitMs?: number;
  /** How long a reward may take, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
  /** How long control may take, in milliseconds; default 600,000: it may learn much anew. */
  readonly controlTimeoutMs?: number;
  /** How long one request for messages waits, in milliseconds; default 5,000, at least 1,000. */
  readonly expiresMs?: number;
  readonly rewards?: StreamLimits;
  readonly control?: StreamLimits;
  readonly refusals?: RefusalOptions;
  /** How long `stop` waits for what is at hand, in milliseconds; default 10,000. */
  readonly drainMs?: number;
  /** How often it is looked whether a stream is to be given room, in milliseconds; default 30,000. */
  readonly sweepMs?: number;
}

export interface Intake {
  /** Whether messages can come, and how many are worked at. */
  status(): { readonly listening: boolean; readonly inFlight: number };
  /** Takes no more, answers what is at hand. To be called before the actors are stopped. */
  stop(): Promise<void>;
}

export const STREAMS = { rewards: 'RECKONER_REWARDS', control: 'RECKONER_CONTROL' } as const;
export const CONSUMER = 'reckoner';
export const ADVISORY = 'advisory.deadletter';
const MESSAGE_ID = 'nats-msg-id';
/** Full to this part, a stream lets go of what all have handled. */
const FULL = 0.5;

interface Source {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly limits: StreamLimits | undefined;
  readonly maxInFlight: number;
  readonly maxAckPending: number;
  readonly timeoutMs: number;
  readonly keeps: boolean;
  readonly refusals: RefusalOptions;
}

/** Control waits for what is before it: it waits for nothing that may never come. */
const CONTROL_GRACE_MS = 5_000;

export function startIntake(options: IntakeOptions): Intake {
  const { link, maxInFlight = 256, maxAckPending = 4_096, drainMs = 10_000, expiresMs = 5_000 } = options;
  const { ackWaitMs = 15_000, timeoutMs = 10_000, controlTimeoutMs = 600_000, sweepMs = 30_000 } = options;
  const { onTrouble = () => {} } = options;
  const { prefix } = link;
  const sources: readonly Source[] = [
    {
      ...{ name: streamName(prefix, STREAMS.rewards), subjects: [`${prefix}reward.*`], limits: options.rewards },
      ...{ maxInFlight, maxAckPending, timeoutMs, keeps: true, refusals: options.refusals ?? {} },
    },
    {
      ...{ name: streamName(prefix, STREAMS.control), subjects: [`${prefix}control.*.*`], limits: options.control },
      // One after the other, on all nodes together: what was sent last is to hold in the end.
      ...{ maxInFlight: 1, maxAckPending: 1, timeoutMs: controlTimeoutMs },
      // A consumer that was lost and made anew begins at the first message: what was governed long ago must not come again.
      ...{ keeps: false, refusals: { graceMs: CONTROL_GRACE_MS, ...options.refusals } },
    },
  ];

  const pulls: readonly Pull[] = sources.map((source) =>
    startPull({
      ...{ link, stream: source.name, consumer: CONSUMER, maxInFlight: source.maxInFlight, expiresMs },
      async ensure() {
        const manager = await streamManager(link);
        await ensureStream(manager, { ...source, discard: 'new' });
        await ensureConsumer(manager, {
          ...{ stream: source.name, name: CONSUMER, ackWaitMs, maxAckPending: source.maxAckPending },
        });
      },
      handle: createHandler(options, source, ackWaitMs),
      onTrouble: (thrown) => onTrouble(source.name, thrown),
    }),
  );

  const sweeping = setInterval(() => {
    if (!link.connected) return;
    for (const { name } of sources) void makeRoom(link, name).catch(() => {}); // the next time, then
  }, sweepMs).unref();

  let stopping: Promise<void> | undefined;
  return {
    status: () => ({
      listening: pulls.every(({ listening }) => listening),
      inFlight: pulls.reduce((sum, pull) => sum + pull.inFlight, 0),
    }),
    stop() {
      clearInterval(sweeping);
      stopping ??= Promise.all(pulls.map((pull) => pull.stop(drainMs))).then(async () => {
        // Acknowledgements that are on their way.
        if (link.connected) await link.connection.flush().catch(() => {});
      });
      return stopping;
    },
  };
}

/** What is handled need not stay for ever: else a stream that refuses when it is full would refuse what is new for the sake of what is old. */
async function makeRoom({ connection }: NatsLink, stream: string): Promise<void> {
  const manager = await connection.jetstreamManager();
  const { config, state } = await manager.streams.info(stream);
  if (config.max_bytes <= 0 || state.bytes < config.max_bytes * FULL) return;
  const { ack_floor } = await manager.consumers.info(stream, CONSUMER);
  if (ack_floor.stream_seq >= state.first_seq) await manager.streams.purge(stream, { seq: ack_floor.stream_seq + 1 });
}

function createHandler(options: IntakeOptions, source: Source, ackWaitMs: number): (message: JsMsg) => Promise<void> {
  const { link, bus, key, log, env, onTaken = () => {}, onTrouble = () => {} } = options;
  const refusals = createRefusals(source.refusals, () => performance.now(), Math.random);

  async function asked(message: JsMsg, subject: string, headers: Readonly<Record<string, string>>): Promise<Reply> {
    try {
      const { contentType } = fromWire(message);
      const { body } = decodeRequest(subject, message.data, contentType);
      const { tenant = DEFAULT_TENANT, by = 'bus' } = headers;
      const named = subject.startsWith('reward.') ? withRequestId(body, headers[MESSAGE_ID]) : body;
      return await bus.request(subject, named, { headers: { tenant, by }, timeoutMs: source.timeoutMs });
    } catch (thrown) {
      return { ok: false, problem: problemOf(thrown) };
    }
  }

  async function putAside(message: JsMsg, subject: string, headers: Readonly<Record<string, string>>, code: string) {
    const { info, data } = message;
    const { tenant = DEFAULT_TENANT } = headers;
    const letter: DeadLettered = {
      subject,
      messageId: headers[MESSAGE_ID] ?? '',
      reason: code,
      deliveries: info.deliveryCount,
      payloadHash: createHmac('sha256', key).update(data).digest(),
      payloadBytes: data.length,
      busStream: info.stream,
      sequence: info.streamSequence,
      published: Math.floor(info.timestampNanos / 1e6),
    };
    // Whoever has no valid tenant is nobody's.
    const owner = tenantPattern.test(tenant) ? tenant : DEFAULT_TENANT;
    const eventId = await recordDeadLetter({ log, env }, owner, letter);
    const { payloadHash, ...told } = letter;
    const advisory = { ...told, eventId, tenant: owner, payloadHash: Buffer.from(payloadHash).toString('hex') };
    await bus.publish(ADVISORY, advisory).catch(() => {}); // the log has it
    message.term();
  }

  return async (message) => {
    const { headers } = fromWire(message);
    const subject = message.subject.slice(link.prefix.length);
    const { streamSequence, deliveryCount } = message.info;
    const stillHere = setInterval(() => message.working(), ackWaitMs / 3);
    try {
      const reply = await asked(message, subject, headers);
      if (reply.ok) {
        refusals.forget(streamSequence);
        onTaken({ what: 'recorded', subject });
        // What is not acknowledged comes again, and is found in the log.
        await message.ackAck().catch(() => {});
        return;
      }
      const { code } = reply.problem;
      const afterMs = refusals.judge(streamSequence, code, deliveryCount);
      if (afterMs !== undefined) return later(code, afterMs);
      try {
        await putAside(message, subject, headers, code);
        refusals.forget(streamSequence);
        onTaken({ what: 'aside', subject, code, messageId: headers[MESSAGE_ID] ?? '' });
      } catch (thrown) {
        onTrouble('dead letters', thrown);
        later(code, refusals.waitOf(deliveryCount));
      }
    } finally {
      clearInterval(stillHere);
    }

    function later(code: string, afterMs: number): void {
      onTaken({ what: 'later', subject, code, afterMs });
      message.nak(afterMs); // without a delay it would come back at once, and again
    }
  };
}

/** The id of the message names the reward, where the reward names itself by none. */
function withRequestId(body: unknown, messageId: string | undefined): unknown {
  if (messageId === undefined || messageId === '') return body;
  if (typeof body !== 'object' || body === null || !('body' in body)) return body;
  const inner = body.body;
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return body;
  if ('requestId' in inner && inner.requestId !== undefined) return body;
  // An id that no request can have is made one of.
  const requestId = RequestId.safeParse(messageId).success ? messageId : uuidV5(`nats\u001f${messageId}`);
  return { ...body, body: { ...inner, requestId } };
}
