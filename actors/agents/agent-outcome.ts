/** How an agent says that a call ended, and what of it is believed. */

/** timeout: too slow. overloaded: too busy. refused: declined, by the agent or by its open breaker. failed: anything else. */
export type FailureCategory = 'timeout' | 'overloaded' | 'refused' | 'failed';

/** How the agent itself says that a call ended. */
export type Outcome =
  | {
      readonly ok: true;
      readonly answer: unknown;
      /** Dollars, 0 or more. */
      readonly costUsd: number;
      /** In [0, 1], where it is known at once. */
      readonly quality?: number;
      /** What a simulated or recorded agent says it took; default: what the clock says. */
      readonly latencyMs?: number;
      readonly inputTokens?: number;
      readonly outputTokens?: number;
    }
  | { readonly ok: false; readonly category: FailureCategory; readonly latencyMs?: number };

const CATEGORIES: ReadonlySet<unknown> = new Set<FailureCategory>(['timeout', 'overloaded', 'refused', 'failed']);
const MOST_TOKENS = 2 ** 32 - 1; // what the event's field holds

/**
 * Takes over what an agent gave back. The log keeps it for good, and writes it together with the outcomes of other calls: so
 * what is no outcome is a fault of the agent, and goes no further.
 * @throws TypeError that names the field, never its value
 */
export function soundOutcome(given: Outcome): Outcome {
  if (typeof given !== 'object' || given === null) throw new TypeError('The agent gave back no outcome.');
  // Each field is read once: what is passed on is what was looked at.
  const latencyMs = measured('latencyMs', given.latencyMs);
  if (given.ok === true) {
    const { answer, costUsd } = given;
    return {
      ok: true,
      answer,
      costUsd: measured('costUsd', costUsd) ?? unsound('costUsd'),
      quality: measured('quality', given.quality, 1),
      latencyMs,
      inputTokens: counted('inputTokens', given.inputTokens),
      outputTokens: counted('outputTokens', given.outputTokens),
    };
  }
  const { ok, category } = given;
  if (ok !== false) return unsound('ok');
  return CATEGORIES.has(category) ? { ok, category, latencyMs } : unsound('category');
}

function measured(field: string, value: number | undefined, most = Number.MAX_VALUE): number | undefined {
  const sound = value === undefined || (typeof value === 'number' && value >= 0 && value <= most);
  return sound ? value : unsound(field);
}

function counted(field: string, value: number | undefined): number | undefined {
  return value === undefined || Number.isInteger(value) ? measured(field, value, MOST_TOKENS) : unsound(field);
}

function unsound(field: string): never {
  throw new TypeError(`The agent gave back an outcome whose ${field} is not what it must be.`);
}
