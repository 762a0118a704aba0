/** Time as an agent needs it: a real one in production, a simulated one that a test turns by hand. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Calls back once `now()` has reached `time`; what it returns cancels that. */
  wakeAt(time: number, wake: () => void): () => void;
}
