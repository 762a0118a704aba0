/** A node among several: over a bus that reaches the others it tells that it lives, and learns which buckets are its own. */
import { createPlacement, type Placement } from '../../../actors/cluster/placement.ts';
import type { System } from '../../../actors/system.ts';
import { type EventLog, START } from '../../../events/event-log.ts';
import type { MessageBus } from '../../../events/message-bus.ts';
import { type NodeMembers, openMembers } from '../../nats/members.ts';

export interface Cluster {
  /** For the system, which joins with it when it is started, and leaves when it is stopped. */
  readonly placement: Placement;
  readonly members: NodeMembers;
  /** What the others are told of from now on. */
  follow(system: System): void;
  close(): Promise<void>;
}

export interface ClusterOptions {
  readonly bus: MessageBus;
  /** Name of this node. */
  readonly node: string;
  readonly version: string;
  /** That all of them write. */
  readonly log: EventLog;
  readonly onFailure: (where: string, thrown: unknown) => void;
}

/** Listens for a moment to who is there; takes part only when the system is started with its placement. */
export async function openCluster({ bus, node, version, log, onFailure }: ClusterOptions): Promise<Cluster> {
  let followed: System | undefined;
  let placement: Placement | undefined;
  const members: NodeMembers = await openMembers({
    ...{ bus, self: node, version, log: await createLogName(log) },
    onTrouble: (trouble) => onFailure('nodes', trouble),
    status: () => {
      const { liveBuckets = 0, inFlight = 0 } = followed?.health() ?? {};
      const counts = placement?.counts ?? { forwarded: 0, takenOver: 0 };
      return {
        liveBuckets,
        inFlight,
        position: followed?.seen() ?? START,
        ...counts,
      };
    },
  });
  placement = createPlacement(members, { now: () => performance.now() });
  return {
    placement,
    members,
    follow(system) {
      followed = system;
    },
    close: members.close,
  };
}

/** The id of the log's first event, which no other log has; empty until there is one, and looked for again and again. */
async function createLogName(log: EventLog): Promise<() => string> {
  let name = '';
  let looking = false;
  const look = async () => {
    looking = true;
    try {
      for await (const { id } of log.readAll({ limit: 1 })) name = id;
    } catch {
      // It is asked for again with the next heartbeat; that the log is in trouble is told by others.
    }
    looking = false;
  };
  await look();
  return () => {
    if (name === '' && !looking) void look();
    return name;
  };
}
