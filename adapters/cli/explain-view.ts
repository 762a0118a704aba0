/** A decision, told to a person: what was believed of every arm at that moment, why this one, and what came of it. */
import { CONSERVATIVE } from '../../actors/choice/conservative.ts';
import type { Explanation } from '../../actors/messages/explanation.ts';
import type { ContextValue } from '../../actors/messages/fields.ts';
import { SILENCE } from '../../actors/rewards/reward-window.ts';
import { figure } from './figure.ts';
import { type Cell, type Column, tableLines } from './table.ts';
import type { Colours } from './terminal.ts';

/** Columns that the table of arms takes beside the plot of beliefs and the names. */
const OTHER_COLUMNS = 53;
const WIDEST_PLOT = 25;
const NARROWEST_PLOT = 11;

/** @param width columns of the terminal: the plots of the beliefs take what is left of them */
export function explanationLines(told: Explanation, colours: Colours, width: number): string[] {
  const label = (text: string) => colours.dim(text.padEnd(10));
  return [
    `${label('decision')}${told.decisionId}`,
    `${label('made')}${stampOf(told.time)} in ${colours.bold(told.domain)}, ${bucketOf(told)}`,
    `${label('by')}${told.policy} v${told.policyVersion}, domain revision ${told.domainRevision}, ${learnedUpTo(told)}, seed ${told.seed}`,
    `${label('context')}${pairs(told.context) || 'none'}`,
    ...optional(label('restarted'), restartOf(told)),
    ...optional(label('path'), told.path.join(', then ')),
    ...optional(label('request'), requestOf(told)),
    `${label('chosen')}${colours.bold(colours.cyan(told.arm))}, ${chanceOf(told)}, confidence ${told.confidence.toFixed(2)}${told.mode === null ? '' : `: ${told.mode}`}`,
    `${label('expected')}${expectedOf(told)}`,
    '',
    ...armsTable(told, colours, width),
    '',
    ...termLines(told, label),
    ...budgetLines(told, label),
    `${label('why')}${whyOf(told)}`,
    ...told.excluded.map((one) => `${label('set aside')}${one.arm}: ${breachOf(one)}`),
    ...slateLines(told, label),
    ...told.items.map((shown) => `${label('shown')}${shown.item} from ${shown.arm}, place ${shown.position + 1}`),
    ...rewardLines(told, label, colours),
    `${label('verified')}${verdictOf(told, colours)}`,
  ];
}

function armsTable(told: Explanation, colours: Colours, width: number): string[] {
  const longest = Math.max(...told.arms.map(({ arm }) => arm.length));
  const plot = Math.min(WIDEST_PLOT, Math.max(NARROWEST_PLOT, width - OTHER_COLUMNS - longest));
  const shifted = told.arms.some(({ shift }) => shift !== 0);
  const columns: Column[] = [
    { title: '  arm' },
    { title: 'reward 0 … 1'.slice(0, plot) },
    { title: 'mean', align: 'right' },
    { title: '95 % interval', align: 'right' },
    { title: 'pulls', align: 'right' },
    ...(shifted ? [{ title: 'shift', align: 'right' } as const] : []),
    { title: 'score', align: 'right' },
    { title: 'propensity', align: 'right' },
  ];
  const rows = told.arms.map((arm): (Cell | string)[] => {
    const paint = arm.chosen ? (text: string) => colours.bold(colours.cyan(text)) : undefined;
    return [
      { text: `${arm.chosen ? '▸' : ' '} ${arm.arm}`, paint },
      { text: plotOf(arm.lower, arm.mean, arm.upper, plot), paint: paint ?? colours.dim },
      { text: arm.mean.toFixed(3), paint },
      `${arm.lower.toFixed(2)} … ${arm.upper.toFixed(2)}`,
      String(Math.round(arm.pulls * 10) / 10),
      ...(shifted ? [arm.shift.toFixed(3)] : []),
      arm.sample === null ? '–' : arm.sample.toFixed(3),
      { text: arm.propensity.toFixed(4), paint },
    ];
  });
  return tableLines(columns, rows, colours.dim);
}

function restartOf({ restart }: Explanation): string {
  if (restart === null) return '';
  const { arm, detector, statistic, threshold, meanBefore, meanAfter, time } = restart;
  const why = `${arm} went from ${meanBefore.toFixed(2)} to ${meanAfter.toFixed(2)}`;
  return `${stampOf(time)}: ${why} (${detector} ${statistic.toFixed(1)} over ${threshold.toFixed(1)})`;
}

