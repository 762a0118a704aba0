/** What others have earned on the public sets, and what ours must. Figures are of these files; a file of another name has no bar of its own. */

import { CEILINGS, rewardFigure, SPENT_AT_MOST, spendFigure } from './budget.ts';

export interface Published {
  /** What the mean must reach within one standard error; null: shown, not judged; not given: judged by the comparisons of the run. */
  readonly bar?: number | null;
  readonly stretch?: number;
  /** Figures of others, by who they are. */
  readonly peers: Readonly<Record<string, number>>;
  /** How the peers' figures came about, where that differs. */
  readonly note?: string;
}

const OFFLINE =
  'RouteLLM’s routers learned off line from labels and see only the text; ours learn on line and are told the subject';

/** By set and figure. APGR and CPT: Ong et al. 2024, arXiv 2406.18665v4. ParetoBandit: its repository at 72ccbef. Others: measured with the peers' code. */
const published: Readonly<Record<string, Published>> = {
  'routellm/mmlu utility at 0.1': {
    bar: 0.779,
    stretch: 0.782,
    peers: { 'LiteLLM’s scheme': 0.779, 'tuned VW': 0.779 },
  },
  'routellm/mmlu APGR': { bar: 0.57, peers: { BERT: 0.572, 'causal LLM': 0.6, MF: 0.597, SW: 0.603 }, note: OFFLINE },
  'routellm/mmlu APGR, second half': { bar: 0.58, peers: {} },
  'routellm/gsm8k utility at 0.1': { bar: null, peers: {} },
  'routellm/gsm8k APGR': { bar: 0.5, peers: { BERT: 0.531, 'causal LLM': 0.622, MF: 0.565, SW: 0.568 }, note: OFFLINE },
  'llmrouter/train_a reward': {
    bar: 0.63,
    stretch: 0.64,
    peers: { 'LiteLLM’s scheme': 0.592, 'tuned VW': 0.63 },
  },
  'pareto/val regret, 3 arms': {
    bar: 60,
    peers: { ParetoBandit: 87 },
    note: 'ParetoBandit’s figure is of its test part, this is its val part',
  },
  'pareto/val reward': { bar: null, peers: {} },
  'classification/digits error': labelled(0.182, { VW: 0.29 }),
  'classification/letter error': labelled(0.38, { VW: 0.739 }),
  'classification/shuttle error': { bar: 0.062, peers: { VW: 0.086 } },
  'classification/vehicle error': labelled(0.348, { VW: 0.678 }),
  'classification/soybean error': labelled(0.498, { VW: 0.593 }),
  'classification/mushroom error': { bar: 0.008, peers: { VW: 0.0053 } },
  'classification/pima error': labelled(0.241, { VW: 0.341 }),
};

/** ParetoBandit's rewards at each ceiling: of its part `test`, learned on `val`. */
const underCeilings = [0.793, 0.813, 0.859, 0.923, 0.924, 0.926, 0.932] as const;
const REST =
  'ParetoBandit’s rewards at a ceiling are of its part test, after learning on val; here val is played from nothing';

/** What must be reached at a ceiling; undefined where the figure is of something else. */
function paced(set: string, figure: string): Published | undefined {
  const place = CEILINGS.findIndex((ceiling) => figure === rewardFigure(ceiling));
  const reward = underCeilings[place];
  if (CEILINGS.some((ceiling) => figure === spendFigure(ceiling))) return { bar: SPENT_AT_MOST, peers: {} };
  if (reward === undefined || !set.startsWith('pareto/')) return undefined;
  const peers = { ParetoBandit: reward };
  if (set !== 'pareto/val') return { bar: reward, peers };
  // On val not even hindsight reaches the first one: its cheapest arm costs more than the ceiling and earns less.
  return place === 0 ? { peers, note: REST } : { bar: reward, peers, note: REST };
}

/** Undefined where nobody has published a figure: then the comparisons of the run alone decide. */
export function publishedOf(set: string, figure: string): Published | undefined {
  if (Object.hasOwn(published, `${set} ${figure}`)) return published[`${set} ${figure}`];
  const underCeiling = paced(set, figure);
  if (underCeiling !== undefined) return underCeiling;
  // What a curve is summed up by, beside its area, has no bar anywhere.
  return figure.startsWith('CPT') || figure.endsWith('second half') ? { bar: null, peers: {} } : undefined;
}

/** @param linUcb error of ridge LinUCB(1): ours may be a twentieth above it @param peers VW: `cbify`, the best of seven explorers, tuned */
function labelled(linUcb: number, peers: Readonly<Record<string, number>>): Published {
  return { bar: 1.05 * linUcb, peers };
}
