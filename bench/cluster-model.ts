/** On paper: 100 nodes, 1,000,000 buckets, 1,000,000 decisions and rewards a second, from what was measured on this machine. */
import { rounded } from './statistics.ts';

export interface Constants {
  /** Microseconds of a node's processor for a decision and its reward, without the wire. */
  readonly decisionCpuUs: number;
  /** What they cost a node more over NATS. */
  readonly wireCpuUs: number;
  /** What both nodes together spend more for a command that crosses. */
  readonly forwardCpuUs: number;
  readonly serverCpuUsPerMessage: number;
  /** That one log has taken in from one process. */
  readonly eventsPerSecond: number;
  readonly bucketBytes: number;
  readonly heartbeatBytes: number;
}

/** What the model takes for given: machines that somebody might have, and no measurement. */
const GIVEN = {
  nodes: 100,
  buckets: 1_000_000,
  decisionsPerSecond: 1_000_000,
  /** A node is one process, and decides on one core; the log's thread and the wire have others. */
  coresPerNode: 1,
  bytesPerNode: 4 * 2 ** 30,
  natsServers: 3,
  coresPerNatsServer: 8,
} as const;

/** @returns for each part what it would have to carry, what it could, and the rate at which it breaks */
export function modelOf(constants: Constants) {
  const { nodes, buckets, decisionsPerSecond, coresPerNode, natsServers, coresPerNatsServer } = GIVEN;
  const elsewhere = 1 - 1 / nodes;
  // A decision and its reward: two requests and two replies from the client, and as many between nodes for what crosses.
  const messagesEach = 4 + 4 * elsewhere;
  const nodeUs = constants.decisionCpuUs + constants.wireCpuUs + 2 * elsewhere * constants.forwardCpuUs;
  const heartbeats = nodes * nodes;
  const parts = {
    log: { demand: 2 * decisionsPerSecond, capacity: constants.eventsPerSecond, unit: 'events/s into one log' },
    nats: {
      demand: messagesEach * decisionsPerSecond + heartbeats,
      capacity: (natsServers * coresPerNatsServer * 1e6) / constants.serverCpuUsPerMessage,
      unit: `messages/s over ${natsServers} servers of ${coresPerNatsServer} cores`,
    },
    nodes: { demand: (nodeUs * decisionsPerSecond) / 1e6, capacity: nodes * coresPerNode, unit: 'cores of nodes' },
    memory: {
      demand: (buckets * constants.bucketBytes) / nodes / 2 ** 20,
      capacity: GIVEN.bytesPerNode / 2 ** 20,
      unit: 'MiB of live buckets a node',
    },
  };
  const loads = Object.entries(parts)
    .map(([part, { demand, capacity, unit }]) => ({
      part,
      demand: rounded(demand, 0),
      capacity: rounded(capacity, 0),
      load: rounded(demand / capacity, 3),
      unit,
      // Memory goes by buckets, all else by decisions.
      breaksAt: part === 'memory' ? null : Math.round((decisionsPerSecond * capacity) / demand),
    }))
    .sort((left, right) => right.load - left.load);
  const first = loads[0];
  const heartbeatBytesPerNode = nodes * constants.heartbeatBytes;
  const lines = [
    `on paper: ${nodes} nodes, ${buckets} buckets, ${decisionsPerSecond} decisions and rewards/s`,
    ...loads.map(
      ({ part, demand, capacity, unit, load, breaksAt }) =>
        `  ${part}: ${demand} of ${capacity} ${unit}, ${rounded(load * 100, 0)} %${breaksAt === null ? '' : `, full at ${breaksAt} decisions/s`}`,
    ),
    `  heartbeats: ${heartbeats} messages/s in all, ${heartbeatBytesPerNode} bytes/s a node`,
    `  first to break: ${first?.part}; it would take ${Math.ceil(first?.load ?? 0)} of them`,
  ];
  return {
    lines,
    figures: { given: GIVEN, loads, first: first?.part, heartbeatsPerSecond: heartbeats, heartbeatBytesPerNode },
  };
}
