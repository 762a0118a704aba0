/** The bus of a node: within its process, or over NATS where NATS_URL is set and the node joins the others. */
import { ReckonerError } from '../../../events/errors.ts';
import type { MessageBus } from '../../../events/message-bus.ts';
import { isElsewhere } from '../../keeping/open-log.ts';
import { createInProcessBus } from '../../memory/message-bus.ts';
import type { NatsLink, NatsStatus } from '../../nats/connection.ts';
import type { Cli } from '../cli.ts';

export interface BusOptions {
  readonly variables: Cli['env'];
  /** Without it the node answers nobody but its own process, whatever the variables say: so do commands that only look. */
  readonly joins: { readonly version: string } | undefined;
  /** Name of the node. */
  readonly node: string;
  readonly onFailure: (where: string, thrown: unknown) => void;
}

export interface OpenedBus {
  readonly bus: MessageBus;
  /** The connection, where there is one. */
  readonly link: NatsLink | undefined;
  close(): Promise<void>;
}

/** @throws ReckonerError bus_unreachable, bus_refused, bus_settings_invalid */
export async function openBus({ variables, joins, node, onFailure }: BusOptions): Promise<OpenedBus> {
  const onError = (thrown: unknown) => onFailure('bus', thrown);
  // What speaks NATS is loaded only where it is needed: commands start sooner without.
  const settings = isNamed(variables) ? (await import('../../nats/settings.ts')).natsSettings(variables) : undefined;
  if (settings !== undefined && joins !== undefined) {
    const onStatus = (status: NatsStatus) => {
      const trouble = troubleOf(status, settings.servers);
      if (trouble !== undefined) onError(trouble);
    };
    const { openNatsBus } = await import('../../nats/open-bus.ts');
    const bus = await openNatsBus({ settings, node, version: joins.version, onError, onStatus });
    return { bus, link: bus.link, close: bus.close };
  }
  const bus = createInProcessBus({ onError });
  if (settings === undefined || !isElsewhere(variables)) return { bus, link: undefined, close: bus.close };
  // Who looks at a log that nodes share needs the salts that they share.
  const { connectNats } = await import('../../nats/connection.ts');
  const link = await connectNats(settings, { name: `reckoner ${node}`, connectMs: LOOK_MS });
  return { bus, link, close: () => bus.close().finally(link.close) };
}

/** Whether the variables name a server of NATS. */
function isNamed({ NATS_URL = '' }: Cli['env']): boolean {
  return NATS_URL !== '';
}

/** A command is not worth the patience of a node. */
const LOOK_MS = 5_000;

/** What an operator is to know of the connection; undefined where all is well again. */
function troubleOf(status: NatsStatus, servers: readonly string[]): ReckonerError | undefined {
  const where = servers.join(', ');
  switch (status.type) {
    case 'disconnected':
      return new ReckonerError('bus_unreachable', `The connection to NATS is lost (${where}).`, {
        remedy: 'It comes back by itself once a server answers. What comes in over HTTP is answered meanwhile.',
      });
    case 'refused': {
      const subject = status.subject === undefined ? '' : ` on ${status.subject}`;
      return new ReckonerError('bus_refused', `NATS refused something${subject} (${where}): ${status.code}.`, {
        remedy: 'Give the user of this node the right to it; `reckoner doctor` looks what is missing.',
      });
    }
    default:
      return undefined;
  }
}
