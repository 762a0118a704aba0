/** Where EventStoreDB is: connection string and credentials from the environment, read so that nothing of them is ever shown. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ReckonerError } from '../../events/errors.ts';

/** A connection string, taken apart. */
export interface EventStoreAddress {
  /** One node, the nodes of a cluster, or with `discover` the name under which a cluster is found. */
  readonly hosts: readonly { readonly address: string; readonly port: number }[];
  readonly discover: boolean;
  readonly tls: boolean;
  /** PEM files: who the server's certificate is checked against, and a user's certificate with its key. */
  readonly tlsCAFile?: string;
  readonly userCertFile?: string;
  readonly userKeyFile?: string;
  readonly nodePreference: 'leader' | 'follower' | 'random' | 'read_only_replica';
  /** Milliseconds; -1 turns it off. */
  readonly keepAliveInterval?: number;
  readonly keepAliveTimeout?: number;
  /** Milliseconds between attempts to find the cluster, their number, and seconds that one may take. */
  readonly discoveryInterval?: number;
  readonly maxDiscoverAttempts?: number;
  readonly gossipTimeout?: number;
  readonly connectionName?: string;
  readonly credentials?: { readonly username: string; readonly password: string };
}

const whole = z.coerce.number().int();

const parameters = z.strictObject({
  tls: z.enum(['true', 'false']).default('true'),
  tlscafile: z.string().min(1).optional(),
  usercertfile: z.string().min(1).optional(),
  userkeyfile: z.string().min(1).optional(),
  nodepreference: z
    .string()
    .transform((text) => text.toLowerCase().replaceAll(/[_-]/g, ''))
    .pipe(z.enum(['leader', 'follower', 'random', 'readonlyreplica']))
    .default('leader'),
  keepaliveinterval: whole.min(-1).optional(),
  keepalivetimeout: whole.min(-1).optional(),
  discoveryinterval: whole.min(1).optional(),
  maxdiscoverattempts: whole.min(1).optional(),
  gossiptimeout: whole.min(1).optional(),
  connectionname: z.string().min(1).optional(),
  // Ours are our own, see `EventStoreLogOptions`; said here so that strings made for other clients are taken.
  defaultdeadline: whole.optional(),
  throwonappendfailure: z.string().optional(),
  tlsverifycert: z.literal('true').optional(),
});

/**
 * Takes a connection string apart: `esdb://[user:password@]host[:port][,host…][?tls=false&…]`, `esdb+discover://…` for a cluster
 * that is found by name, and the same with `kurrentdb`. The client's own parser prints the whole string where it does not
 * understand it; this one names the parameter alone.
 * @throws ReckonerError config_invalid
 */
export function parseAddress(url: string): EventStoreAddress {
  const match = /^(?:esdb|kurrentdb)(\+discover)?:\/\/(?:(.*)@)?([^@/?]+)\/?(?:\?(.*))?$/.exec(url.trim());
  if (match === null)
    throw invalid('It is no connection string: esdb://host:2113 is one, esdb+discover://name another.');
  const [, discover, user, hosts = '', query = ''] = match;
  const given = [...new URLSearchParams(query)].map(([name, value]) => [flat(name), value] as const);
  const parsed = parameters.safeParse(Object.fromEntries(given));
  if (!parsed.success) throw invalid(parsed.error.issues.map(told).join(' '));
  const { data } = parsed;
  if ((data.usercertfile === undefined) !== (data.userkeyfile === undefined)) {
    throw invalid('userCertFile and userKeyFile are given together or not at all.');
  }
  return {
    hosts: hosts.split(',').map(hostOf),
    discover: discover !== undefined,
    tls: data.tls === 'true',
    tlsCAFile: data.tlscafile,
    userCertFile: data.usercertfile,
    userKeyFile: data.userkeyfile,
    nodePreference: data.nodepreference === 'readonlyreplica' ? 'read_only_replica' : data.nodepreference,
    keepAliveInterval: data.keepaliveinterval,
    keepAliveTimeout: data.keepalivetimeout,
    discoveryInterval: data.discoveryinterval,
    maxDiscoverAttempts: data.maxdiscoverattempts,
    gossipTimeout: data.gossiptimeout,
    connectionName: data.connectionname,
    credentials: user === undefined ? undefined : credentialsOf(user),
  };
}

