/**
 * What a recorded reward is worth under another definition than the one that it was recorded under, as far as its event says. A value
 * that was given outright stays; its share of a pull goes by its kind.
 */
import type { RewardObserved } from '../../proto/generated/events.ts';
import type { RewardKind } from '../config/reward.ts';
import { heard, type RewardRules, shareOf, silenceValue, weigh } from '../rewards/reward-value.ts';
import { FAILED, SILENCE } from '../rewards/reward-window.ts';

/** What of a recorded reward its worth depends on. */
export type Recorded = Pick<RewardObserved, 'value' | 'share' | 'kind' | 'feedback' | 'components' | 'given'>;
export type Worth = Pick<RewardObserved, 'value' | 'share'>;

const NOTHING: Worth = { value: 0, share: 0 };

/**
 * @param then what was in force when it was recorded: in the first logs only a value that this does not come to was given for sure
 * @param now what is in force
 */
export function worthUnder(now: RewardRules, then: RewardRules, recorded: Recorded): Worth {
  // That an agent failed is worth the same in every domain.
  if (recorded.feedback === FAILED) return recorded;
  // Recorded from one of them, or of a newer version: that has no share here.
  const share = shareOf(now, recorded.kind as RewardKind);
  if (recorded.feedback === SILENCE) return silenceUnder(now, then, recorded, share);
  if (isGiven(then, recorded)) return { value: recorded.value, share: recorded.share === 0 ? 0 : share };
  const value = definedValue(now, then, recorded);
  return value === undefined || share === 0 ? NOTHING : { value, share };
}

/** Nobody would have waited without a window; and where a run had no answer, silence says nothing. */
function silenceUnder(now: RewardRules, then: RewardRules, recorded: Recorded, share: number): Worth {
  const { window } = now.reward;
  const before = then.reward.window;
  if (window === undefined || recorded.given) return NOTHING;
  if (recorded.share === 0 && before !== undefined && silenceValue(then, before).share > 0) return NOTHING;
  const { value, neutral } = { ...silenceValue(now, window), neutral: window.silence === 'neutral' };
  return neutral || share === 0 ? NOTHING : { value, share };
}

function isGiven(then: RewardRules, recorded: Recorded): boolean {
  if (recorded.given || (recorded.feedback === '' && recorded.components === undefined)) return true;
  const value = definedValue(then, then, recorded);
  return value === undefined ? recorded.share > 0 : value !== recorded.value;
}

/** What a definition makes of feedback and components; undefined where that moves nothing. */
function definedValue(now: RewardRules, then: RewardRules, { feedback, components }: Recorded): number | undefined {
  const said = heardIn(now, feedback);
  if (components === undefined) return said;
  // What was heard was recorded as the component of feedback, unless that was measured itself.
  const isHeard = components.feedback === heardIn(then, feedback);
  return weigh(now.reward.weights, isHeard ? { ...components, feedback: said } : components);
}

const RATING = 'rating:';

function heardIn({ feedback: mapping }: RewardRules, feedback: string): number | undefined {
  if (feedback.startsWith(RATING)) return heard(mapping, { rating: Number(feedback.slice(RATING.length)) });
  if (feedback === 'click' || feedback === 'thumbs_up' || feedback === 'thumbs_down') return heard(mapping, feedback);
  return undefined;
}
