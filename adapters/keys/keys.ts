/**
 * The two secrets of an installation: one checks decision ids, one makes pseudonyms. They come from the environment or from
 * `keys.json` in the data directory, which nobody but its owner may read. Without them, ids handed out before mean nothing:
 * so they are made once, before there is a log, and never again.
 */
import { hash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ReckonerError } from '../../events/errors.ts';
import { shellWord } from '../files/shell-word.ts';
import { placeOnce } from './place-once.ts';

export interface Keys {
  /** 32 bytes: the check in every decision id. */
  readonly decision: Uint8Array;
  /** 32 bytes: the pseudonyms of subjects. */
  readonly pseudonym: Uint8Array;
  readonly source: 'file' | 'environment';
}

export interface KeysOptions {
  readonly dataDir: string;
  /** RECKONER_DECISION_KEY and RECKONER_PSEUDONYM_KEY (or …_FILE), 32 bytes each in hex or base64: both or neither. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a log was written before; then missing keys were lost, not never made. Default: whether a database file lies there. */
  readonly logExists?: () => boolean | Promise<boolean>;
}

/**
 * The keys of this installation; makes them on its first start. Processes that start at once agree on the same ones.
 * @throws ReckonerError keys_invalid where they are damaged, lost, or readable by others; log_unusable where the directory is
 */
export async function openKeys(options: KeysOptions): Promise<Keys> {
  const present = readKeys(options);
  if (present !== undefined) return present;
  const lost = await (options.logExists ?? (() => databaseLiesIn(options.dataDir)))();
  // Another process may have made the keys, and then the log, since we looked.
  const made = readKeys(options);
  if (made !== undefined) return made;
  const file = keysFile(options.dataDir);
  if (lost) {
    throw new ReckonerError('keys_invalid', `There is a log in ${options.dataDir}, but its keys (${file}) are gone.`, {
      remedy: `New keys would make every id handed out before invalid. Bring the backup back: reckoner keys restore --from FILE --data-dir ${shellWord(options.dataDir)}`,
    });
  }
  placeOnce(file, keysText({ decision: randomBytes(32), pseudonym: randomBytes(32) }));
  const agreed = readKeys(options);
  if (agreed === undefined) throw new ReckonerError('keys_invalid', `${file} vanished while it was being made.`);
  return agreed;
}

/** The keys that are there; undefined where there are none. */
export function readKeys({ dataDir, env }: Pick<KeysOptions, 'dataDir' | 'env'>): Keys | undefined {
  return keysOfEnvironment(env) ?? readKeysFile(keysFile(dataDir));
}

export function keysFile(dataDir: string): string {
  return join(dataDir, 'keys.json');
}

/** Names a key without telling it: 16 hex digits. */
export function fingerprint(key: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from('reckoner key fingerprint\u001f'), key])).slice(0, 16);
}

/** What a keys file holds. */
export function keysText(keys: Pick<Keys, 'decision' | 'pseudonym'>): string {
  const hex = (key: Uint8Array) => Buffer.from(key).toString('hex');
  return `${JSON.stringify({ version: 1, decision: hex(keys.decision), pseudonym: hex(keys.pseudonym) }, null, 2)}\n`;
}

/**
 * Reads a keys file; undefined where there is none.
 * @throws ReckonerError keys_invalid where it is damaged or others may read it
 */
export function readKeysFile(file: string): Keys | undefined {
  let text: string;
  let mode: number;
  try {
    mode = statSync(file).mode & 0o777;
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new ReckonerError('keys_invalid', `The keys in ${file} cannot be read.`, {
      cause,
      remedy: `Let the user that runs Reckoner own the file: chown and chmod 600 ${file}.`,
    });
  }
  // Windows has no such bits; there the directory's own access list has to do it.
  if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
    const octal = mode.toString(8).padStart(3, '0');
    throw new ReckonerError('keys_invalid', `Others may read the keys in ${file} (mode ${octal}).`, {
      remedy: `chmod 600 ${file}. If somebody may have read them, treat decision ids and pseudonyms as known to them.`,
    });
  }
  const parsed = KeysFile.safeParse(jsonOf(text));
  if (!parsed.success) throw new ReckonerError('keys_invalid', `${file} is damaged: it is not a keys file.`);
  return {
    decision: Buffer.from(parsed.data.decision, 'hex'),
    pseudonym: Buffer.from(parsed.data.pseudonym, 'hex'),
    source: 'file',
  };
}

const Hex32 = z.string().regex(/^[0-9a-f]{64}$/i);
const KeysFile = z.strictObject({ version: z.literal(1), decision: Hex32, pseudonym: Hex32 });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function keysOfEnvironment(env: KeysOptions['env']): Keys | undefined {
  const decision = given(env, 'RECKONER_DECISION_KEY');
  const pseudonym = given(env, 'RECKONER_PSEUDONYM_KEY');
  if (!decision && !pseudonym) return undefined;
  if (!decision || !pseudonym) {
    const missing = decision ? 'RECKONER_PSEUDONYM_KEY' : 'RECKONER_DECISION_KEY';
    throw new ReckonerError('keys_invalid', `One key is in the environment, but ${missing} is not.`, {
      remedy: 'Set both variables, or neither: then the keys file in the data directory is used.',
    });
  }
  return {
    decision: bytesOf('RECKONER_DECISION_KEY', decision),
    pseudonym: bytesOf('RECKONER_PSEUDONYM_KEY', pseudonym),
    source: 'environment',
  };
}

/** The variable, or what is in the file that the variable with _FILE names: as containers are given secrets. */
function given(env: KeysOptions['env'], name: string): string | undefined {
  const file = env[`${name}_FILE`];
  if (env[name] || !file) return env[name];
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ReckonerError('keys_invalid', `The file that ${name}_FILE names cannot be read.`, {
      remedy: 'Name a file that this user may read, with 32 bytes in hex or base64 in it.',
      cause,
    });
  }
}

function bytesOf(name: string, text: string): Uint8Array {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return Buffer.from(trimmed, 'base64');
  throw new ReckonerError('keys_invalid', `${name} is not 32 bytes in hex or base64.`, {
    remedy: 'Make one with: openssl rand -hex 32. An installation that has a log must keep the keys it began with.',
  });
}

function databaseLiesIn(dataDir: string): boolean {
  if (!existsSync(dataDir)) return false;
  return readdirSync(dataDir).some((name) => /\.(db|sqlite3?)$/.test(name) && statSync(join(dataDir, name)).size > 0);
}
