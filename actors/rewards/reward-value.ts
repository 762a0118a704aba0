/** What a reward is worth, as the domain defines it: from a value, a feedback or measured components to one number in [0, 1]. */
import { ReckonerError } from '../../events/errors.ts';
import type { Components } from '../../proto/generated/events.ts';
import type { DomainConfig } from '../config/domain-config.ts';
import { kindOfSilence, type RewardKind, type RewardWindow } from '../config/reward.ts';
import { canonical } from '../identity/canonical.ts';
import type { RewardCommand } from '../messages/reward.ts';
import { SILENCE } from './reward-window.ts';

export interface RewardValue {
  readonly value: number;
  /** The part of one pull; 0 where it moves nothing. */
  readonly share: number;
  readonly kind: RewardKind;
  /** As recorded: `click`, `rating:4`, `silence`, or empty. */
  readonly feedback: string;
  readonly components: Components | undefined;
}

const worth = { success: 1, failure: 0, neutral: undefined } as const;

/**
 * A given value counts as it is; else components are weighed, the mapped feedback among them; else the mapped feedback counts.
 * Neutral feedback alone moves nothing.
 * @throws ReckonerError reward_invalid where the domain gives the kind no share
 */
export function rewardValue(config: Pick<DomainConfig, 'reward' | 'feedback'>, command: RewardCommand): RewardValue {
  const kind = kindOf(command);
  const share = shareOf(config, kind);
  if (share === 0) {
    throw new ReckonerError('reward_invalid', `This domain gives rewards of the kind ${kind} no share of a pull.`, {
      remedy: 'Send a kind that the domain’s reward.shares names, or give this kind a share.',
    });
  }
  const said = command.feedback === undefined ? undefined : heard(config.feedback, command.feedback);
  const given = command.components;
  const components: Components | undefined =
    given === undefined
      ? undefined
      : { quality: given.quality, cost: given.cost, latency: given.latency, feedback: given.feedback ?? said };
  const value = command.value ?? (components === undefined ? said : weigh(config.reward.weights, components));
  return {
    value: value ?? 0,
    share: value === undefined ? 0 : share,
    kind,
    feedback: wordsOf(command.feedback),
    components,
  };
}

/** Which part of a domain says what rewards are worth. */
export type RewardRules = Pick<DomainConfig, 'reward' | 'feedback'>;

/** Equal for two configurations exactly if every reward is worth the same under both. */
export function rewardKeyOf({ reward: { weights, shares, window }, feedback }: RewardRules): string {
  return canonical({ weights, shares: shares ?? null, silence: window?.silence ?? null, feedback });
}

/** What a mapped feedback is worth; undefined for neutral feedback. */
export function heard(
  mapping: DomainConfig['feedback'],
  feedback: NonNullable<RewardCommand['feedback']>,
): number | undefined {
  return worth[outcomeOf(mapping, feedback)];
}

/** What it is worth that no reward came before the window closed. */
export function silenceValue(config: Pick<DomainConfig, 'reward'>, window: RewardWindow): RewardValue {
  const kind = kindOfSilence(window);
  const value = typeof window.silence === 'number' ? window.silence : worth[window.silence];
  const share = value === undefined ? 0 : shareOf(config, kind);
  return { value: value ?? 0, share, kind, feedback: SILENCE, components: undefined };
}

export function shareOf({ reward: { shares } }: Pick<DomainConfig, 'reward'>, kind: RewardKind): number {
  return shares === undefined ? 1 : (shares[kind] ?? 0);
}

/** The kind that is given, else explicit for feedback and outcome for the rest. */
export function kindOf(command: RewardCommand): RewardKind {
  return command.kind ?? (command.feedback === undefined ? 'outcome' : 'explicit');
}

function outcomeOf(
  mapping: DomainConfig['feedback'],
  feedback: NonNullable<RewardCommand['feedback']>,
): keyof typeof worth {
  if (typeof feedback === 'string') return mapping[feedback];
  if (feedback.rating >= mapping.successRating) return 'success';
  return feedback.rating <= mapping.failureRating ? 'failure' : 'neutral';
}

function wordsOf(feedback: RewardCommand['feedback']): string {
  return feedback === undefined ? '' : typeof feedback === 'string' ? feedback : `rating:${feedback.rating}`;
}

/** The weighted mean of the components that are there; undefined where those have no weight. */
export function weigh(weights: DomainConfig['reward']['weights'], components: Components): number | undefined {
  let total = 0;
  let sum = 0;
  for (const name of ['quality', 'cost', 'latency', 'feedback'] as const) {
    const component = components[name];
    if (component === undefined) continue;
    total += weights[name];
    sum += weights[name] * component;
  }
  return total === 0 ? undefined : Math.min(1, sum / total);
}
