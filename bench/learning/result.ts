/** What is printed of a trial: one row a figure. */
import { tableLines } from '../../adapters/cli/table.ts';
import type { Published } from './bars.ts';
import { DEFAULT } from './entrants.ts';
import type { EntrantFinding, Finding } from './experiment.ts';
import { gain, judge, type Verdict } from './judge.ts';
import type { Trial } from './trials.ts';

export interface ResultEntrant extends EntrantFinding, Verdict {}

export interface ResultRow {
  readonly set: string;
  readonly figure: string;
  readonly better: 'higher' | 'lower';
  readonly requests: number;
  readonly arms: number;
  readonly shuffles: number;
  readonly default: ResultEntrant;
  /** The best of ours by its mean, chosen after the fact. */
  readonly best: ResultEntrant;
  readonly bestSingleArm: number | null;
  readonly perBucketHindsight: number | null;
  readonly oracle: number | null;
  readonly peers: Readonly<Record<string, number>>;
  readonly note: string | null;
  readonly bar: number | null;
  /** Of the default; null where nothing is asked of the figure. */
  readonly pass: boolean | null;
  readonly stretch: boolean | null;
  readonly entrants: readonly ResultEntrant[];
}

export function resultRow(trial: Trial, finding: Finding, published: Published | undefined): ResultRow {
  const { figure } = finding;
  const entrants = finding.entrants.map((entrant) => ({
    ...entrant,
    ...judge(finding, entrant, published, trial.rule),
  }));
  const ours = entrants.filter(({ reference }) => !reference);
  const byDefault = ours.find(({ name }) => name === DEFAULT);
  if (byDefault === undefined) throw new Error('the default plays in every trial');
  const best = ours.reduce((one, other) => (gain(figure, other.mean - one.mean) > 0 ? other : one));
  return {
    set: trial.problem.name,
    figure: figure.name,
    better: figure.better,
    requests: trial.problem.rows.length,
    arms: trial.problem.arms.length,
    shuffles: trial.shuffles,
    default: byDefault,
    best,
    bestSingleArm: figure.bestSingleArm,
    perBucketHindsight: figure.perBucketHindsight,
    oracle: figure.oracle,
    peers: published?.peers ?? {},
    note: published?.note ?? null,
    bar: published?.bar ?? null,
    pass: byDefault.pass,
    stretch: byDefault.stretch,
    entrants,
  };
}

/** Everybody's figure, with what ours differs by, shuffle by shuffle, from the references. */
export function rowLines(row: ResultRow): string[] {
  const known = [
    ['best single arm', row.bestSingleArm],
    ['best per bucket in hindsight', row.perBucketHindsight],
    ['oracle', row.oracle],
    ['bar', row.bar],
  ] as const;
  const { digits, range } = writing(row);
  const told = known.flatMap(([name, value]) => (value === null ? [] : [`${name} ${digits(value)}`]));
  const references = row.entrants.filter(({ reference }) => reference).map(({ name }) => name);
  return [
    '',
    `${row.set}, ${row.figure} (${row.better} is better): ${row.requests} requests, ${row.arms} arms, ${row.shuffles} shuffles; ${told.join(', ')}`,
    ...tableLines(
      [
        { title: '' },
        { title: 'mean', align: 'right' },
        { title: '95 %', align: 'right' },
        ...references.map((name) => ({ title: `less ${name}`, align: 'right' as const })),
        { title: '' },
      ],
      row.entrants.map((entrant) => [
        `  ${entrant.name}`,
        digits(entrant.mean),
        range(entrant.interval),
        ...references.map((name) => range(entrant.differences[name]?.interval ?? null)),
        entrant.reference || entrant.short.length === 0 ? '' : `short of ${entrant.short.join('; ')}`,
      ]),
    ),
  ];
}

/** The one table. */
export function learningTable(rows: readonly ResultRow[]): string[] {
  const peersOf = ({ peers }: ResultRow) => Object.entries(peers).map(([name, value]) => `${name} ${value}`);
  const notes = [...new Set(rows.flatMap(({ note }) => note ?? []))];
  return [
    '',
    '| set | figure | our default | our best | best single arm | references here | peers | oracle | bar | passed |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) => {
      const { digits, range } = writing(row);
      const optional = (value: number | null) => (value === null ? '–' : digits(value));
      const cells = [
        row.set,
        row.better === 'higher' ? row.figure : `${row.figure} (less is better)`,
        `${digits(row.default.mean)}${row.default.interval === null ? '' : ` (${range(row.default.interval)})`}`,
        bestOf(row, digits),
        optional(row.bestSingleArm),
        row.entrants.flatMap(({ name, reference, mean }) => (reference ? [`${name} ${digits(mean)}`] : [])).join('; '),
        peersOf(row).join('; ') || '–',
        optional(row.oracle),
        optional(row.bar),
        row.pass === null ? '–' : row.pass ? (row.stretch ? 'yes, with room' : 'yes') : '**no**',
      ];
      return `| ${cells.join(' | ')} |`;
    }),
    '',
    ...notes.map((note) => `Not like for like: ${note}.`),
  ];
}

/** Nothing where only the default has played. */
function bestOf({ entrants, best }: ResultRow, digits: (value: number) => string): string {
  if (entrants.filter(({ reference }) => !reference).length === 1) return '–';
  return best.name === DEFAULT ? 'the default' : `${digits(best.mean)} ${best.name}`;
}

/** How the numbers of a row are written: totals over a pass with one decimal, means of a request with four. */
function writing({ default: { mean } }: ResultRow) {
  const digits = (value: number) => value.toFixed(Math.abs(mean) >= 2 ? 1 : 4);
  const range = (interval: readonly [number, number] | null) =>
    interval === null ? '' : `${digits(interval[0])} to ${digits(interval[1])}`;
  return { digits, range };
}
