/** The streams and the consumer that are kept in JetStream: made where they are missing, and left as the operator made them else. */
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  NatsError,
  nanos,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from 'nats';
import { ReckonerError } from '../../events/errors.ts';
import type { NatsLink } from './connection.ts';

export interface StreamLimits {
  /** Most that it holds, in bytes; default 1 GiB. */
  readonly maxBytes?: number;
  /** How long it holds a message, in milliseconds; default 7 days. */
  readonly maxAgeMs?: number;
  /** How long it knows an id, in milliseconds; default two minutes. The log knows them for ever. */
  readonly duplicatesMs?: number;
  /** Copies in a cluster of servers; default 1. */
  readonly replicas?: number;
}

export interface WantedStream {
  readonly name: string;
  readonly subjects: readonly string[];
  /** What happens to a message that finds it full: it is refused (`new`), or the oldest makes room (`old`). */
  readonly discard: 'new' | 'old';
  /** Whether what was handled stays until a limit is reached, default true. */
  readonly keeps?: boolean;
  readonly limits?: StreamLimits | undefined;
}

const DEFAULTS = { maxBytes: 2 ** 30, maxAgeMs: 7 * 86_400_000, duplicatesMs: 120_000, replicas: 1 };
/** The server's own numbers for what went wrong. */
const NOT_FOUND = { stream: 10059, consumer: 10014 };
const NAME_IN_USE = 10058;

/** Streams of installations that share a server by prefixes have names of their own. @param prefix of the subjects, with its dot, or empty */
export function streamName(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix.slice(0, -1).replaceAll('.', '_')}_${name}`;
}

/**
 * Makes the stream, or gives the one that is there the subjects it lacks and the limits that are named; whatever else the operator
 * chose for it stays.
 * @throws ReckonerError bus_refused where the server does not let us, bus_unreachable where there is no JetStream
 */
export async function ensureStream(manager: JetStreamManager, wanted: WantedStream): Promise<void> {
  await told(wanted.name, async () => {
    const found = await streamOf(manager, wanted.name);
    if (found !== undefined) return change(manager, found, wanted);
    try {
      await manager.streams.add(configOf(wanted));
    } catch (thrown) {
      // Another node was first, with other limits.
      if (codeOf(thrown) !== NAME_IN_USE) throw thrown;
      const made = await streamOf(manager, wanted.name);
      if (made === undefined) throw thrown;
      await change(manager, made, wanted);
    }
  });
}

function configOf({
  name,
  subjects,
  discard,
  keeps = true,
  limits,
}: WantedStream): Partial<StreamConfig> & { name: string } {
  const { maxBytes, maxAgeMs, duplicatesMs, replicas } = { ...DEFAULTS, ...limits };
  return {
    name,
    subjects: [...subjects],
    retention: keeps ? RetentionPolicy.Limits : RetentionPolicy.Workqueue,
    storage: StorageType.File,
    discard: discard === 'new' ? DiscardPolicy.New : DiscardPolicy.Old,
    max_bytes: maxBytes,
    max_age: nanos(maxAgeMs),
    duplicate_window: nanos(Math.min(duplicatesMs, maxAgeMs)),
    num_replicas: replicas,
  };
}

async function change(manager: JetStreamManager, found: StreamConfig, { name, subjects, limits = {} }: WantedStream) {
  const { maxBytes, maxAgeMs, duplicatesMs, replicas } = limits;
  const missing = subjects.filter((subject) => !found.subjects.includes(subject));
  const wanted: Partial<StreamConfig> = {
    ...(maxBytes === undefined ? {} : { max_bytes: maxBytes }),
    ...(maxAgeMs === undefined ? {} : { max_age: nanos(maxAgeMs) }),
    ...(duplicatesMs === undefined ? {} : { duplicate_window: nanos(duplicatesMs) }),
    ...(replicas === undefined ? {} : { num_replicas: replicas }),
  };
  const differs = Object.entries(wanted).some(([key, value]) => found[key as keyof StreamConfig] !== value); // keys of its own type
  if (missing.length === 0 && !differs) return;
  await manager.streams.update(name, { ...found, ...wanted, subjects: [...found.subjects, ...missing] });
}

async function streamOf(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (thrown) {
    if (codeOf(thrown) === NOT_FOUND.stream) return undefined;
    throw thrown;
  }
}

export interface WantedConsumer {
  readonly stream: string;
  readonly name: string;
  readonly ackWaitMs: number;
  readonly maxAckPending: number;
}

/**
 * Makes the durable consumer that all nodes share. It delivers for as long as it takes: who ends a message is us.
 * @throws ReckonerError bus_refused, bus_unreachable
 */
export async function ensureConsumer(manager: JetStreamManager, wanted: WantedConsumer): Promise<void> {
  const { stream, name, ackWaitMs, maxAckPending } = wanted;
  const settings = { ack_wait: nanos(ackWaitMs), max_ack_pending: maxAckPending };
  await told(stream, async () => {
    const found = await consumerOf(manager, stream, name);
    if (found === undefined) {
      await manager.consumers.add(stream, {
        durable_name: name,
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        replay_policy: ReplayPolicy.Instant,
        max_deliver: -1,
        ...settings,
      });
    } else if (found.ack_wait !== settings.ack_wait || found.max_ack_pending !== settings.max_ack_pending) {
      await manager.consumers.update(stream, name, settings);
    }
  });
}

async function consumerOf(
  manager: JetStreamManager,
  stream: string,
  name: string,
): Promise<ConsumerConfig | undefined> {
  try {
    return (await manager.consumers.info(stream, name)).config;
  } catch (thrown) {
    if (codeOf(thrown) === NOT_FOUND.consumer) return undefined;
    throw thrown;
  }
}

/** @throws ReckonerError bus_unreachable where there is no JetStream, or it does not answer */
export function streamManager({ connection }: NatsLink): Promise<JetStreamManager> {
  return told('RECKONER_…', () => connection.jetstreamManager());
}

/** What the server said, in our words. */
async function told<T>(stream: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    if (thrown instanceof ReckonerError) throw thrown;
    const code = codeOf(thrown);
    if (thrown instanceof NatsError && thrown.isJetStreamError()) {
      throw new ReckonerError(
        'bus_refused',
        `JetStream does not let us have the stream ${stream}: its error ${code}.`,
        {
          remedy: `Look at it with \`nats stream info ${stream}\`; it may overlap with another stream’s subjects, or ask for more room than the account has.`,
          cause: thrown,
        },
      );
    }
    throw new ReckonerError('bus_unreachable', `JetStream does not answer (stream ${stream}).`, {
      remedy:
        'Start nats-server with JetStream (-js, or jetstream {} in its configuration); or do without: RECKONER_INTAKE=off and RECKONER_PUBLISH=off.',
      cause: thrown,
    });
  }
}

function codeOf(thrown: unknown): number | undefined {
  return thrown instanceof NatsError ? thrown.jsError()?.err_code : undefined;
}
