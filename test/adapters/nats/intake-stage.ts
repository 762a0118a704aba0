/** A node that takes rewards in from a real JetStream, over the real actors; and somebody who sends them. */
import { type JetStreamPublishOptions, NatsError, headers as newHeaders, type PubAck } from 'nats';
import { onTestFinished } from 'vitest';
import { createClient } from '../../../actors/client.ts';
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import type { Reckoner } from '../../../actors/reckoner.ts';
import { startSystem } from '../../../actors/system.ts';
import { nodeEnvironment } from '../../../adapters/cli/compose/node-environment.ts';
import { connectNats, type NatsLink } from '../../../adapters/nats/connection.ts';
import { type Intake, type IntakeOptions, startIntake, type Taken } from '../../../adapters/nats/intake.ts';
import { type NatsBus, openNatsBus } from '../../../adapters/nats/open-bus.ts';
import { natsSettings } from '../../../adapters/nats/settings.ts';
import { openSubjectSalts } from '../../../adapters/sqlite/subject-salts.ts';
import type { EventLog } from '../../../events/event-log.ts';
import { NO_SNAPSHOTS } from '../../../events/snapshot-store.ts';
import { decodedOf, keys } from '../../actors/given.ts';

export const DOMAIN = 'testing';
export const CONFIG: DomainConfigInput = { arms: ['red', 'blue'], profile: 'development' };

export interface IntakeNode {
  readonly reckoner: Reckoner;
  readonly bus: NatsBus;
  readonly intake: Intake;
  readonly taken: readonly Taken[];
  readonly trouble: readonly { readonly where: string; readonly thrown: unknown }[];
  stop(): Promise<void>;
}

export type StageOptions = Partial<IntakeOptions> & { readonly name?: string };

const settingsOf = (url: string, prefix?: string) => {
  const settings = natsSettings({ NATS_URL: url, NATS_SUBJECT_PREFIX: prefix });
  if (settings === undefined) throw new Error('no settings');
  return settings;
};

export async function startIntakeNode(url: string, log: EventLog, options: StageOptions = {}): Promise<IntakeNode> {
  const { name = 'one', ...given } = options;
  const bus = await openNatsBus({
    settings: settingsOf(url),
    node: name,
    version: '1.2.3',
    pingMs: 300,
    drainMs: 2_000,
  });
  const env = nodeEnvironment(undefined, name);
  const salts = openSubjectSalts({ file: ':memory:', newSalt: () => Buffer.alloc(16, 3) });
  const system = await startSystem({ env, log, bus, salts, keys, snapshots: NO_SNAPSHOTS });
  const taken: Taken[] = [];
  const trouble: IntakeNode['trouble'][number][] = [];
  const intake = startIntake({
    ...{ link: bus.link, bus, log, env, key: keys.pseudonym, expiresMs: 1_000 },
    ...given,
    onTaken: (one) => {
      taken.push(one);
      given.onTaken?.(one);
    },
    onTrouble: (where, thrown) => void trouble.push({ where, thrown }),
  });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= intake.stop().then(system.stop).then(bus.close).then(salts.close);
    return stopping;
  };
  onTestFinished(stop, 20_000);
  return { reckoner: createClient(bus, system.health), bus, intake, taken, trouble, stop };
}

export interface Sender {
  readonly link: NatsLink;
  /** Publishes through JetStream, as clients in any language do: JSON. */
  send(subject: string, body: unknown, id?: string, headers?: Readonly<Record<string, string>>): Promise<PubAck>;
  /** One that is sent until it is taken, as a careful client does. */
  insist(subject: string, body: unknown, id: string): Promise<void>;
}

export async function openSender(url: string): Promise<Sender> {
  const link = await connectNats(settingsOf(url), { name: 'sender', pingMs: 300 });
  onTestFinished(link.close);
  const stream = link.connection.jetstream({ timeout: 2_000 });
  const send: Sender['send'] = (subject, body, id, given = {}) => {
    const headers = newHeaders();
    headers.set('content-type', 'application/json');
    for (const [name, value] of Object.entries(given)) headers.set(name, value);
    const payload = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
    const options: Partial<JetStreamPublishOptions> = { headers, ...(id === undefined ? {} : { msgID: id }) };
    return stream.publish(subject, payload, options);
  };
  return {
    link,
    send,
    async insist(subject, body, id) {
      for (let tries = 0; ; tries++) {
        try {
          await send(subject, body, id);
          return;
        } catch (thrown) {
          if (tries > 200) throw thrown;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    },
  };
}

/** Decisions to be rewarded. */
export async function decided(reckoner: Reckoner, count: number): Promise<string[]> {
  await reckoner.configure(DOMAIN, CONFIG);
  const made = await Promise.all(
    Array.from({ length: count }, (_, n) => reckoner.decide(DOMAIN, { requestId: `decision-${n}` })),
  );
  return made.map(({ decisionId }) => decisionId);
}

export const reward = (decisionId: string, value = 1) => ({ decisionId, body: { value } });

/** Rewards in the log, by the decision that they are for. */
export async function rewardsIn(log: EventLog): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  for (const event of await decodedOf(log.readAll({ types: ['RewardObserved'] }))) {
    if (event.type !== 'RewardObserved') continue;
    const { decisionRevision } = event.data;
    counts.set(decisionRevision, (counts.get(decisionRevision) ?? 0) + 1);
  }
  return counts;
}

export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Not so in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What the consumer has still to do: messages not delivered, and delivered without an end. All there is where a server that begins anew does not say yet. */
export async function leftIn({ link }: Sender, stream = 'RECKONER_REWARDS'): Promise<number> {
  try {
    const manager = await link.connection.jetstreamManager();
    const { num_pending, num_ack_pending } = await manager.consumers.info(stream, 'reckoner');
    return num_pending + num_ack_pending;
  } catch (thrown) {
    if (thrown instanceof NatsError && thrown.code === 'TIMEOUT') return Number.POSITIVE_INFINITY;
    throw thrown;
  }
}
