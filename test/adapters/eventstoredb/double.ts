/**
 * A double of EventStoreDB for tests: speaks the servers' wire protocol (`wire.ts`) on a port of its own, keeps its log in memory
 * over restarts, and does what a test scripts. The rules are those of the server's source; where servers differ it takes the
 * one that is harder on a client:
 * - `$all` holds events of the system before anything is written;
 * - an event read from its stream has no position (the greatest number instead), one read from `$all` has;
 * - `read*` begin at the place they are given, `subscribeTo*` after it; a place that is inside of a record is refused;
 * - the checkpoint of a filtered subscription that goes live is the place where the next event will be.
 */
import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { handleAppend, handleBatchAppend, handleDelete } from './double-append.ts';
import type { EndPoint } from './double-failures.ts';
import { type Call, type Fault, Faults } from './double-faults.ts';
import { createNode } from './double-node.ts';
import { handleRead } from './double-read.ts';
import { DoubleStore } from './double-store.ts';
import { featuresService, gossipService, type Methods, STREAMS, streamsService } from './wire.ts';

export interface DoubleOptions {
  /** Default: one that is free. */
  readonly port?: number;
  /** What it keeps; default a store of its own. Doubles that share one are nodes of a cluster. */
  readonly store?: DoubleStore;
  /** False: a server that only knows the older Append. */
  readonly batchAppend?: boolean;
  /** False: a server before 23.10, that does not say when a subscription has caught up. */
  readonly caughtUp?: boolean;
  /**
   * True: takes the end of an Append's messages for the end of the append, though a reset may follow on its heels; a client that
   * cancels one in the midst of it then has stored half of it. HTTP/2 of Node sends the end before the reset.
   */
  readonly hasty?: boolean;
  /** Greatest append in bytes, default 1 MiB. */
  readonly maxAppendBytes?: number;
  /** `user:password` that every call must bring (clients send them over TLS only). */
  readonly credentials?: string;
  /** PEM of the key and the certificate: speaks TLS. */
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
  /** The cluster as this node gossips it; default itself, leading. */
  readonly members?: () => readonly (EndPoint & { readonly state: 'leader' | 'follower'; readonly alive?: boolean })[];
  /** Who leads, where this node does not: it then refuses who requires the leader. */
  readonly leader?: () => EndPoint | undefined;
}

export interface Double {
  readonly port: number;
  /** A connection string for this node alone. */
  readonly url: string;
  readonly store: DoubleStore;
  /** The next `times` such calls go so (default one). Returns how to take that back. */
  script(call: Call, fault: Fault, times?: number): () => void;
  /** From now on all goes well again. */
  heal(): void;
  /** Cuts every connection; who connects again is served. */
  cut(): void;
  /** Nobody listens any more, until `restart()`. */
  stop(): Promise<void>;
  /** The same log on the same port, with the cache of recent ids lost; down for so many milliseconds, default 20. */
  restart(downMs?: number): Promise<void>;
  /** Subscriptions that are open on this node. */
  subscriptions(): number;
  /** Events that readers and subscribers were sent so far. */
  delivered(): number;
  /** Connections that are open. */
  connections(): number;
  /** Ends for good, with every call and connection. */
  close(): Promise<void>;
}