/** What the shifts are made of, arm by arm, where that is more than the shift that the configuration names. */
function termLines(told: Explanation, label: (text: string) => string): string[] {
  const names = Object.keys(told.arms[0]?.terms ?? {});
  if (names.every((name) => name === 'shift')) return [];
  const longest = Math.max(...told.arms.map(({ arm }) => arm.length));
  return told.arms.map(({ arm, terms }, index) => {
    const parts = names.map((name) => `${name} ${signed(terms[name] ?? 0)}`);
    return `${label(index === 0 ? 'shifts' : '')}${arm.padEnd(longest)}  ${parts.join('  ')}`;
  });
}

/** What the budget allowed, and what calls were expected to cost. */
function budgetLines({ budget }: Explanation, label: (text: string) => string): string[] {
  if (budget === null) return [];
  const left = budget.balanceUsd === null ? '' : `, ${dollars(budget.balanceUsd)} left before it`;
  const costs = budget.arms.map(
    ({ arm, expectedUsd, heldReports }) =>
      `${arm} ${dollars(expectedUsd)}${heldReports === 0 ? '' : ` (${heldReports === 1 ? 'the last report was' : `the last ${heldReports} reports were`} far off)`}`,
  );
  const worth = `a dollar worth ${figure(budget.price)} of reward`;
  return [
    `${label('budget')}${dollars(budget.perRequestUsd)} a request on average${left}, ${worth}`,
    `${label('')}a call is expected to cost: ${costs.join(', ')}`,
  ];
}

function dollars(usd: number): string {
  return `${usd < 0 ? '−' : ''}$${figure(Math.abs(usd))}`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

/** The interval as a line with its mean on it, from reward 0 to reward 1 in so many cells. */
export function plotOf(lower: number, mean: number, upper: number, cells: number): string {
  const cell = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * (cells - 1));
  const [from, at, to] = [cell(lower), cell(mean), cell(upper)];
  return Array.from({ length: cells }, (_, index) => {
    if (index === at) return '●';
    if (index < from || index > to) return '·';
    return index === from ? '├' : index === to ? '┤' : '─';
  }).join('');
}

/** Policies that explore by themselves, beside the floor: which of the two it was is not recorded. */
const OWN_EXPLORATION: ReadonlySet<string> = new Set(['epsilon_greedy', 'offset_tree']);

/** Policies whose scores are not what they rank by. */
const OTHER_REASONS: Readonly<Record<string, string>> = {
  fixed: 'its policy has the same order of arms for every request',
  offset_tree: 'it won the tournament of its policy for this context; the scores are what arms earn in general',
};

function whyOf(told: Explanation): string {
  if (told.fallback)
    return 'no candidate met the constraints: the fallback of the domain was taken without asking the policy';
  if (told.conservative?.held === true && told.arms.length === 1)
    return `held to the baseline: ${promiseOf(told.conservative)}`;
  if (told.arms.length === 1) return `it was the only candidate${told.excluded.length === 0 ? '' : ' left'}`;
  const floor = `${(told.floor * 100).toFixed(told.floor < 0.01 ? 2 : 0)} %`;
  if (told.explored)
    return OWN_EXPLORATION.has(told.policy)
      ? `explored: the policy’s own epsilon and the floor of ${floor} give every candidate an even chance now and then, and this time one of them drew`
      : `explored: the floor of ${floor} gives every candidate an even chance now and then, and this time it drew`;
  const reason = Object.hasOwn(OTHER_REASONS, told.policy) ? OTHER_REASONS[told.policy] : undefined;
  if (reason !== undefined) return reason;
  const chosen = told.arms.find((arm) => arm.chosen);
  const rival = told.arms
    .filter((arm) => !arm.chosen)
    .sort((left, right) => (right.sample ?? 0) - (left.sample ?? 0))[0];
  if (chosen?.sample == null || rival?.sample == null) return `its score was the highest${againstOf(told)}`;
  const [own, other] = [chosen.sample.toFixed(3), rival.sample.toFixed(3)];
  if (rival.sample > chosen.sample)
    return `drawn, by a chance of ${chosen.propensity.toFixed(4)}: ${rival.arm} has a higher score (${other}), but ${told.arm} may still be better`;
  if (rival.sample === chosen.sample) return `drawn among those of the highest score (${own}): ${rival.arm} has it too`;
  return `its score was the highest (${own}), ${rival.arm} came second with ${other}${againstOf(told)}`;
}

/** What conservative mode weighed. */
function promiseOf({ baseline, risk, earned, owed }: NonNullable<Explanation['conservative']>): string {
  const share = `${figure((1 - risk) * 100)} %`;
  return `the bucket earned ${earned.toFixed(3)} at least, and owes ${owed.toFixed(3)}, ${share} of what ${baseline} might have earned`;
}

