/** One connection to NATS for a whole node: it comes back by itself for as long as it is wanted, and says how it is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, connect, ErrorCode, Events, type NatsConnection, NatsError, type Status } from 'nats';
import { ReckonerError } from '../../events/errors.ts';
import type { NatsAuth, NatsSettings } from './settings.ts';

/** What happened to the connection. `closed` is the last. */
export type NatsStatus =
  | { readonly type: 'disconnected' | 'reconnected' | 'lame_duck'; readonly server: string }
  /** What the server refused, by the client's code for it, and the subject where it was about one. */
  | { readonly type: 'refused'; readonly code: string; readonly subject?: string }
  | { readonly type: 'closed' };

export interface NatsOptions {
  /** Shown by the server's tools, such as `reckoner node-1`. */
  readonly name: string;
  readonly onStatus?: (status: NatsStatus) => void;
  /** How long the first connection may take before it is given up, in milliseconds; default 15,000. */
  readonly connectMs?: number;
  /** How long `close` waits for what is under way, in milliseconds; default 10,000. */
  readonly drainMs?: number;
  /** How often the server is asked whether it is there, in milliseconds; default 3,000. After two without an answer it is not. */
  readonly pingMs?: number;
}

export interface NatsLink {
  readonly connection: NatsConnection;
  readonly prefix: string;
  /** False while it is lost: then what is published is lost too. */
  readonly connected: boolean;
  /** Calls the listener for all that happens from now on, until the result is called. */
  watch(listener: (status: NatsStatus) => void): () => void;
  /** Sends what is still to be sent, then closes; a server that is away is not waited for. */
  close(): Promise<void>;
}

const RECONNECT = { firstMs: 100, mostMs: 2_000 };
const PINGS_OUT = 2;
const RETRY_MS = 250;
const DIAL_MS = 5_000;

/**
 * Connects, trying again until `connectMs` have passed; later losses are mended for as long as it takes.
 * @throws ReckonerError bus_unreachable, bus_refused (it does not let us in), bus_settings_invalid (TLS files)
 */
export async function connectNats(settings: NatsSettings, options: NatsOptions): Promise<NatsLink> {
  const { connectMs = 15_000, drainMs = 10_000 } = options;
  const delays = createDelays();
  const connection = await dial(
    settings,
    { ...connectionOptions(settings, options), reconnectDelayHandler: delays.next },
    connectMs,
  );
  const listeners = new Set<(status: NatsStatus) => void>();
  if (options.onStatus !== undefined) listeners.add(options.onStatus);
  let connected = true;
  let closing: Promise<void> | undefined;
  const tell = (status: NatsStatus) => {
    for (const listener of [...listeners]) listener(status);
  };

  void (async () => {
    for await (const status of connection.status()) {
      const told = statusOf(status);
      if (told === undefined) continue;
      if (told.type === 'disconnected') connected = false;
      if (told.type === 'reconnected') {
        connected = true;
        delays.reset();
      }
      tell(told);
    }
  })();
  void connection.closed().then(() => {
    connected = false;
    tell({ type: 'closed' });
  });

  async function close(): Promise<void> {
    const stop = new AbortController();
    // A drain asks the server, and nobody answers while it is away.
    if (connected) await Promise.race([connection.drain().catch(() => {}), pause(drainMs, stop.signal)]);
    stop.abort();
    await connection.close();
  }

  return {
    connection,
    prefix: settings.prefix,
    get connected() {
      return connected;
    },
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
}

async function dial(settings: NatsSettings, options: ConnectionOptions, limitMs: number): Promise<NatsConnection> {
  const giveUp = performance.now() + limitMs;
  while (true) {
    const timeout = Math.max(100, Math.min(DIAL_MS, giveUp - performance.now()));
    try {
      return await connect({ ...options, timeout });
    } catch (thrown) {
      const failure = failureOf(thrown, settings.servers);
      if (failure.code !== 'bus_unreachable' || performance.now() + RETRY_MS >= giveUp) throw failure;
      await sleep(RETRY_MS);
    }
  }
}

function connectionOptions(settings: NatsSettings, { name, pingMs = 3_000 }: NatsOptions): ConnectionOptions {
  return {
    servers: [...settings.servers],
    name,
    ...authOptions(settings.auth),
    ...(settings.tls === undefined ? {} : { tls: settings.tls }),
    maxReconnectAttempts: -1,
    // Credentials may be renewed on the server's side first: being refused twice is no reason to stay away for good.
    ignoreAuthErrorAbort: true,
    pingInterval: pingMs,
    maxPingOut: PINGS_OUT,
    // A stack for each request, in case it should fail, costs more than the request.
    noAsyncTraces: true,
  };
}

function authOptions(auth: NatsAuth): ConnectionOptions {
  switch (auth.by) {
    case 'nothing':
      return {};
    case 'password':
      return { authenticator: () => ({ user: auth.user, pass: auth.pass() }) };
    case 'token':
      return { authenticator: () => ({ auth_token: auth.token() }) };
    default:
      return { authenticator: auth.authenticator };
  }
}

/** How long to wait before each attempt: longer each time, and never the same for two nodes, which would come all at once. */
function createDelays(): { next(): number; reset(): void } {
  let most = RECONNECT.firstMs;
  return {
    next() {
      const delay = most / 2 + (Math.random() * most) / 2;
      most = Math.min(RECONNECT.mostMs, most * 1.5);
      return delay;
    },
    reset() {
      most = RECONNECT.firstMs;
    },
  };
}

function statusOf({ type, data, permissionContext }: Status): NatsStatus | undefined {
  switch (type) {
    case Events.Disconnect:
      return { type: 'disconnected', server: String(data) };
    case Events.Reconnect:
      return { type: 'reconnected', server: String(data) };
    case Events.LDM:
      return { type: 'lame_duck', server: String(data) };
    case Events.Error: {
      const subject = permissionContext?.subject;
      return { type: 'refused', code: String(data), ...(subject === undefined ? {} : { subject }) };
    }
    default:
      return undefined; // attempts, pings and news of the cluster
  }
}

const AUTH_CODES: readonly string[] = [
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
  ErrorCode.BadAuthentication,
  ErrorCode.BadCreds,
];
/** Of OpenSSL and of Node: the two do not trust each other, or do not speak TLS both. */
const TLS_CODES = /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)/;

/** What the client threw, in our words: theirs may hold more than should be told. */
function failureOf(thrown: unknown, servers: readonly string[]): ReckonerError {
  const code = codeOf(thrown);
  const where = servers.join(', ');
  if (AUTH_CODES.includes(code)) {
    return new ReckonerError('bus_refused', `The NATS server does not let us in (${where}): ${code}.`);
  }
  if (code === ErrorCode.Tls || code === ErrorCode.ServerOptionNotAvailable || TLS_CODES.test(code)) {
    return new ReckonerError(
      'bus_refused',
      `No private connection to the NATS server came about (${where}): ${code}.`,
      {
        remedy:
          'Name the authority that signed the server’s certificate in NATS_TLS_CA, and use a host name that the certificate is for; a server that asks for certificates needs NATS_TLS_CERT and NATS_TLS_KEY.',
      },
    );
  }
  return new ReckonerError('bus_unreachable', `No NATS server answers (${where})${code === '' ? '' : `: ${code}`}.`);
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof NatsError) return thrown.code;
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return '';
}