export async function startDouble(options: DoubleOptions = {}): Promise<Double> {
  const store = options.store ?? new DoubleStore();
  const faults = new Faults();
  const sockets = new Map<string, Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const grpc = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
  const injector = grpc.createConnectionInjector(
    options.tls
      ? ServerCredentials.createSsl(null, [{ private_key: options.tls.key, cert_chain: options.tls.cert }])
      : ServerCredentials.createInsecure(),
  );
  const listener = createServer((socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.set(peer, socket);
    socket.on('error', () => undefined); // of one that was cut
    socket.on('close', () => sockets.delete(peer));
    injector.injectConnection(socket);
  });
  const cut = (): void => {
    for (const socket of sockets.values()) socket.destroy();
  };
  const stop = async (): Promise<void> => {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
    const closed = [...sockets.values()].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    if (listener.listening) closed.push(new Promise((resolve) => listener.close(resolve)));
    cut();
    await Promise.all(closed);
  };
  const node = createNode({
    store,
    faults,
    maxAppendBytes: options.maxAppendBytes ?? 1024 * 1024,
    caughtUp: options.caughtUp ?? true,
    hasty: options.hasty ?? false,
    credentials: options.credentials,
    leader: options.leader ?? (() => undefined),
    cutPeer: (peer) => sockets.get(peer)?.destroy(),
    die: () => void stop(),
    later: (ms, call) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        call();
      }, ms);
      timers.add(timer);
    },
  });

  grpc.addService(streamsService, {
    read: (call: Parameters<typeof handleRead>[1]) => handleRead(node, call),
    append: (call: Parameters<typeof handleAppend>[1], answer: Parameters<typeof handleAppend>[2]) =>
      handleAppend(node, call, answer),
    batchAppend: (call: Parameters<typeof handleBatchAppend>[1]) => handleBatchAppend(node, call),
    delete: (call: Parameters<typeof handleDelete>[1], answer: Parameters<typeof handleDelete>[2]) =>
      handleDelete(node, call, answer, false),
    tombstone: (call: Parameters<typeof handleDelete>[1], answer: Parameters<typeof handleDelete>[2]) =>
      handleDelete(node, call, answer, true),
  });
  const answers = (kind: Call, answer: () => object) => (_: unknown, send: (error: null, value: object) => void) => {
    const fault = faults.take(kind);
    if (fault?.kind === 'slow') node.later(fault.ms, () => send(null, answer()));
    else if (fault === undefined) send(null, answer());
  };
  grpc.addService(featuresService, { methods: answers('features', () => methodsOf(options)) });
  const id = randomUUID();
  grpc.addService(gossipService, {
    read: answers('gossip', () => {
      const members = options.members?.() ?? [{ address: '127.0.0.1', port: portOf(), state: 'leader' as const }];
      return {
        members: members.map(({ address, port, state, alive = true }) => ({
          id: { text: id },
          time: Date.now() * 10_000,
          state: state === 'leader' ? 8 : 6,
          alive,
          http: { address, port },
        })),
      };
    }),
  });

  let port = options.port ?? 0;
  const portOf = (): number => port;
  const listen = async (): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(port, '127.0.0.1', () => {
        listener.off('error', reject);
        resolve();
      });
    });
    // A server that listens on TCP has an address of this form.
    port = (listener.address() as AddressInfo).port;
  };
  await listen();

  return {
    port,
    // A certificate is for a name.
    url: options.tls ? `esdb://localhost:${port}?tls=true` : `esdb://127.0.0.1:${port}?tls=false`,
    store,
    script: (call, fault, times) => faults.script(call, fault, times),
    heal: () => faults.clear(),
    cut,
    stop,
    async restart(downMs = 20) {
      await stop();
      store.forgetCommitted();
      await sleep(downMs);
      await listen();
    },
    subscriptions: () => node.subscriptions.size,
    delivered: () => node.delivered,
    connections: () => sockets.size,
    async close() {
      await stop();
      injector.destroy();
      grpc.forceShutdown();
    },
  };
}

function methodsOf({ batchAppend = true, caughtUp = true }: DoubleOptions): Methods {
  const service = STREAMS.toLowerCase();
  const known = [
    { method: 'append', service },
    { method: 'read', service, features: ['position', 'events'] },
    { method: 'delete', service },
    { method: 'tombstone', service },
  ];
  const batch = { method: 'batchappend', service, features: ['deadline_duration'] };
  return { version: caughtUp ? '24.10.0' : '23.6.0', methods: batchAppend ? [...known, batch] : known };
}
