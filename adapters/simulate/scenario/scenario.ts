/**
 * Worlds that change while a router learns, as ParetoBandit plays them (Taberner-Miller 2026, arXiv:2604.00136; its repository at
 * 72ccbef, experiments 02 to 04): a price falls, a quality falls and nobody says so, a new arm appears.
 */
import { ReckonerError } from '../../../events/errors.ts';
import { meanDollars, meanUtilities } from '../../datasets/baselines.ts';
import type { Dataset, RecordedRequest } from '../../datasets/dataset.ts';

export const scenarioNames = ['price-drop', 'quality-drop', 'new-good-arm', 'new-bad-arm'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** What the options say of scenarios; what is absent has a default that follows from the data. */
export interface ScenarioOptions {
  /** The arm that changes or appears. */
  readonly arm?: string | undefined;
  /** Mean reward that the arm falls to. */
  readonly dropTo?: number | undefined;
  /** What its dollars are multiplied by. */
  readonly priceFactor: number;
}

export interface Phase {
  /** learning: nothing is measured yet; before and after the change; restored: as before again. */
  readonly name: 'learning' | 'before' | 'after' | 'restored';
  readonly requests: number;
}

export interface Scenario {
  readonly name: ScenarioName;
  readonly phases: readonly Phase[];
  /** Index of the arm that changes or appears; null: the one that a shuffle called most in the phase before. */
  readonly arm: number | null;
  /** Whether the arm is there only after the change. */
  readonly appears: boolean;
  /** By arm: what its rewards and its dollars are multiplied by after the change, should it be the one. */
  readonly rewardFactors: readonly number[];
  readonly dollarFactor: number;
}

/** The published price cut, from $1.25 and $10 a million tokens to $0.10 and $0.10, as a factor of the mean of both. */
export const PUBLISHED_PRICE_FACTOR = 0.1 / 5.625;
/** Where the published quality falls to, and the least part of itself that a worse arm keeps: 0.75 is 0.81 of what that arm had. */
const PUBLISHED_DROP_TO = 0.75;
const PUBLISHED_DROP = 0.81;
/** What the rewards of the published bad newcomer are multiplied by. */
const PUBLISHED_BAD = 0.5;

/** With fewer requests there would be no level before and after the change to speak of. */
const FEWEST = 450;

/**
 * The scenario for a dataset. The requests come twice, each time in an order of their own: once to learn from, then in three equal
 * phases, before, after and restored; a new arm appears for all of the second time. So ParetoBandit's phases are: 1,785 and 3 x 608,
 * or 1,785 and 1,793 requests. (Its second time is other requests: there one file is all there is.)
 * @throws ReckonerError request_invalid for an arm that is not there, too few requests, a price that is not recorded
 */
export function scenarioOf(name: ScenarioName, dataset: Dataset, options: ScenarioOptions): Scenario {
  const { rows, arms } = dataset;
  if (rows.length < FEWEST) {
    throw invalid(
      `A scenario asks for ${FEWEST} requests at least, ${dataset.name} has ${rows.length}.`,
      'Give a longer file, or leave --limit out.',
    );
  }
  if (name === 'price-drop' && !dataset.priced) {
    throw invalid(
      `${dataset.name} records no dollars, so no price can fall.`,
      'Give a file with a column c_<arm> for every arm.',
    );
  }
  const means = meanUtilities(rows, []);
  const appears = name === 'new-good-arm' || name === 'new-bad-arm';
  const third = Math.floor(rows.length / 3);
  return {
    name,
    phases: [
      { name: 'learning', requests: rows.length },
      ...(appears
        ? [{ name: 'after' as const, requests: rows.length }]
        : (['before', 'after', 'restored'] as const).map((phase) => ({ name: phase, requests: third }))),
    ],
    arm: options.arm === undefined ? defaultArm(name, rows, means) : placeOf(options.arm, arms),
    appears,
    rewardFactors: means.map((mean) => rewardFactor(name, mean, options)),
    dollarFactor: name === 'price-drop' ? options.priceFactor : 1,
  };
}

/** The dearest arm for a price, the second best for a newcomer: good, and not so good that nobody could miss it. */
function defaultArm(name: ScenarioName, rows: readonly RecordedRequest[], means: readonly number[]): number | null {
  if (name === 'quality-drop') return null;
  const by = name === 'price-drop' ? means.map((_, arm) => meanDollars(rows, arm)) : means;
  const order = by.map((_, arm) => arm).sort((one, other) => (by[other] ?? 0) - (by[one] ?? 0));
  return order[name === 'price-drop' ? 0 : 1] ?? 0;
}

function rewardFactor(name: ScenarioName, mean: number, { dropTo }: ScenarioOptions): number {
  if (name === 'new-bad-arm') return PUBLISHED_BAD;
  if (name !== 'quality-drop' || mean === 0) return 1;
  return Math.min(1, (dropTo ?? Math.min(PUBLISHED_DROP_TO, PUBLISHED_DROP * mean)) / mean);
}

function placeOf(arm: string, arms: readonly string[]): number {
  const place = arms.indexOf(arm);
  if (place === -1) throw invalid(`There is no arm ${arm}.`, `The arms are ${arms.join(', ')}.`);
  return place;
}

/** A request as it is after the change of that arm. */
export function changed(request: RecordedRequest, scenario: Scenario, arm: number): RecordedRequest {
  const by = (factor: number) => (value: number, place: number) => (place === arm ? value * factor : value);
  return {
    ...request,
    rewards: request.rewards.map(by(scenario.rewardFactors[arm] ?? 1)),
    dollars: request.dollars.map(by(scenario.dollarFactor)),
  };
}

function invalid(message: string, remedy: string): ReckonerError {
  return new ReckonerError('request_invalid', message, { remedy });
}
