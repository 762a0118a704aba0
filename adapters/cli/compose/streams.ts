/** What a node that joins others does with JetStream: it takes rewards and control in, and publishes what happened. */
import type { Placement } from '../../../actors/cluster/placement.ts';
import type { Environment } from '../../../actors/environment.ts';
import { decode } from '../../../events/catalogue.ts';
import { ReckonerError } from '../../../events/errors.ts';
import type { EventLog } from '../../../events/event-log.ts';
import type { MessageBus } from '../../../events/message-bus.ts';
import type { NatsLink } from '../../nats/connection.ts';
import type { StreamLimits } from '../../nats/streams.ts';
import type { Cli } from '../cli.ts';
import { eventJson } from '../event-json.ts';
import { replicasFrom } from './stores.ts';

export interface NodeStreamsOptions {
  readonly link: NatsLink;
  readonly bus: MessageBus;
  readonly log: EventLog;
  readonly env: Environment;
  /** Of the hashes in dead letters. */
  readonly key: Uint8Array;
  readonly placement: Placement | undefined;
  readonly variables: Cli['env'];
  readonly onFailure: (where: string, thrown: unknown) => void;
}

/** What belongs to the node that publishes, among those that there are. */
const PUBLISHER = 'publisher';

/**
 * To be closed before the actors are: what is at hand is still answered.
 * @throws ReckonerError bus_settings_invalid
 */
export async function openStreams(options: NodeStreamsOptions): Promise<{ close(): Promise<void> }> {
  const { link, bus, log, env, key, placement, variables, onFailure } = options;
  const takesIn = choiceOf(variables, 'RECKONER_INTAKE', ['on', 'off']) === 'on';
  const form = choiceOf(variables, 'RECKONER_PUBLISH', ['protobuf', 'json', 'off']);
  const limits = limitsFrom(variables);
  const ackWait = numberOf(variables, 'NATS_ACK_WAIT_SECONDS');
  const { startIntake } = await import('../../nats/intake.ts');
  const { startPublisher } = await import('../../nats/publisher.ts');
  const intake = takesIn
    ? startIntake({
        ...{ link, bus, log, env, key, rewards: limits, control: limits, onTrouble: onFailure },
        ...(ackWait === undefined ? {} : { ackWaitMs: ackWait * 1_000 }),
      })
    : undefined;
  const publisher =
    form === 'off'
      ? undefined
      : startPublisher({
          ...{ link, log, limits, onTrouble: onFailure },
          ...(placement === undefined ? {} : { elected: () => placement.ownerOf(PUBLISHER) === placement.self }),
          ...(form === 'json' ? { json: (event) => eventJson(event, decode(event)) } : {}),
        });
  return {
    async close() {
      await Promise.all([intake?.stop(), publisher?.stop()]);
    },
  };
}

/** The first where nothing is said. */
function choiceOf<const T extends string>(variables: Cli['env'], name: string, choices: readonly [T, ...T[]]): T {
  const given = variables[name];
  if (given === undefined || given === '') return choices[0];
  const found = choices.find((choice) => choice === given);
  if (found !== undefined) return found;
  throw new ReckonerError('bus_settings_invalid', `${name} is none of ${choices.join(', ')}.`);
}

/** Only what is said: a stream that is there keeps the limits that it has. */
function limitsFrom(variables: Cli['env']): StreamLimits {
  const megabytes = numberOf(variables, 'NATS_STREAM_MB');
  const hours = numberOf(variables, 'NATS_STREAM_HOURS');
  return {
    ...(megabytes === undefined ? {} : { maxBytes: megabytes * 2 ** 20 }),
    ...(hours === undefined ? {} : { maxAgeMs: hours * 3_600_000 }),
    ...(variables.NATS_REPLICAS === undefined ? {} : { replicas: replicasFrom(variables) }),
  };
}

function numberOf(variables: Cli['env'], name: string): number | undefined {
  const given = variables[name];
  if (given === undefined || given === '') return undefined;
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
  throw new ReckonerError('bus_settings_invalid', `${name} is not a whole number above 0.`);
}
