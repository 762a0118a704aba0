/** The one connection: the client of EventStoreDB, without what in it can lose or mix up answers. */
import { readFileSync } from 'node:fs';
import { type ChannelCredentialOptions, EventStoreDBClient, type SingleNodeOptions } from '@eventstore/db-client';
import { ReckonerError } from '../../events/errors.ts';
import type { EventStoreAddress } from './address.ts';
import { within } from './deadline.ts';

export interface EventStoreConnection {
  readonly client: EventStoreDBClient;
  /** What the server calls itself, such as 23.10.1; `unknown` where it does not say. */
  version(): Promise<string>;
  /** Ends every call and the channel; comes back also where the client's own ending never would. */
  close(): Promise<void>;
}

/** How long the client's own ending may take: it waits for streams that nobody reads any more. */
const DISPOSE_MS = 2_000;

class OwnClient extends EventStoreDBClient implements EventStoreConnection {
  readonly client = this;

  /**
   * Nothing but appending asks for it. Batched appends of all clients of a process wait in one table: when one client's
   * connection fails, the others' appends are told so as well, and the answer that then comes for them is thrown into the
   * void, which ends the process. Nor do they have a deadline. Single appends are calls of their own.
   */
  protected override supports = async () => false;

  async version(): Promise<string> {
    return (await this.capabilities).serverVersion;
  }

  async close(): Promise<void> {
    await within(DISPOSE_MS, this.dispose(), 'dispose').catch(() => {});
    try {
      // The client leaves it open; it would be built anew if it had never been.
      (await within(DISPOSE_MS, this.getChannel(), 'channel')).close();
    } catch {
      // There is none, or it was closed after a failure.
    }
  }
}

/**
 * Nothing is sent before the first call. The client checks what it connects to: certificates always, where `tls` is on.
 * @param deadlineMs of calls that have one
 * @throws ReckonerError config_invalid where a certificate or key cannot be read
 */
export function connect(address: EventStoreAddress, deadlineMs: number): EventStoreConnection {
  const { keepAliveInterval, keepAliveTimeout, connectionName, nodePreference } = address;
  const { discoveryInterval, maxDiscoverAttempts, gossipTimeout } = address;
  const common = { keepAliveInterval, keepAliveTimeout, connectionName, defaultDeadline: deadlineMs };
  const cluster = { ...common, discoveryInterval, maxDiscoverAttempts, gossipTimeout, nodePreference };
  const [first, ...others] = address.hosts;
  if (first === undefined) throw new ReckonerError('config_invalid', 'EVENTSTORE_URL names no host.');
  // One constructor for three kinds of settings, which its overloads take one at a time.
  const settings = (
    address.discover
      ? { ...cluster, discover: first }
      : others.length > 0
        ? { ...cluster, endpoints: [...address.hosts] }
        : { ...common, endpoint: first }
  ) as SingleNodeOptions;
  // Without TLS the server takes no credentials, and nobody shall read them on the way.
  return new OwnClient(settings, channelOf(address), address.tls ? address.credentials : undefined);
}

function channelOf(address: EventStoreAddress): ChannelCredentialOptions {
  if (!address.tls) return { insecure: true };
  return {
    rootCertificate: pem('tlsCAFile', address.tlsCAFile),
    userCertFile: pem('userCertFile', address.userCertFile),
    userKeyFile: pem('userKeyFile', address.userKeyFile),
  };
}

function pem(name: string, file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ReckonerError('config_invalid', `EVENTSTORE_URL: the file that ${name} names cannot be read.`, { cause });
  }
}
