/**
 * A policy as a domain of one node runs it, without its log: buckets, priors shared every so many rewards, floor, shifts. What
 * can be taken from the actors is: the configuration with its defaults, the encoding, the domain's fold, the prior.
 */
import { charged, type PacedCandidates, paceCandidates } from '../../actors/choice/budget.ts';
import { priorOf } from '../../actors/choice/choose.ts';
import { parseDomainConfig } from '../../actors/config/domain-config.ts';
import { createTimeline, type DomainState } from '../../actors/domain/domain-state.ts';
import { sharesPriors } from '../../actors/domain/sharing.ts';
import { createPolicy, type PolicySpec } from '../../policies/catalogue.ts';
import { type Pacer, settle } from '../../policies/pacer.ts';
import type { Situation } from '../../policies/policy.ts';
import { drawUniform, type Randomness, randomness } from '../../policies/sampling.ts';
import type { Learner } from './learner.ts';
import type { Problem } from './problem.ts';

export interface DomainChoices {
  readonly name: string;
  readonly policy: PolicySpec | undefined;
  /** Probability spread evenly over the arms. */
  readonly floor: number;
  /** False: one bucket for all rows; what would make the buckets is context only. */
  readonly buckets: boolean;
}

export function domainLearner(problem: Problem, { name, policy, floor, buckets }: DomainChoices): Learner {
  const config = parseDomainConfig({
    arms: problem.arms.map((arm, index) => ({
      name: arm,
      shift: 0 - (problem.costs[index] ?? 0),
      ...(problem.budget === undefined ? {} : { costUsd: problem.budget.declaredUsd[index] }),
    })),
    ...(problem.budget === undefined ? {} : { budget: { perRequestUsd: problem.budget.perRequestUsd } }),
    context: problem.context,
    bucketBy: buckets ? [...problem.bucketBy] : [],
    exploration: floor,
    ...(policy === undefined ? {} : { policy }),
  });
  const configured = { config: JSON.stringify(config), by: 'bench', reason: '' };
  const { schema } = begun(configured);
  const features = problem.rows.map(({ context }) => schema.encode(context, 0));
  const bucketOf = features.map((encoded) => schema.bucketOf(encoded).id);
  const shifts = config.arms.some(({ shift }) => shift !== 0) ? config.arms.map(({ shift }) => shift) : [];
  const situationOf = (state: DomainState, row: number, paced: PacedCandidates | undefined): Situation => {
    const candidates = paced?.candidates ?? state.armNames;
    return {
      candidates,
      // Under a budget no arm has a known cost in units of reward.
      shifts: paced?.shifts ?? shifts,
      prior: priorOf(state, candidates),
      features: features[row]!,
      floor,
    };
  };
  return {
    name,
    begin(seed) {
      const random = randomness(seed);
      const timeline = createTimeline(createPolicy);
      timeline.apply(0, { type: 'DomainConfigured', data: configured });
      const posteriors = new Map<string, unknown>();
      const sums = problem.arms.map(() => ({ pulls: 0, sum: 0 }));
      let counted = 0;
      // As in a node, each bucket keeps the ceiling by itself.
      const pacers = new Map<string, Pacer>();
      let paced: PacedCandidates | undefined;
      return {
        choose(row) {
          const state = stateOf(timeline.latest);
          const bucket = bucketOf[row]!;
          let posterior = posteriors.get(bucket);
          if (posterior === undefined) {
            posterior = state.policy.init();
            posteriors.set(bucket, posterior);
          }
          const pacer = pacers.get(bucket);
          paced = paceCandidates({ domain: state, pacer }, state.armNames, features[row]!);
          const situation = situationOf(state, row, paced);
          const chosen = state.policy.choose(posterior, situation, seedFrom(random), 1).ranking[0]!;
          const next = charged(pacer, row, { pace: paced?.paceOf(chosen) });
          if (next !== undefined) pacers.set(bucket, next);
          return paced === undefined ? chosen : state.armNames.indexOf(situation.candidates[chosen]!);
        },
        learn(row, arm, value, dollars) {
          const state = stateOf(timeline.latest);
          const bucket = bucketOf[row]!;
          const posterior = posteriors.get(bucket);
          const lesson = {
            arm: problem.arms[arm]!,
            value,
            share: 1,
            features: features[row]!,
            // Costs more than choosing, and most policies do not ask. Nothing was learned since the choice.
            get propensity() {
              const situation = situationOf(state, row, paced);
              return state.policy.propensities(posterior, situation)[situation.candidates.indexOf(problem.arms[arm]!)];
            },
            seed: seedFrom(random),
            time: 0,
          };
          posteriors.set(bucket, state.policy.learn(posterior, lesson));
          const pacer = pacers.get(bucket);
          if (pacer !== undefined && dollars !== undefined)
            settle(pacer, row, problem.arms[arm]!, problem.budget?.declaredUsd[arm], dollars);
          const total = sums[arm]!;
          total.pulls += 1;
          total.sum += value;
          counted += 1;
          if (!sharesPriors(state) || counted % config.sharing.every !== 0) return;
          const known = problem.arms.flatMap((name, index) => {
            const { pulls, sum } = sums[index]!;
            return pulls === 0 ? [] : [{ arm: name, pulls, sum }];
          });
          timeline.apply(timeline.length, { type: 'PriorShared', data: { counted, through: '', arms: known } });
        },
      };
    },
  };
}

function begun(configured: { config: string; by: string; reason: string }): DomainState {
  const timeline = createTimeline(createPolicy);
  timeline.apply(0, { type: 'DomainConfigured', data: configured });
  return stateOf(timeline.latest);
}

function stateOf(state: DomainState | undefined): DomainState {
  if (state === undefined) throw new Error('a domain that was configured has a state');
  return state;
}

function seedFrom(random: Randomness): number {
  return Math.floor(drawUniform(random) * 2 ** 32);
}
