/** What the environment says about NATS: where it is, who we are there, and how the wire is kept private. */
import { readFileSync } from 'node:fs';
import { type Authenticator, credsAuthenticator, nkeyAuthenticator, type TlsOptions } from 'nats';
import { z } from 'zod';
import { ReckonerError } from '../../events/errors.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface NatsSettings {
  /** As `host:port`, without anything secret: they may be told. */
  readonly servers: readonly string[];
  /** Before every subject, with its dot: `staging.`; empty where there is none. */
  readonly prefix: string;
  readonly auth: NatsAuth;
  /** Undefined: as the server wants it. */
  readonly tls: TlsOptions | undefined;
}

/** How we say who we are. Functions are asked at each connection, so that a renewed file is read anew. */
export type NatsAuth =
  | { readonly by: 'nothing' }
  | { readonly by: 'password'; readonly user: string; readonly pass: () => string }
  | { readonly by: 'token'; readonly token: () => string }
  | { readonly by: 'nkey' | 'creds'; readonly authenticator: Authenticator };

const WORDS = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
/** Variables that each are a way of saying who we are: at most one of these groups may be set. */
const WAYS = {
  creds: ['NATS_CREDS'],
  nkey: ['NATS_NKEY', 'NATS_NKEY_FILE'],
  password: ['NATS_USER', 'NATS_PASSWORD', 'NATS_PASSWORD_FILE'],
  token: ['NATS_TOKEN', 'NATS_TOKEN_FILE'],
} as const;

const text = z.string().optional();
const Environment = z.object({
  NATS_URL: z.string(),
  NATS_SUBJECT_PREFIX: z
    .string()
    .max(100)
    .regex(WORDS, 'is not words of letters, digits, _ and - joined by dots')
    .optional(),
  ...{ NATS_CREDS: text, NATS_NKEY: text, NATS_NKEY_FILE: text, NATS_TOKEN: text, NATS_TOKEN_FILE: text },
  ...{ NATS_USER: text, NATS_PASSWORD: text, NATS_PASSWORD_FILE: text },
  ...{ NATS_TLS_CA: text, NATS_TLS_CERT: text, NATS_TLS_KEY: text },
});
type Environment = z.output<typeof Environment>;

/**
 * Reads `NATS_URL` and its companions; undefined where there is no NATS_URL. What is set and empty counts as not set.
 * @throws ReckonerError bus_settings_invalid, which names the variable and never its value
 */
export function natsSettings(variables: Variables): NatsSettings | undefined {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''));
  if (set.NATS_URL === undefined) return undefined;
  const parsed = Environment.safeParse(set);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${String(issue?.path[0] ?? 'NATS_URL')} ${issue?.message ?? 'is not valid'}.`);
  }
  const env = parsed.data;
  const urls = env.NATS_URL.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(serverOf);
  if (urls.length === 0) throw invalid('NATS_URL names no server.');
  return {
    servers: urls.map(({ host }) => host),
    prefix: env.NATS_SUBJECT_PREFIX === undefined ? '' : `${env.NATS_SUBJECT_PREFIX}.`,
    auth: authOf(env, urls),
    tls: tlsOf(
      env,
      urls.some(({ tls }) => tls),
    ),
  };
}

function invalid(message: string, cause?: unknown): ReckonerError {
  return new ReckonerError('bus_settings_invalid', message, { cause });
}

interface Server {
  readonly host: string;
  readonly tls: boolean;
  readonly user: string;
  readonly pass: string;
}

const DEFAULT_PORT = '4222';

function serverOf(part: string): Server {
  let url: URL;
  try {
    // `nats` is no scheme that URL knows the parts of on every version: read as http, which has host, port and user.
    const [, scheme = 'nats', rest = ''] = /^(?:([a-z]+):\/\/)?(.+)$/i.exec(part) ?? [];
    if (!/^(nats|tls)$/i.test(scheme)) throw invalid('NATS_URL has a server that is neither nats:// nor tls://.');
    url = new URL(`http://${rest}`);
    const host = `${url.hostname}:${url.port || portOf(rest)}`;
    if (url.pathname !== '/' || url.search !== '')
      throw invalid('NATS_URL has a server with more than a host and a port.');
    const [user, pass] = [url.username, url.password].map(decodeURIComponent);
    return { host, tls: scheme.toLowerCase() === 'tls', user: user ?? '', pass: pass ?? '' };
  } catch (thrown) {
    if (thrown instanceof ReckonerError) throw thrown;
    throw invalid('NATS_URL has a server that is not of the form nats://host:port.'); // its text may hold a password
  }
}

