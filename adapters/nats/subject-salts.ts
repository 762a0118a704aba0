/**
 * Salts of people, shared by all nodes: in a key-value bucket of NATS. What it promises is what JetStream does: an answered salt is
 * in the server's hands, and on its disk within its `sync_interval` (two minutes by default); with one server and no other replica
 * a power cut can take the newest, and who they belonged to gets a second pseudonym.
 */
import { randomBytes } from 'node:crypto';
import { type KV, type KvEntry, NatsError } from 'nats';
import { ReckonerError } from '../../events/errors.ts';
import type { SubjectSalts } from '../../events/subjects.ts';
import type { NatsLink } from './connection.ts';

export interface NatsSaltsOptions {
  /** Not closed with it. */
  readonly link: NatsLink;
  /** Servers that keep a copy, where the bucket has to be made; default 1. */
  readonly replicas?: number;
  /** A new salt, default 32 bytes of the system's generator. */
  readonly newSalt?: () => Uint8Array;
  /** How long an answer is waited for, in milliseconds; default 5,000. */
  readonly timeoutMs?: number;
}

export interface NatsSubjectSalts extends SubjectSalts {
  /**
   * Puts a salt there that another store made, as it is.
   * @throws ReckonerError destination_differs where the person has another one
   */
  bring(lookup: Uint8Array, salt: Uint8Array): Promise<void>;
}

/** Others may be first, and erase again: so often is looked anew. */
const TRIES = 10;

/**
 * Opens the bucket, and makes it where it is missing.
 * @throws ReckonerError salts_unreachable
 */
export async function openNatsSalts(options: NatsSaltsOptions): Promise<NatsSubjectSalts> {
  const { link, replicas = 1, newSalt = () => randomBytes(32), timeoutMs: timeout = 5_000 } = options;
  const bucket = bucketName(link.prefix);
  const jetstream = link.connection.jetstream({ timeout });
  const [kv, manager] = await asked(async () => [
    // Not by direct gets: a replica that is behind would give a salt that is erased.
    await jetstream.views.kv(bucket, { history: 1, replicas, allow_direct: false, timeout }),
    await jetstream.jetstreamManager(),
  ]);
  let closed = false;

  function refuseAfterClose(): void {
    if (closed) throw new ReckonerError('shutting_down', 'The store of salts is closed.');
  }

  async function make(lookup: string, salt: () => Uint8Array): Promise<Uint8Array> {
    for (let tries = 0; tries < TRIES; tries++) {
      const there = await present(kv, lookup);
      if (there !== undefined) return there.value;
      const made = salt();
      if (await created(kv, lookup, made)) return made;
    }
    throw new ReckonerError('conflict', 'A salt was made and erased again and again by others.');
  }

  return {
    async saltOf(lookup) {
      refuseAfterClose();
      return asked(() => make(keyOf(lookup), newSalt));
    },
    async knownSaltOf(lookup) {
      refuseAfterClose();
      return (await asked(() => present(kv, keyOf(lookup))))?.value;
    },
    async erase(lookup) {
      refuseAfterClose();
      return asked(async () => {
        const there = await present(kv, keyOf(lookup));
        if (there === undefined) return false;
        // Its bytes are overwritten on the disk of the server, which a purge would leave as they are.
        return manager.streams.deleteMessage(`KV_${bucket}`, there.revision, true).catch((thrown: unknown) => {
          if (thrown instanceof NatsError && thrown.api_error?.err_code === NO_MESSAGE) return false; // another was first
          throw thrown;
        });
      });
    },
    async bring(lookup, salt) {
      refuseAfterClose();
      const there = await asked(() => make(keyOf(lookup), () => salt));
      if (Buffer.compare(there, salt) === 0) return;
      throw new ReckonerError('destination_differs', 'Somebody in the shared store of salts has another salt there.', {
        remedy: 'Bring salts before the first node runs on them: two salts for one person are two pseudonyms.',
      });
    },
    async close() {
      closed = true;
    },
  };
}

/** Of the server: the message that is to be deleted is not there. */
const NO_MESSAGE = 10_057;
/** Of the server: somebody else wrote the key first. */
const WRONG_LAST = 10_071;

async function present(kv: KV, key: string): Promise<KvEntry | undefined> {
  const entry = await kv.get(key);
  return entry === null || entry.operation !== 'PUT' ? undefined : entry;
}

async function created(kv: KV, key: string, salt: Uint8Array): Promise<boolean> {
  try {
    await kv.create(key, salt);
    return true;
  } catch (thrown) {
    if (thrown instanceof NatsError && thrown.api_error?.err_code === WRONG_LAST) return false;
    throw thrown;
  }
}

function keyOf(lookup: Uint8Array): string {
  return Buffer.from(lookup).toString('hex');
}

function bucketName(prefix: string): string {
  return `${prefix.replaceAll('.', '_')}reckoner_salts`;
}

async function asked<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (thrown) {
    if (!(thrown instanceof NatsError)) throw thrown;
    const { code, api_error: refusal } = thrown;
    const why = refusal === undefined ? code : refusal.description;
    throw new ReckonerError('salts_unreachable', `The shared salts of people cannot be asked for: ${why}.`, {
      cause: thrown,
    });
  }
}
