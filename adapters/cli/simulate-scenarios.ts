/** What `simulate --scenario` prints for people. */
import type { ScenarioPlan } from '../simulate/scenario/plan.ts';
import { PUBLISHED, type ScenarioSummary } from '../simulate/scenario/summary.ts';
import { type Column, tableLines } from './table.ts';
import type { Colours } from './terminal.ts';

export interface PlayedScenario {
  readonly plan: ScenarioPlan;
  readonly summary: ScenarioSummary;
}

/** The whole report, as lines. */
export function scenarioLines(played: readonly PlayedScenario[], colours: Colours): string[] {
  const [first] = played;
  if (first === undefined) return [];
  const { dataset, policy, config, seed, shuffles } = first.plan;
  return [
    colours.bold(
      `${dataset.name}: ${dataset.rows.length} recorded requests, ${dataset.arms.length} arms, in worlds that change`,
    ),
    `simulated changes of recorded outcomes; no model was called. The requests come twice, the first time to learn from`,
    `policy ${policy}, ${config.changes === undefined ? '' : `restarts by ${config.changes.detector}, `}floor ${config.exploration}, ${shuffles} ${shuffles === 1 ? 'shuffle' : 'shuffles'} from seed ${seed}`,
    '',
    ...played.flatMap((one) => [...oneScenario(one, colours), '']),
    ...verdicts(played, colours),
  ];
}

function oneScenario({ plan, summary }: PlayedScenario, colours: Colours): string[] {
  const { dataset } = plan;
  const right = (title: string): Column => ({ title, align: 'right' });
  const partial = summary.shuffles < plan.shuffles;
  return [
    `${colours.bold(summary.name)}: ${story(plan, summary)}${budgetOf(plan)}`,
    ...(partial ? [colours.yellow(`PARTIAL: ended after ${summary.shuffles} of ${plan.shuffles} shuffles`)] : []),
    ...tableLines(
      [
        { title: 'phase' },
        right('requests'),
        right('utility'),
        right('95 % interval'),
        right('knowing router'),
        right('its calls'),
        ...(dataset.priced ? [right('dollars a request')] : []),
      ],
      summary.phases.map(({ name, requests, utility, knowing, share, dollars }) => [
        name,
        String(requests),
        utility.mean.toFixed(4),
        utility.interval === null ? '–' : `${utility.interval[0].toFixed(4)} to ${utility.interval[1].toFixed(4)}`,
        knowing.toFixed(4),
        `${(share * 100).toFixed(1)} %`,
        ...(dataset.priced ? [dollars.toPrecision(3)] : []),
      ]),
      colours.dim,
    ),
  ];
}

function budgetOf({ config: { budget } }: ScenarioPlan): string {
  return budget === undefined ? '' : `; budget $${budget.perRequestUsd} a request`;
}

function story(plan: ScenarioPlan, { name, arms, shuffles }: ScenarioSummary): string {
  const { scenario } = plan;
  const who = [...arms].map(([arm, times]) => (arms.size === 1 ? arm : `${arm} (${times} of ${shuffles})`)).join(', ');
  switch (name) {
    case 'price-drop':
      return `${who} costs ${scenario.dollarFactor.toPrecision(3)} of what it cost, and the configuration says so`;
    case 'quality-drop':
      return `the rewards of ${who} fall, and nobody says so`;
    case 'new-good-arm':
      return `${who} appears, as it was recorded`;
    case 'new-bad-arm':
      return `${who} appears, made worse for this scenario: half of its recorded rewards`;
  }
}

function verdicts(played: readonly PlayedScenario[], colours: Colours): string[] {
  const passed = { true: colours.green('yes'), false: colours.red('no'), null: '–' } as const;
  const steps = (value: number | null) => (value === null ? 'never' : value.toFixed(0));
  return [
    ...tableLines(
      [
        { title: 'steps after the change' },
        { title: 'adapted', align: 'right' },
        { title: 'calls moved', align: 'right' },
        { title: 'adopted', align: 'right' },
        { title: 'adopted in', align: 'right' },
        { title: 'published' },
        { title: 'no worse' },
      ],
      played.map(({ plan: { scenario }, summary: { name, adaptation, moved, adoption, noWorse, shuffles } }) => [
        name,
        scenario.appears ? '–' : steps(adaptation),
        steps(moved),
        adoption === null ? '–' : steps(adoption.step),
        adoption === null ? '–' : `${adoption.adopted} of ${shuffles}`,
        publishedOf(name),
        { text: noWorse === null ? '–' : noWorse ? 'yes' : 'no', paint: () => passed[`${noWorse}`] },
      ]),
      colours.dim,
    ),
    colours.dim(
      'adapted: the mean reward of 50 requests is back at 95 % of where it ends, after its lowest point (as published)',
    ),
    colours.dim(
      'calls moved: 9 tenths of the way that the share of calls of the arm goes; never: it goes less than 0.05',
    ),
    colours.dim(
      'adopted: a tenth of the calls of 100 requests, for 50 requests in a row, from request 101 on (as published)',
    ),
    colours.dim('published: ParetoBandit (arXiv:2604.00136), its own arms on its own test requests: not like for like'),
    colours.dim('no worse: than published, in steps and in how many shuffles adopted; – where nothing is published'),
  ];
}

function publishedOf(name: ScenarioSummary['name']): string {
  const bar = PUBLISHED[name];
  if (bar === null) return '–';
  if (bar.adaptationStep !== undefined) return `adapted at ${bar.adaptationStep}`;
  return bar.adoptionStep === undefined ? 'adopted in none' : `adopted at ${bar.adoptionStep}, in all`;
}
