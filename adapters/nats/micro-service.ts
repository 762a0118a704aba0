/**
 * The NATS micro service protocol (ADR-32): who serves what, and how it goes, for `nats micro` and everything else that asks `$SRV`.
 * The client library has it too, and counts only the time until a handler first waits, which here is none of it; and ends the whole
 * service with its first endpoint.
 */
import { type Msg, nuid, type Subscription } from 'nats';
import type { NatsLink } from './connection.ts';

export interface MicroServiceOptions {
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  readonly description: string;
  /** Shown with the service. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface EndpointOptions {
  readonly name: string;
  readonly subject: string;
  readonly queue: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Endpoint {
  /** Counts a request that was answered. @param failure what was refused, if anything */
  served(milliseconds: number, failure: string | undefined): void;
  remove(): void;
}

export interface MicroService {
  add(endpoint: EndpointOptions): Endpoint;
  close(): void;
}

interface Counted extends EndpointOptions {
  requests: number;
  errors: number;
  nanoseconds: number;
  lastError: string | undefined;
}

const API = '$SRV';
const TYPE = 'io.nats.micro.v1';

export function startMicroService(link: NatsLink, options: MicroServiceOptions, now: () => Date): MicroService {
  const { connection } = link;
  const { name, version, description, metadata } = options;
  const id = nuid.next();
  const started = now().toISOString();
  const endpoints = new Set<Counted>();
  const who = { name, id, version, metadata };

  const answers: Readonly<Record<string, () => object>> = {
    PING: () => ({ type: `${TYPE}.ping_response`, ...who }),
    INFO: () => ({ type: `${TYPE}.info_response`, ...who, description, endpoints: [...endpoints].map(infoOf) }),
    STATS: () => ({ type: `${TYPE}.stats_response`, ...who, started, endpoints: [...endpoints].map(statsOf) }),
  };
  const subscriptions: Subscription[] = [];
  for (const [verb, answer] of Object.entries(answers)) {
    for (const subject of [`${API}.${verb}`, `${API}.${verb}.${name}`, `${API}.${verb}.${name}.${id}`]) {
      const callback = (failure: Error | null, message: Msg) => {
        if (failure === null) message.respond(JSON.stringify(answer()));
      };
      subscriptions.push(connection.subscribe(subject, { callback }));
    }
  }

  return {
    add(endpoint) {
      const counted: Counted = { ...endpoint, name: freeName(endpoint.name), ...NOTHING };
      endpoints.add(counted);
      return {
        served(milliseconds, failure) {
          counted.requests += 1;
          counted.nanoseconds += Math.round(milliseconds * 1e6);
          if (failure === undefined) return;
          counted.errors += 1;
          counted.lastError = failure;
        },
        remove: () => void endpoints.delete(counted),
      };
    },
    close() {
      if (!connection.isClosed()) for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };

  function freeName(wanted: string): string {
    const taken = new Set([...endpoints].map((endpoint) => endpoint.name));
    for (let n = 1; ; n++) {
      const candidate = n === 1 ? wanted : `${wanted}-${n}`;
      if (!taken.has(candidate)) return candidate;
    }
  }
}

const NOTHING = { requests: 0, errors: 0, nanoseconds: 0, lastError: undefined };

function infoOf({ name, subject, queue, metadata }: Counted): object {
  return { name, subject, queue_group: queue, metadata };
}

function statsOf({ name, subject, queue, requests, errors, nanoseconds, lastError }: Counted): object {
  return {
    ...{ name, subject, queue_group: queue, num_requests: requests, num_errors: errors },
    ...(lastError === undefined ? {} : { last_error: lastError }),
    processing_time: nanoseconds,
    average_processing_time: requests === 0 ? 0 : Math.round(nanoseconds / requests),
  };
}