/**
 * The address that EVENTSTORE_URL names, undefined where it is not set; EVENTSTORE_USER with EVENTSTORE_PASSWORD, or a file named
 * by EVENTSTORE_PASSWORD_FILE, come before what the string says.
 * @throws ReckonerError config_invalid
 */
export function addressFrom(env: Readonly<Record<string, string | undefined>>): EventStoreAddress | undefined {
  const url = env.EVENTSTORE_URL;
  if (url === undefined || url === '') return undefined;
  const address = parseAddress(url);
  const username = env.EVENTSTORE_USER || undefined;
  const password = passwordFrom(env);
  if (username === undefined && password === undefined) return address;
  if (username === undefined || password === undefined) {
    throw invalid('EVENTSTORE_USER goes with EVENTSTORE_PASSWORD or EVENTSTORE_PASSWORD_FILE.');
  }
  return { ...address, credentials: { username, password } };
}

/**
 * How events are stored there: EVENTSTORE_PREFIX before our stream names, EVENTSTORE_JSON=1 for JSON bodies, and
 * EVENTSTORE_MAX_APPEND_BYTES where the server takes more, or less, than a mebibyte at once.
 * @throws ReckonerError config_invalid
 */
export function formFrom(env: Readonly<Record<string, string | undefined>>): {
  readonly prefix: string;
  readonly json: boolean;
  readonly maxAppendBytes: number | undefined;
} {
  const prefix = env.EVENTSTORE_PREFIX ?? '';
  if (!/^[\w.]*$/.test(prefix)) throw invalid('EVENTSTORE_PREFIX has letters, digits, dots and underscores only.');
  const bytes = env.EVENTSTORE_MAX_APPEND_BYTES || undefined;
  if (bytes !== undefined && !/^[1-9]\d{3,8}$/.test(bytes)) {
    throw invalid('EVENTSTORE_MAX_APPEND_BYTES is no number of bytes from 1000.');
  }
  return { prefix, json: env.EVENTSTORE_JSON === '1', maxAppendBytes: bytes === undefined ? undefined : Number(bytes) };
}

/** Hosts for people: without credentials. */
export function placeOf({ hosts, discover }: EventStoreAddress): string {
  const names = hosts.map(({ address, port }) => `${address}:${port}`).join(',');
  return `${discover ? 'esdb+discover' : 'esdb'}://${names}`;
}

function passwordFrom(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const file = env.EVENTSTORE_PASSWORD_FILE || undefined;
  if (file === undefined) return env.EVENTSTORE_PASSWORD || undefined;
  if (env.EVENTSTORE_PASSWORD) throw invalid('EVENTSTORE_PASSWORD and EVENTSTORE_PASSWORD_FILE are both set.');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new ReckonerError('config_invalid', 'The file that EVENTSTORE_PASSWORD_FILE names cannot be read.', {
      cause,
    });
  }
}

/** Only the first colon parts them: a password may hold more, also where nobody encoded them. */
function credentialsOf(user: string): { username: string; password: string } {
  const [, name = '', password = ''] = /^([^:]*):?(.*)$/s.exec(user) ?? [];
  try {
    return { username: decodeURIComponent(name), password: decodeURIComponent(password) };
  } catch {
    throw invalid('Its user or password has a % that encodes nothing: write it as %25, or use EVENTSTORE_PASSWORD.');
  }
}

function hostOf(text: string): { address: string; port: number } {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(text.trim());
  const port = Number(match?.[2] ?? 2113);
  if (match?.[1] === undefined || port > 65_535) throw invalid('One of its hosts is none: name:port, or [::1]:port.');
  return { address: match[1], port };
}

function flat(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[_-]/g, '');
}

/** What is wrong, by the parameter's name: its value may be a secret. */
function told({ path, code, message, ...rest }: z.core.$ZodIssue): string {
  if (code === 'unrecognized_keys' && 'keys' in rest) return `Unknown: ${rest.keys.join(', ')}.`;
  if (path[0] === 'tlsverifycert') return 'Certificates are always verified: name their authority with tlsCAFile.';
  return `${path.join('.')}: ${message}.`;
}

function invalid(message: string): ReckonerError {
  return new ReckonerError('config_invalid', `EVENTSTORE_URL: ${message}`, {
    remedy:
      'Correct EVENTSTORE_URL, EVENTSTORE_USER and EVENTSTORE_PASSWORD; adapters/eventstoredb/README.md shows their forms.',
  });
}
