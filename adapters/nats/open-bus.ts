/** The bus of a node that has NATS: connection and bus as one. */
import type { MessageBus } from '../../events/message-bus.ts';
import { connectNats, type NatsLink, type NatsOptions } from './connection.ts';
import { createNatsBus, type NatsBusOptions } from './message-bus.ts';
import type { NatsSettings } from './settings.ts';

export interface OpenNatsBusOptions
  extends Omit<NatsBusOptions, 'link'>,
    Pick<NatsOptions, 'onStatus' | 'connectMs' | 'pingMs'> {
  /** What `natsSettings(process.env)` gave. */
  readonly settings: NatsSettings;
}

export interface NatsBus extends MessageBus {
  /** The connection, for who else speaks over it: streams, heartbeats. Closed with the bus, after it. */
  readonly link: NatsLink;
}

/** @throws ReckonerError bus_unreachable, bus_refused, bus_settings_invalid */
export async function openNatsBus({ settings, ...options }: OpenNatsBusOptions): Promise<NatsBus> {
  const { node, onStatus, connectMs, pingMs, drainMs } = options;
  const link = await connectNats(settings, { name: `reckoner ${node}`, onStatus, connectMs, pingMs, drainMs });
  const bus = createNatsBus({ ...options, link });
  let closing: Promise<void> | undefined;
  return {
    ...bus,
    link,
    close() {
      closing ??= bus.close().finally(link.close);
      return closing;
    },
  };
}
