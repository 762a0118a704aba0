/**
 * Keeps what an open stream of requests spends at a ceiling of dollars a request on average, by a dual variable (Badanidiyuru,
 * Kleinberg & Slivkins 2013; Agrawal & Devanur 2016; as a multiplier that paces: Balseiro & Gur 2019). A dollar has a price in units
 * of reward; every arm's score is moved by what it costs at that price. The price rises where calls cost more than the ceiling and
 * falls where they cost less, by steps that are factors.
 *
 * A price alone overspends while it is being found, and every time it is no longer right. So there is a balance too: every request
 * pays its ceiling in, every call is paid from it, and an arm that it cannot pay is set aside. Where the balance is what holds
 * back, calls are rationed in the order in which they come; so the price aims at a reserve, and the balance is for the rest.
 *
 * What a call costs depends on what is asked: shifts and charges are of its context, while what the price is there for, and what
 * pays back, go by what arms cost on average.
 */

import { type ArmCost, expectedCost, reportCost } from './arm-cost.ts';
import { type ContextCost, learnContext, relativeCost } from './context-cost.ts';

/** The state of a pacer: a fold of charges and reports. */
export interface Pacer {
  /** What a dollar is worth, in units of reward, >= 0. */
  price: number;
  /** Dollars: what requests paid in, less what calls cost, or are expected to cost where that is not known yet. */
  balance: number;
  readonly arms: Map<string, ArmCost>;
  /** What calls cost in a context, as `context-cost.ts` keeps it. */
  readonly contexts: Map<string, ContextCost>;
  /** What was charged for decisions whose cost is not known yet, by their revision, oldest first. */
  readonly open: Map<number, OpenCharge>;
}

/** A decision whose cost is not known yet. */
export interface OpenCharge {
  /** Dollars, >= 0. */
  readonly usd: number;
  readonly context: string;
}

/** What is there to be paid for. */
export interface Wares {
  /** All arms, whoever may be chosen this time: they say what the price is there for. */
  readonly arms: readonly string[];
  /** K >= 1 of them, or others. */
  readonly candidates: readonly string[];
  /** Dollars that a call of an arm is declared to cost. One of which nothing is known is taken to cost the ceiling. */
  readonly declared: (arm: string) => number | undefined;
  /** What tells contexts of different costs apart; empty: nothing. */
  readonly context: string;
}

/** What a pacer says of one choice among K candidates. */
export interface Pacing {
  /** Indices of the candidates that may be chosen, in their order, at least one. */
  readonly kept: readonly number[];
  /** Dollars that a call of each candidate is expected to cost. Length K. */
  readonly costs: readonly number[];
  /** What moves each candidate's score: 0 for the cheapest, and not below -1 for those that are kept. Length K. */
  readonly shifts: readonly number[];
  readonly price: number;
  /** The range that the price is held in at these costs. */
  readonly least: number;
  readonly most: number;
}

/** One decision, as its pacer is charged with it. */
export interface Charge extends Pick<Pacing, 'price' | 'least' | 'most'> {
  /** The ceiling, dollars a request, > 0. */
  readonly perRequestUsd: number;
  /** Dollars that the chosen arm is expected to cost, >= 0. */
  readonly chargedUsd: number;
  /** The context in which. */
  readonly context: string;
}

/** How far one call moves the logarithm of the price: for one that costs as much as the price is there to ration, and at most. */
const RATE = 0.1;
const STEP_AT_MOST = 0.5;
/** What the balance has beyond the reserve, or lacks, is to be gone after so many requests. */
const HORIZON = 100;
/** By so much of the ceiling calls may cost more or less for that, on average. */
const DRIFT_AT_MOST = 0.5;
/** The reserve: so many calls of the arm that is rationed. */
const RESERVE_CALLS = 3;
/** Ceilings that the balance begins with, and that it can hold; what is saved beyond that is given up. */
const BEGIN_WITH = 2;
const SAVED_AT_MOST = 500;
/** An arm that costs no more than this part of the ceiling on average pays back whatever is owed, and is never set aside. */
const PAYS_BACK = 0.8;
/** Neither is one that pays it back within so many requests. */
const OWED_FOR = 150;
/** Ceilings that can be owed. */
const OWED_AT_MOST = 1e6;
/** Before anything is known: how much more reward the arm that is rationed is taken to earn. */
const FIRST_GAIN = 0.1;
/** A shift that decides nothing. */
const NEGLIGIBLE = 1e-4;
/** Differences of costs below 1e-15 dollars are none. */
const PRICE_AT_MOST = 1e15;
/** Decisions whose cost is waited for: that of an older one stays at what was charged. */
const OPEN_AT_MOST = 1024;

/**
 * Prices the candidates of a choice and sets those aside that cannot be paid, or that cost so much more than the cheapest that no
 * reward makes up for it: nothing but the floor would call those.
 * @param pacer undefined before the first charge
 * @param perRequestUsd > 0
 */
