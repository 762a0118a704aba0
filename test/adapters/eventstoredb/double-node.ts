/** One node as its handlers see it: the store, who it is in the cluster, and what is scripted to go wrong. */
import type { Metadata, ServiceError } from '@grpc/grpc-js';
import { type EndPoint, failures } from './double-failures.ts';
import type { Call, Fault, Faults } from './double-faults.ts';
import type { Decision, DoubleStore } from './double-store.ts';

/** What the handlers need of a call: who asks, and over which connection. */
export interface Caller {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  getPeer(): string;
}

export interface Outcome {
  readonly done: (decision: Decision) => void;
  readonly refused: (fault: Fault) => void;
}

export interface Node {
  readonly store: DoubleStore;
  readonly faults: Faults;
  readonly maxAppendBytes: number;
  readonly caughtUp: boolean;
  readonly hasty: boolean;
  /** Open subscriptions. */
  readonly subscriptions: Set<object>;
  /** Events that were handed to readers. */
  delivered: number;
  /** Refuses who is not known, or who wants the leader of one that is not. */
  refusal(call: Caller): ServiceError | undefined;
  refusalOf(fault: Fault): ServiceError;
  /** Writes, unless a fault wants it otherwise, and answers. */
  write(kind: Call, call: Caller, commit: () => Decision, outcome: Outcome): void;
  /** Later, unless the server has ended by then. */
  later(ms: number, call: () => void): void;
  cut(call: Caller): void;
}

export interface NodeParts {
  readonly store: DoubleStore;
  readonly faults: Faults;
  readonly maxAppendBytes: number;
  readonly caughtUp: boolean;
  readonly hasty: boolean;
  /** `user:password` that every call must bring; none: all may. */
  readonly credentials: string | undefined;
  /** Undefined where this node leads. */
  readonly leader: () => EndPoint | undefined;
  readonly cutPeer: (peer: string) => void;
  readonly die: () => void;
  readonly later: (ms: number, call: () => void) => void;
}

export function createNode(parts: NodeParts): Node {
  const { store, faults, credentials, leader, cutPeer, die, later } = parts;
  const basic = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;

  const refusalOf = (fault: Fault): ServiceError => {
    if (fault.kind === 'notLeader') return failures.notLeader(fault.leader);
    if (fault.kind === 'busy') return failures.busy();
    if (fault.kind === 'deadline') return failures.timeout();
    if (fault.kind === 'accessDenied') return failures.accessDenied();
    return failures.unavailable();
  };

  return {
    store,
    faults,
    maxAppendBytes: parts.maxAppendBytes,
    caughtUp: parts.caughtUp,
    hasty: parts.hasty,
    subscriptions: new Set(),
    delivered: 0,
    later,
    refusalOf,
    cut: (call) => cutPeer(call.getPeer()),
    refusal(call) {
      if (basic !== undefined && call.metadata.get('authorization')[0] !== basic) return failures.unauthenticated();
      const elsewhere = leader();
      if (elsewhere && call.metadata.get('requires-leader')[0] === 'true') return failures.notLeader(elsewhere);
      return undefined;
    },
    write(kind, call, commit, { done, refused }) {
      const fault = faults.take(kind);
      if (!fault) {
        done(commit());
        return;
      }
      switch (fault.kind) {
        case 'silent':
          break;
        case 'unanswered':
          commit();
          break;
        case 'lostAck':
          commit();
          cutPeer(call.getPeer());
          break;
        case 'cut':
          cutPeer(call.getPeer());
          break;
        case 'full':
          die();
          break;
        case 'slow': {
          const decision = commit();
          later(fault.ms, () => done(decision));
          break;
        }
        case 'deadline':
          if (fault.done) commit();
          refused(fault);
          break;
        case 'dropAfter':
        case 'duplicates':
          throw new Error(`${fault.kind} is no fault of a write`);
        default:
          refused(fault);
      }
    },
  };
}
