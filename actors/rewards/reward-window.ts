/** Reward windows: how long a decision waits for its reward, and what ends that. */
import type { RewardObserved } from '../../proto/generated/events.ts';
import type { WindowStanding } from '../domain/domain-state.ts';

/** The feedback of a reward that nobody gave: nothing had come when the window closed. */
export const SILENCE = 'silence';

/** Why silence was taken back: a reward came after all. */
export const SUPERSEDED = 'superseded';

/** The feedback of a reward for an arm whose agent did not answer. */
export const FAILED = 'failed';

/** Whether a reward takes the place of silence: one of the kind that is waited for, also where it moves nothing. */
export function answersWindow(
  { feedback, kind }: Pick<RewardObserved, 'feedback' | 'kind'>,
  window: Pick<WindowStanding, 'kind'> | undefined,
): boolean {
  // That an agent failed says nothing of the answer that another gave in its place.
  if (feedback === SILENCE || feedback === FAILED) return false;
  return window?.kind === undefined || window.kind === kind;
}

/** Whether a decision waits no more after this reward. */
export function closesWindow(reward: Pick<RewardObserved, 'feedback' | 'kind'>, window: WindowStanding | undefined) {
  return reward.feedback === SILENCE || answersWindow(reward, window);
}
