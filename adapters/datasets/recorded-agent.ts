import type { RecordedRequest } from './dataset.ts';

/** What came of one recorded call. */
export interface RecordedOutcome {
  /** Where the outcome comes from: no model was called. */
  readonly source: 'recorded';
  /** Reward in [0, 1]. */
  readonly reward: number;
  /** US dollars of the call; null where they were not recorded. */
  readonly dollars: number | null;
}

/**
 * Carries arms out by looking up what was recorded. It tells the outcome of the arm that is called and of no other: what a
 * router does not choose it does not see.
 * @param arms the dataset's arms, in its order
 */
export function recordedAgent(arms: readonly string[]): (request: RecordedRequest, arm: string) => RecordedOutcome {
  const places = new Map(arms.map((arm, index) => [arm, index]));
  return (request, arm) => {
    const reward = request.rewards[places.get(arm) ?? -1];
    if (reward === undefined) throw new RangeError(`${arm} was not recorded`);
    return { source: 'recorded', reward, dollars: request.dollars[places.get(arm) ?? -1] ?? null };
  };
}
