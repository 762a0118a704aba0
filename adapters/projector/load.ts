/** How busy the event loop that decides is, in memory that the thread that projects sees too: telling it wakes neither of them. */
import { performance } from 'node:perf_hooks';

export interface LoadMeter {
  /** What `loadIn` reads. */
  readonly shared: Int32Array;
  stop(): void;
}

const EVERY_MS = 250;
/** The share is kept in thousandths: whole numbers can be read while they are written. */
const WHOLE = 1_000;

/** Measures the event loop of the thread that calls it. */
export function meterLoad(): LoadMeter {
  const shared = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    Atomics.store(shared, 0, Math.round(WHOLE * performance.eventLoopUtilization(now, before).utilization));
    before = now;
  }, EVERY_MS).unref();
  return { shared, stop: () => clearInterval(timer) };
}

/** The part of the last quarter of a second in which that loop was busy, in [0, 1]; 0 before the first is over. */
export function loadIn(shared: Int32Array): number {
  return Atomics.load(shared, 0) / WHOLE;
}
