/** The HTTP door: a server over a Reckoner. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { ReckonerError } from '../../events/errors.ts';
import { type Bag, createBag } from '../memory/bag.ts';
import { DEFAULT_HOST, DEFAULT_PORT } from './address.ts';
import { type AppOptions, createApp } from './app.ts';
import { isLoopback } from './host.ts';
import { answerUnserved, refusalOf, refuse } from './refused.ts';

export interface HttpDoorOptions extends Pick<AppOptions, 'reckoner' | 'caller' | 'log' | 'onRequest' | 'analytics'> {
  /** Address to bind to; default 127.0.0.1, where only this machine reaches it and foreign Host headers are refused. */
  readonly host?: string;
  /** Default 8080; 0 takes any that is free. */
  readonly port?: number;
  /** Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Bytes that bodies which have not come whole may hold together, default 64 MiB; what comes then is told to wait. */
  readonly maxBodyRoom?: number;
  /** Milliseconds in which a request must have arrived whole, default 30,000; its headers in 10,000 of them at most. */
  readonly arrivalTimeout?: number;
  /** Reckoner's version, for the documentation and /healthz. */
  readonly version: string;
}

export interface HttpDoor {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Stops listening and lets the requests that have begun finish, for ten seconds at most. */
  close(): Promise<void>;
}

const MIB = 1024 * 1024;
/** Milliseconds that requests have left once the door is closing. */
const PATIENCE_MS = 10_000;
/** Milliseconds in which a request that was on its way when the door began to close arrives. */
const ARRIVAL_MS = 50;

/**
 * Opens the door.
 * @throws ReckonerError port_unavailable where the address cannot be bound
 */
export async function openHttpDoor(options: HttpDoorOptions): Promise<HttpDoor> {
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, maxBodyBytes = MIB, arrivalTimeout = 30_000 } = options;
  // One body that is allowed alone must fit.
  const bodyRoom = { limit: Math.max(maxBodyBytes, options.maxBodyRoom ?? 64 * MIB), taken: 0 };
  const name = host.includes(':') ? `[${host}]` : host;
  const origin = () => `http://${name}:${portOf(server.address())}`;
  const app = createApp({ ...options, loopbackOnly: isLoopback(host), maxBodyBytes, bodyRoom, origin });
  const listener = getRequestListener(app.fetch, {
    // Stands in for a missing Host header, so that the application sees such requests too.
    hostname: 'localhost',
    // The Request and Response of this process belong to whoever runs in it.
    overrideGlobalObjects: false,
    errorHandler: (thrown) => answerUnserved(thrown, options.log),
  });
  const pending = createBag<ServerResponse>();
  const server = serve(listener, pending, maxBodyBytes, arrivalTimeout);
  const bound = await listen(server, host, port);
  let closing: Promise<void> | undefined;
  return {
    url: origin(),
    port: bound,
    close() {
      closing ??= drain(server, pending);
      return closing;
    },
  };
}

type Listener = ReturnType<typeof getRequestListener>;

function serve(listener: Listener, pending: Bag<ServerResponse>, maxBodyBytes: number, arrivalTimeout: number): Server {
  const server = createServer({
    headersTimeout: Math.min(10_000, arrivalTimeout),
    requestTimeout: arrivalTimeout,
    connectionsCheckingInterval: Math.min(2_000, arrivalTimeout),
    // The application answers a missing Host itself: Node's own answer has no body that says what to do.
    requireHostHeader: false,
  });
  function forget(this: ServerResponse) {
    pending.remove(this);
  }
  const take = (request: IncomingMessage, response: ServerResponse) => {
    pending.add(response);
    response.on('close', forget);
    if (!server.listening) response.shouldKeepAlive = false;
    void listener(request, response);
  };
  server.on('request', take);
  server.on('checkContinue', (request, response) => {
    // Ask for a body only where it will be read.
    if (!(Number(request.headers['content-length']) > maxBodyBytes)) response.writeContinue();
    take(request, response);
  });
  server.on('checkExpectation', take);
  server.on('connect', (_request, socket) =>
    refuse(socket, new ReckonerError('method_not_allowed', 'This is no proxy.')),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE') {
      socket.destroy();
      return;
    }
    const before = pending
      .all()
      .filter((response) => response.req.socket === socket && response.req.complete)
      .at(-1);
    // Requests that came whole before the broken one are answered first, in their order.
    if (before === undefined) refuse(socket, refusalOf(error.code));
    else before.once('finish', () => refuse(socket, refusalOf(error.code)));
  });
  return server;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const [reason, remedy] = whyNot(error);
      const more = { cause: error, ...(remedy === undefined ? {} : { remedy }) };
      reject(new ReckonerError('port_unavailable', `Cannot listen on ${host}:${port} (${reason}).`, more));
    });
    server.listen(port, host, () => resolve(portOf(server.address())));
  });
}

function portOf(address: AddressInfo | string | null): number {
  // A server that listens on TCP always has an address record; the other shapes are pipes and closed servers.
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const OWN_ADDRESS =
  'Bind an address of this machine: 127.0.0.1 lets only itself in, 0.0.0.0 (or ::) everybody who can reach it.';

/** The reason, and what to do where it is not the port's fault. */
function whyNot({ code }: NodeJS.ErrnoException): readonly [reason: string, remedy?: string] {
  if (code === 'EADDRINUSE') return ['the port is in use'];
  if (code === 'EACCES')
    return ['this user may not bind it', 'Choose a port from 1024 up: those below are the administrator’s.'];
  if (code === 'EADDRNOTAVAIL') return ['the address is not one of this machine', OWN_ADDRESS];
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return ['the name has no address', OWN_ADDRESS];
  return [code ?? 'unknown reason'];
}

/** Closes; every answer from now on ends its connection, and what hangs is cut when patience ends. */
async function drain(server: Server, pending: Bag<ServerResponse>): Promise<void> {
  // Not its own close, which cuts the connections that are idle: what their clients have just sent would be lost unread.
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  for (const response of pending.all()) if (!response.headersSent) response.shouldKeepAlive = false;
  const deadline = setTimeout(() => server.closeAllConnections(), PATIENCE_MS);
  do {
    await Promise.all(pending.all().map((response) => new Promise((resolve) => response.once('close', resolve))));
    await Promise.race([closed, sleep(ARRIVAL_MS)]);
    await turn(); // after a long stop the timer comes before the sockets: what lies there is read in this turn
  } while (pending.size > 0);
  // Whoever is still connected has sent no whole request: Node counts such connections as busy and would wait for them.
  server.closeAllConnections();
  await closed;
  clearTimeout(deadline);
}
