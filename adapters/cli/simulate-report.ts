import { plot } from 'asciichart';
import type { SimulationPlan } from '../simulate/plan.ts';
import type { ShuffleResult } from '../simulate/run.ts';
import type { ArmSummary, Estimate, Summary } from '../simulate/summary.ts';
import { learnedTable } from './simulate-learned.ts';
import { tableLines } from './table.ts';
import type { Colours } from './terminal.ts';

/** The whole report, as lines. Figures are means per request and over shuffles unless they say otherwise. */
export function reportLines(
  plan: SimulationPlan,
  results: readonly ShuffleResult[],
  summary: Summary,
  colours: Colours,
): string[] {
  return [
    ...heading(plan, summary, colours),
    '',
    ...comparison(plan, summary, colours),
    '',
    ...armLines(plan, summary, colours),
    '',
    ...curve(plan, summary, colours),
    '',
    ...learnedTable(plan, results.at(-1), colours),
    `${summary.requests * summary.shuffles} requests in ${summary.seconds.toFixed(1)} s: ${Math.round(
      (summary.requests * summary.shuffles) / summary.seconds,
    )} requests/s, each decided, rewarded and logged.`,
  ];
}

function heading(plan: SimulationPlan, summary: Summary, colours: Colours): string[] {
  const { dataset, config } = plan;
  const { contaminated, incomplete } = dataset.leftOut;
  const buckets =
    dataset.bucketFeature === null ? '' : `, ${dataset.buckets.length} values of ${dataset.bucketFeature}`;
  const complete = summary.shuffles === plan.shuffles;
  return [
    colours.bold(`${dataset.name}: ${summary.requests} recorded requests, ${dataset.arms.length} arms${buckets}`),
    `left out: ${contaminated} contaminated, ${incomplete} incomplete; no model was called`,
    `policy ${plan.policy}, ${config.budget === undefined ? '' : `budget $${config.budget.perRequestUsd} a request, `}floor ${config.exploration}, ${summary.shuffles} ${summary.shuffles === 1 ? 'shuffle' : 'shuffles'} from seed ${plan.seed}`,
    ...(complete ? [] : [colours.yellow(`PARTIAL: ended after ${summary.shuffles} of ${plan.shuffles} shuffles`)]),
  ];
}

function comparison(
  plan: SimulationPlan,
  { reward, utility, regretToOracle, regretToBest, dollars, requests }: Summary,
  colours: Colours,
): string[] {
  const { bestSingleArm, perBucketHindsight, oracle, alwaysWeak, alwaysStrong } = plan.baselines;
  const { budget } = plan.config;
  const line = (what: string, value: string, note = '') =>
    `${what.padEnd(34)}${value.padStart(9)}${note === '' ? '' : `   ${note}`}`;
  const baseline = (what: string, value: number) => {
    const gain = utility.mean - value;
    return line(
      what,
      value.toFixed(4),
      (gain >= 0 ? colours.green : colours.red)(`${gain >= 0 ? '+' : ''}${gain.toFixed(4)}`),
    );
  };
  return [
    line('mean reward', reward.mean.toFixed(4), intervalOf(reward)),
    colours.bold(line('mean utility', utility.mean.toFixed(4), intervalOf(utility))),
    ...(dollars === null
      ? []
      : [
          line(
            'dollars a request',
            (dollars / requests).toPrecision(3),
            budget === undefined ? '' : `of $${budget.perRequestUsd} that may be spent`,
          ),
        ]),
    colours.dim(
      line('utility of', 'others', budget === undefined ? 'gain over them' : 'gain over them; they know no budget'),
    ),
    ...(alwaysWeak === null ? [] : [baseline(`  always ${alwaysWeak.arm} (weak)`, alwaysWeak.utility)]),
    ...(alwaysStrong === null ? [] : [baseline(`  always ${alwaysStrong.arm} (strong)`, alwaysStrong.utility)]),
    baseline('  best single arm', bestSingleArm.utility),
    ...(plan.dataset.bucketFeature === null
      ? []
      : [baseline('  best arm per bucket in hindsight', perBucketHindsight)]),
    baseline('  oracle', oracle),
    line('total regret to the oracle', regretToOracle.mean.toFixed(1), intervalOf(regretToOracle, 1)),
    line('total regret to the best arm', regretToBest.mean.toFixed(1), intervalOf(regretToBest, 1)),
  ];
}

function intervalOf({ interval }: Estimate, digits = 4): string {
  return interval === null ? '' : `95 % interval ${interval[0].toFixed(digits)} to ${interval[1].toFixed(digits)}`;
}

function armLines(plan: SimulationPlan, summary: Summary, colours: Colours): string[] {
  const costs = plan.dataset.priced
    ? 'dollars'
    : plan.utilityCosts.some((cost) => cost !== 0)
      ? 'utility cost'
      : undefined;
  const costOf = ({ dollars, utilityCost }: ArmSummary) => dollars?.toFixed(4) ?? utilityCost.toFixed(1);
  const total =
    summary.dollars?.toFixed(4) ?? summary.arms.reduce((sum, { utilityCost }) => sum + utilityCost, 0).toFixed(1);
  return tableLines(
    [
      { title: 'arm' },
      { title: 'calls a run', align: 'right' },
      { title: 'share', align: 'right' },
      { title: 'reward', align: 'right' },
      ...(costs === undefined ? [] : [{ title: `${costs} a run`, align: 'right' as const }]),
    ],
    [
      ...summary.arms.map((use) => [
        use.arm,
        use.calls.toFixed(1),
        `${(use.share * 100).toFixed(1)} %`,
        use.reward?.toFixed(4) ?? '–',
        ...(costs === undefined ? [] : [costOf(use)]),
      ]),
      [
        'all',
        summary.requests.toFixed(1),
        '100.0 %',
        summary.reward.mean.toFixed(4),
        ...(costs === undefined ? [] : [total]),
      ],
    ],
    colours.dim,
  );
}

function curve(plan: SimulationPlan, summary: Summary, colours: Colours): string[] {
  const points = [0, ...summary.curve];
  const best = plan.baselines.bestSingleArm.arm;
  return [
    colours.dim(`cumulative regret to always ${best} over ${summary.requests} requests (falling: it earns more)`),
    ...plot(points, { height: 8, format: (value) => value.toFixed(1).padStart(9) }).split('\n'),
  ];
}
