/** What `doctor` looks at of NATS, where NATS_URL is set. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { NatsError, StorageType } from 'nats';
import { problemOf } from '../../events/errors.ts';
import { connectNats, type NatsLink } from '../nats/connection.ts';
import { natsSettings } from '../nats/settings.ts';
import type { Cli } from './cli.ts';
import { clockFinding, type Finding } from './doctor-checks.ts';

const CONNECT_MS = 3_000;
/** Refusals come by themselves, some time after what they refuse. */
const REFUSED_MS = 150;
/** What a request may need: a batch, or a configuration with many arms. */
const PAYLOAD_BYTES = 1024 * 1024;
const MIB = 1024 * 1024;

/** Findings one by one; none where NATS_URL is not set. What is made to try it is taken away again. */
export async function* checkNats(env: Cli['env'], now: () => number): AsyncGenerator<Finding> {
  const refused: string[] = [];
  let link: NatsLink;
  try {
    const settings = natsSettings(env);
    if (settings === undefined) return;
    link = await connectNats(settings, {
      ...{ name: 'reckoner doctor', connectMs: CONNECT_MS },
      onStatus: (status) => {
        if (status.type === 'refused') refused.push(status.subject ?? status.code);
      },
    });
  } catch (thrown) {
    const { message, remedy } = problemOf(thrown);
    yield { check: 'nats', status: 'fail', message, remedy };
    return;
  }
  try {
    yield await checkServer(link);
    yield checkPayload(link);
    yield await checkSubjects(link, refused);
    yield* checkJetStream(link, now);
  } finally {
    await link.close();
  }
}

async function checkServer({ connection }: NatsLink): Promise<Finding> {
  const version = connection.info?.version ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const message = `${connection.getServer()}: version ${version}, ${await connection.rtt()} ms away`;
  if (major > 2 || (major === 2 && minor >= 9)) return { check: 'nats', status: 'ok', message };
  return { check: 'nats', status: 'fail', message, remedy: 'Run nats-server 2.9.10 or newer.' };
}

function checkPayload({ connection }: NatsLink): Finding {
  const check = 'nats payload';
  const most = connection.info?.max_payload ?? 0;
  const message = `messages of up to ${(most / MIB).toFixed(2)} MiB`;
  if (most >= PAYLOAD_BYTES) return { check, status: 'ok', message };
  const remedy = 'Larger requests are refused: raise max_payload in the configuration of nats-server.';
  return { check, status: 'warn', message, remedy };
}

/** Asks for what a node asks for; what it may not have, the server says by itself. */
async function checkSubjects({ connection, prefix }: NatsLink, refused: string[]): Promise<Finding> {
  const check = 'nats rights';
  const heard = ['decide.*', 'node.>', 'nodes.*', 'events.*'].map((subject) => `${prefix}${subject}`);
  const said = ['node.doctor', 'events.doctor'].map((subject) => `${prefix}${subject}`);
  const subscriptions = heard.map((subject) => connection.subscribe(subject, { callback: () => {} }));
  for (const subject of said) connection.publish(subject);
  await connection.flush();
  await sleep(REFUSED_MS);
  for (const subscription of subscriptions) subscription.unsubscribe();
  if (refused.length === 0) return { check, status: 'ok', message: 'may say and hear what a node does' };
  return {
    ...{ check, status: 'fail', message: `refused: ${[...new Set(refused)].join(', ')}` },
    remedy: 'Give the user of the nodes publish and subscribe on these subjects, on _INBOX.>, $SRV.> and $JS.>.',
  };
}

async function* checkJetStream({ connection, prefix }: NatsLink, now: () => number): AsyncGenerator<Finding> {
  const check = 'jetstream';
  const name = `doctor_${randomUUID()}`;
  try {
    const manager = await connection.jetstreamManager();
    const { storage, limits } = await manager.getAccountInfo();
    const began = now();
    const made = await manager.streams.add({
      name,
      subjects: [`${prefix}doctor.${name}`],
      storage: StorageType.Memory,
    });
    const ended = now();
    await manager.streams.delete(name);
    const of = limits.max_storage > 0 ? ` of ${(limits.max_storage / MIB).toFixed(0)}` : '';
    const full = limits.max_storage > 0 && storage > 0.8 * limits.max_storage;
    const message = `${(storage / MIB).toFixed(1)}${of} MiB kept; streams may be made`;
    if (full) yield { check, status: 'warn', message, remedy: 'It is nearly full: give JetStream more room.' };
    else yield { check, status: 'ok', message };
    yield clockFinding('nats clock', Date.parse(made.created), began, ended);
  } catch (thrown) {
    const why = thrown instanceof NatsError ? (thrown.api_error?.description ?? thrown.code) : String(thrown);
    const remedy =
      'Start nats-server with JetStream (-js, or `jetstream { store_dir: … }`), and let the user of the nodes use it: rewards and control come by it, and shared salts lie in it.';
    yield { check, status: 'fail', message: `cannot be used: ${why}`, remedy };
  }
}