/** Port 80 is what URL leaves out of http. */
function portOf(rest: string): string {
  return /:80\/?$/.test(rest) ? '80' : DEFAULT_PORT;
}

function authOf(env: Environment, urls: readonly Server[]): NatsAuth {
  const ways = Object.entries(WAYS).filter(([, names]) => names.some((name) => env[name] !== undefined));
  const inUrl = urls.find(({ user }) => user !== '');
  const named = [...ways.map(([way]) => way), ...(inUrl === undefined ? [] : ['NATS_URL itself'])];
  if (named.length > 1) throw invalid(`There are several ways to log in to NATS: ${named.join(', ')}.`);
  if (urls.some(({ user, pass }) => user !== (inUrl?.user ?? '') || pass !== (inUrl?.pass ?? ''))) {
    throw invalid('The servers of NATS_URL are not all given the same user and password.');
  }
  if (inUrl !== undefined) {
    const { user, pass } = inUrl;
    return pass === '' ? { by: 'token', token: () => user } : { by: 'password', user, pass: () => pass };
  }
  if (env.NATS_CREDS !== undefined) {
    const read = fileReader('NATS_CREDS', env.NATS_CREDS, credsCheck);
    return { by: 'creds', authenticator: credsAuthenticator(() => Buffer.from(read())) };
  }
  const nkey = secretOf(env, 'NATS_NKEY', nkeyCheck);
  if (nkey !== undefined) return { by: 'nkey', authenticator: nkeyAuthenticator(() => Buffer.from(nkey())) };
  const token = secretOf(env, 'NATS_TOKEN');
  if (token !== undefined) return { by: 'token', token };
  const pass = secretOf(env, 'NATS_PASSWORD');
  if (pass === undefined && env.NATS_USER === undefined) return { by: 'nothing' };
  if (pass === undefined || env.NATS_USER === undefined) {
    throw invalid(`${pass === undefined ? 'NATS_PASSWORD or NATS_PASSWORD_FILE' : 'NATS_USER'} is missing.`);
  }
  return { by: 'password', user: env.NATS_USER, pass };
}

type Check = (secret: string) => boolean;
const credsCheck: Check = (secret) => authenticates(() => credsAuthenticator(Buffer.from(secret))('nonce'));
const nkeyCheck: Check = (secret) => authenticates(() => nkeyAuthenticator(Buffer.from(secret))('nonce'));

function authenticates(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false; // what it threw may hold the secret
  }
}

/** A secret that is given itself, or as `…_FILE` by the name of a file that holds it. */
function secretOf(
  env: Environment,
  name: 'NATS_NKEY' | 'NATS_TOKEN' | 'NATS_PASSWORD',
  check: Check = (secret) => secret !== '',
): (() => string) | undefined {
  const [given, file] = [env[name], env[`${name}_FILE`]];
  if (given !== undefined && file !== undefined) throw invalid(`Both ${name} and ${name}_FILE are set.`);
  if (file !== undefined) return fileReader(`${name}_FILE`, file, check);
  if (given === undefined) return undefined;
  if (!check(given.trim())) throw invalid(`${name} is not what it should be.`);
  return () => given.trim();
}

/** Reads a file now and at each connection; one that has become unreadable since is taken as it was. */
function fileReader(name: string, file: string, check: Check): () => string {
  let last = readSecret(name, file);
  if (!check(last)) throw invalid(`The file of ${name} does not hold what it should.`);
  return () => {
    try {
      const renewed = readSecret(name, file);
      if (check(renewed)) last = renewed;
    } catch {
      // While it is being replaced, the old one may still do.
    }
    return last;
  };
}

function readSecret(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw invalid(`The file of ${name} cannot be read.`, cause);
  }
}

function tlsOf(env: Environment, wanted: boolean): TlsOptions | undefined {
  const files = { NATS_TLS_CA: env.NATS_TLS_CA, NATS_TLS_CERT: env.NATS_TLS_CERT, NATS_TLS_KEY: env.NATS_TLS_KEY };
  for (const [name, file] of Object.entries(files)) if (file !== undefined) readSecret(name, file);
  const { NATS_TLS_CA: caFile, NATS_TLS_CERT: certFile, NATS_TLS_KEY: keyFile } = files;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw invalid('NATS_TLS_CERT and NATS_TLS_KEY belong together, and one of them is missing.');
  }
  if (!wanted && caFile === undefined && certFile === undefined) return undefined;
  return { ...(caFile === undefined ? {} : { caFile }), ...(certFile === undefined ? {} : { certFile, keyFile }) };
}
