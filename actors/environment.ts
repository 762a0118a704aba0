/** What the actors may not reach for themselves: time, randomness and waiting. Injected by the composition root. */
export interface Environment {
  /** Name of this node, the writer in every event. */
  readonly node: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number;
  /** A fresh UUID, for requests that bring no id. */
  readonly uuid: () => string;
  /** 32 random bits, unsigned: the seed of one choice. */
  readonly seed: () => number;
  /** Settles after so many milliseconds, or as soon as the signal is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}