/** That an arm won against one which looked better on average; nothing where none did. */
function againstOf(told: Explanation): string {
  const chosen = told.arms.find((arm) => arm.chosen);
  const best = [...told.arms].sort((left, right) => netOf(right) - netOf(left))[0];
  if (chosen === undefined || best === undefined || netOf(best) - netOf(chosen) < 1e-9) return '';
  const higher = best.mean > chosen.mean ? 'mean' : 'mean after its shift';
  return `; ${best.arm} has the higher ${higher}, but ${told.arm} may still be better`;
}

function netOf(arm: { readonly mean: number; readonly shift: number }): number {
  return arm.mean + arm.shift;
}

/** What an arm was set aside for. */
function breachOf({ constraint, limit }: Explanation['excluded'][number]): string {
  switch (constraint) {
    case 'capabilities':
      return `it lacks the capability ${limit}`;
    case 'contextWindow':
      return `its contextWindow is below the ${limit} tokens of the request`;
    case CONSERVATIVE:
      return 'trying it might cost more than the domain risks';
    case 'budget':
      return `the budget of $${limit} a request could not pay for it then`;
    case 'tenants':
      return `it is not for the tenant ${limit}`;
    default:
      return `it breaks ${constraint} ${limit}`.trimEnd();
  }
}

function slateLines(told: Explanation, label: (text: string) => string): string[] {
  return (told.slate ?? []).map(
    ({ arm, weight, rankPropensity }, index) =>
      `${label(index === 0 ? 'slate' : '')}${index + 1}. ${arm}, weight ${weight.toFixed(3)}${rankPropensity === null ? '' : `, P(here) ${rankPropensity.toFixed(4)}`}`,
  );
}

function rewardLines(told: Explanation, label: (text: string) => string, colours: Colours): string[] {
  if (told.rewards.length === 0) return [`${label('rewards')}${colours.dim('none yet')}`];
  return told.rewards.map((reward, index) => {
    const parts = [
      reward.kind,
      reward.feedback === SILENCE ? 'nothing came in time' : (reward.feedback ?? ''),
      reward.item === null ? '' : `for ${reward.item}`,
      reward.arm === told.arm ? '' : `to ${reward.arm}`,
      pairs(reward.components),
      reward.costUsd === null ? '' : `for ${dollars(reward.costUsd)}`,
      reward.share === 1 ? '' : `as ${figure(reward.share)} of a pull`,
      reward.outdated ? 'of before the change: moved nothing' : '',
      reward.setAside ? 'after a rollback had set the decision aside: moved nothing' : '',
      stampOf(reward.time),
    ].filter((part) => part !== '');
    const line = `${reward.value.toFixed(3)}  ${parts.join(', ')}`;
    return `${label(index === 0 ? 'rewards' : '')}${reward.retracted ? colours.dim(`${line}, retracted`) : line}`;
  });
}

function verdictOf(told: Explanation, colours: Colours): string {
  return told.verified
    ? `${colours.green('yes')}: recomputing the choice from the log gives the same arm and propensity`
    : `${colours.red('no')}: recomputing the choice from the log gives something else: another version made it, or the log was changed; \`reckoner doctor\` tells`;
}

function chanceOf(told: Explanation): string {
  const logged = told.propensity ?? told.arms.find(({ chosen }) => chosen)?.propensity;
  return logged === undefined ? 'propensity unknown' : `with probability ${logged.toFixed(4)}`;
}

function expectedOf(told: Explanation): string {
  const cost = told.expectedCostUsd === null ? [] : [`$${figure(told.expectedCostUsd)}`];
  const latency = told.expectedLatencyMs === null ? [] : [`${told.expectedLatencyMs} ms`];
  return [`reward ${told.expectedReward.toFixed(3)}`, ...cost, ...latency].join(', ');
}

function requestOf(told: Explanation): string {
  const type = told.taskType === null ? '' : `task ${told.taskType}`;
  const complexity = told.complexity === null ? '' : `complexity ${figure(told.complexity)}`;
  const tokens = told.tokens === null ? '' : `${told.tokens} tokens`;
  return [type, complexity, tokens].filter((part) => part !== '').join(', ');
}

function bucketOf(told: Explanation): string {
  return told.bucketLabel === '' ? 'its one bucket' : `bucket ${told.bucketLabel}`;
}

function learnedUpTo(told: Explanation): string {
  return told.posteriorRevision < 0 ? 'nothing learned yet' : `learned up to revision ${told.posteriorRevision}`;
}

function optional(label: string, text: string): string[] {
  return text === '' ? [] : [`${label}${text}`];
}

/** Names and values; numbers to four digits, of vectors how many they have; what was not measured left away. */
function pairs(values: Readonly<Record<string, ContextValue | undefined>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(' ');
}

function shown(value: ContextValue | undefined): string {
  if (typeof value === 'object') return `(${value.length} numbers)`;
  return String(typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value);
}

/** A time as a person reads it. */
export function stampOf(iso: string): string {
  return iso.replace('T', ' ').replace('Z', ' UTC');
}
