import type { Problem } from '../../events/errors.ts';

export interface Health {
  readonly ready: boolean;
  readonly state: string;
  /** What keeps it from being ready though it is open: the log takes no appends. */
  readonly problem?: Pick<Problem, 'code' | 'remedy'>;
  readonly liveBuckets: number;
  readonly inFlight: number;
  readonly domains: number;
  /** Actors that failed and were brought back since the start. */
  readonly restarts: number;
  /** How the read models are kept, where this node makes them. Decisions do not depend on it. */
  readonly projections?: {
    readonly state: 'starting' | 'standby' | 'projecting' | 'trouble' | 'stopped';
    /** For how long the oldest event that is not yet in them has been waiting. */
    readonly secondsBehind: number;
    /** What is wrong, in state trouble; it is tried again. */
    readonly problem?: Pick<Problem, 'code' | 'remedy'>;
  };
}