export function pace(pacer: Pacer | undefined, perRequestUsd: number, wares: Wares): Pacing {
  const { arms, candidates, declared, context } = wares;
  const meanOf = (arm: string) => expectedCost(pacer?.arms.get(arm), declared(arm)) ?? perRequestUsd;
  const means = candidates.map(meanOf);
  const costs = means.map((mean, index) => mean * relativeCost(pacer?.contexts, context, candidates[index]!));
  const { least, most } = priceRange(candidates === arms ? means : arms.map(meanOf), perRequestUsd);
  const price = within(least, pacer?.price ?? FIRST_GAIN * most, most);
  const cheapest = Math.min(...costs);
  const balance = pacer?.balance ?? BEGIN_WITH * perRequestUsd;
  const purse = Math.max(cheapest, balance + perRequestUsd);
  const shifts = costs.map((cost) => 0 - price * (cost - cheapest));
  const paysBack = Math.max(PAYS_BACK * perRequestUsd, perRequestUsd + balance / OWED_FOR);
  const payable = (index: number) => costs[index]! <= purse || means[index]! <= paysBack;
  const kept = [...costs.keys()].filter((index) => payable(index) && shifts[index]! >= -1);
  return { kept, costs, shifts, price, least, most };
}

/** From where it decides nothing to where it leaves nothing but the cheapest arm. */
function priceRange(costs: readonly number[], perRequestUsd: number): Pick<Pacing, 'least' | 'most'> {
  const { cheapest, rationed, dearest } = landmarks(costs, perRequestUsd);
  // With this price the arm that is rationed would have to earn 1 more than the cheapest, which no arm does.
  const most = rationed > cheapest ? Math.min(PRICE_AT_MOST, 1 / (rationed - cheapest)) : 0;
  return { least: dearest > 0 ? Math.min(most, NEGLIGIBLE / dearest) : 0, most };
}

/** The least cost, the least that is above the ceiling and above that one (or the least again), and the greatest. */
function landmarks(costs: readonly number[], perRequestUsd: number) {
  let cheapest = Infinity;
  let dearest = 0;
  for (const cost of costs) {
    cheapest = Math.min(cheapest, cost);
    dearest = Math.max(dearest, cost);
  }
  let rationed = Infinity;
  for (const cost of costs) if (cost > perRequestUsd && cost > cheapest) rationed = Math.min(rationed, cost);
  return { cheapest, rationed: rationed === Infinity ? cheapest : rationed, dearest };
}

/**
 * Charges a decision: its request pays the ceiling in, its call is paid at what it is expected to cost, and the price moves.
 * @param pacer undefined before the first charge; changed in place
 * @param revision the decision's, for the report of its cost
 */
export function charge(pacer: Pacer | undefined, revision: number, charged: Charge): Pacer {
  const { perRequestUsd, chargedUsd, context, price, least, most } = charged;
  const state = pacer ?? begun(price, BEGIN_WITH * perRequestUsd);
  const scale = Math.max(perRequestUsd, most > 0 ? 1 / most : 0);
  const reserve = Math.min(DRIFT_AT_MOST * HORIZON, (RESERVE_CALLS * scale) / perRequestUsd);
  const spare = (state.balance / perRequestUsd - reserve) / HORIZON;
  const target = perRequestUsd * (1 + within(-DRIFT_AT_MOST, spare, DRIFT_AT_MOST));
  const step = within(-STEP_AT_MOST, (RATE * (chargedUsd - target)) / scale, STEP_AT_MOST);
  state.price = within(least, state.price * Math.exp(step), most);
  state.balance = Math.min(SAVED_AT_MOST * perRequestUsd, state.balance + perRequestUsd);
  state.balance = Math.max(-OWED_AT_MOST * perRequestUsd, state.balance - chargedUsd);
  state.open.set(revision, { usd: chargedUsd, context });
  if (state.open.size > OPEN_AT_MOST) forgetOldest(state.open);
  return state;
}

/**
 * Takes in what a decision's call has cost. Only the first report of a decision counts, and none of one that is too old.
 * @param pacer changed in place
 * @param arm that was called: the chosen one, or one that stood in for it
 * @param declared dollars that a call of it was declared to cost, undefined where nothing was
 * @param usd >= 0
 */
export function settle(pacer: Pacer, revision: number, arm: string, declared: number | undefined, usd: number): void {
  const charge = pacer.open.get(revision);
  if (charge === undefined) return;
  pacer.open.delete(revision);
  const { cost, counted } = reportCost(pacer.arms.get(arm), declared, usd);
  pacer.arms.set(arm, cost);
  learnContext(pacer.contexts, charge.context, arm, cost, usd);
  pacer.balance += charge.usd - counted;
}

function begun(price: number, balance: number): Pacer {
  return { price, balance, arms: new Map(), contexts: new Map(), open: new Map() };
}

/** A map iterates in the order of insertion, so its first key is the oldest. */
function forgetOldest(open: Pacer['open']): void {
  for (const oldest of open.keys()) {
    open.delete(oldest);
    return;
  }
}

function within(low: number, value: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
