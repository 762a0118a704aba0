/**
 * Pulls messages of a durable consumer, never more at once than can be handled. Each pull is a request of its own that ends by
 * itself: a consumer that has gone silent is asked anew, and one that is gone is made anew.
 */
import type { Consumer, ConsumerMessages, JsMsg } from 'nats';
import type { NatsLink } from './connection.ts';
import { pause } from './pause.ts';

export interface PullOptions {
  readonly link: NatsLink;
  readonly stream: string;
  readonly consumer: string;
  /** Makes stream and consumer where they are missing. */
  readonly ensure: () => Promise<void>;
  /** Handles one message to its end; must not throw. */
  readonly handle: (message: JsMsg) => Promise<void>;
  readonly maxInFlight: number;
  /** Told of what went wrong, once for as long as it lasts. */
  readonly onTrouble: (thrown: unknown) => void;
  /** How long one pull waits for messages, in milliseconds. */
  readonly expiresMs: number;
}

export interface Pull {
  /** Messages that are being handled. */
  readonly inFlight: number;
  /** True while messages can come. */
  readonly listening: boolean;
  /** Takes no more, and settles when those at hand are done or the time is over. */
  stop(drainMs: number): Promise<void>;
}

const RETRY = { firstMs: 100, mostMs: 5_000 };

export function startPull(options: PullOptions): Pull {
  const { link, stream, consumer, ensure, handle, maxInFlight, onTrouble, expiresMs } = options;
  const stopping = new AbortController();
  let inFlight = 0;
  let listening = false;
  let batch: ConsumerMessages | undefined;
  const changed: (() => void)[] = [];
  const wake = () => {
    for (const go of changed.splice(0)) go();
  };
  const change = () => new Promise<void>((resolve) => changed.push(resolve));
  // What was asked of a connection that is lost is not answered by the next one.
  const unwatch = link.watch(({ type }) => {
    if (type === 'disconnected' || type === 'closed') batch?.stop();
    wake();
  });

  async function take(message: JsMsg): Promise<void> {
    inFlight++;
    try {
      await handle(message);
    } finally {
      inFlight--;
      wake();
    }
  }

  async function run(): Promise<void> {
    let wait = RETRY.firstMs;
    let troubled = false;
    let source: Consumer | undefined;
    while (!stopping.signal.aborted) {
      if (!link.connected) {
        source = undefined;
        listening = false;
        await change();
        continue;
      }
      if (inFlight >= maxInFlight) {
        await change();
        continue;
      }
      try {
        source ??= await open();
        await pull(source, maxInFlight - inFlight);
        wait = RETRY.firstMs;
        troubled = false;
      } catch (thrown) {
        listening = false;
        source = undefined;
        if (stopping.signal.aborted) return;
        if (!troubled && link.connected) onTrouble(thrown);
        troubled = link.connected;
        await pause(wait / 2 + (Math.random() * wait) / 2, stopping.signal);
        wait = Math.min(RETRY.mostMs, wait * 2);
      }
    }
  }

  async function open(): Promise<Consumer> {
    await ensure();
    return link.connection.jetstream().consumers.get(stream, consumer);
  }

  async function pull(source: Consumer, most: number): Promise<void> {
    const messages = await source.fetch({ max_messages: most, expires: expiresMs, idle_heartbeat: expiresMs / 4 });
    batch = messages;
    if (stopping.signal.aborted || !link.connected) return messages.stop();
    listening = true;
    let silent = false;
    void (async () => {
      for await (const { type } of await messages.status()) {
        if (type !== 'heartbeats_missed' && type !== 'consumer_deleted' && type !== 'stream_not_found') continue;
        silent = true;
        messages.stop();
      }
    })();
    let left = most;
    // `stop`, and not `close`, which would wait for this very loop.
    for await (const message of messages) {
      void take(message);
      if (--left === 0) break;
    }
    batch = undefined;
    if (silent) throw new Error('The consumer went silent.');
  }

  const running = run();
  return {
    get inFlight() {
      return inFlight;
    },
    get listening() {
      return listening && link.connected && !stopping.signal.aborted;
    },
    async stop(drainMs) {
      stopping.abort();
      batch?.stop();
      wake();
      const giveUp = new AbortController();
      const drained = (async () => {
        await running;
        while (inFlight > 0) await change();
      })();
      await Promise.race([drained, pause(drainMs, giveUp.signal)]);
      giveUp.abort();
      unwatch();
    },
  };
}
