/** What was learned, told to a person. */
import type {
  ArmDifference,
  ArmPosterior,
  BucketDifference,
  BucketPosterior,
  MomentView,
  PosteriorDiff,
  PosteriorView,
} from '../../actors/messages/posterior.ts';
import { type Cell, type Column, tableLines } from './table.ts';
import type { Colours } from './terminal.ts';

/** Arms of a bucket that are shown: those that were pulled most. */
const ARMS = 20;
const COLUMNS: readonly Column[] = [
  { title: 'arm' },
  { title: 'pulls', align: 'right' },
  { title: 'mean', align: 'right' },
  { title: '95 % interval', align: 'right' },
];

export function posteriorLines({ domain, at, total, buckets }: PosteriorView, colours: Colours): string[] {
  return [
    `${colours.bold(domain)}  ${momentOf(at)}`,
    ...buckets.flatMap((bucket) => ['', ...bucketLines(bucket, colours)]),
    ...restOf(total, buckets.length, colours),
  ];
}

export function diffLines({ domain, from, to, total, buckets }: PosteriorDiff, colours: Colours): string[] {
  return [
    `${colours.bold(domain)}  from ${momentOf(from)}`,
    `${' '.repeat(domain.length)}  to   ${momentOf(to)}`,
    ...buckets.flatMap((bucket) => ['', ...differenceLines(bucket, colours)]),
    ...restOf(total, buckets.length, colours),
  ];
}

function momentOf({ asked, domainRevision, policy }: MomentView): string {
  return `${asked}: revision ${domainRevision}, ${policy.replace('/', ' v')}`;
}

function bucketLines({ bucket, label, events, arms }: BucketPosterior, colours: Colours): string[] {
  const pulled = [...arms].sort((one, other) => (other.pulls ?? 0) - (one.pulls ?? 0));
  const rows = pulled
    .slice(0, ARMS)
    .map((arm): (Cell | string)[] => [
      { text: arm.arm, paint: colours.bold },
      figure(arm.pulls, 1),
      figure(arm.mean, 3),
      intervalOf(arm),
    ]);
  return [
    headingOf(bucket, label, `${events} events`, colours),
    ...tableLines(COLUMNS, rows, colours.dim),
    ...more(arms.length, 'arms', colours),
  ];
}

function differenceLines({ bucket, label, events, changed, arms }: BucketDifference, colours: Colours): string[] {
  const heading = headingOf(bucket, label, `${events.from} to ${events.to} events`, colours);
  if (!changed) return [heading, 'the same, to the last bit'];
  const moved = arms
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to))
    .sort((one, other) => changeOf(other) - changeOf(one));
  const rows = moved
    .slice(0, ARMS)
    .map(({ arm, from, to }): (Cell | string)[] => [
      { text: arm, paint: colours.bold },
      `${from === null ? 'no arm' : figure(from.pulls, 1)} → ${to === null ? 'no arm' : figure(to.pulls, 1)}`,
      `${figure(from?.mean ?? null, 3)} → ${figure(to?.mean ?? null, 3)}`,
      `${intervalOf(from)} → ${intervalOf(to)}`,
    ]);
  return [heading, ...tableLines(COLUMNS, rows, colours.dim), ...more(moved.length, 'arms that changed', colours)];
}

function headingOf(bucket: string, label: string | null, events: string, colours: Colours): string {
  return `${colours.cyan(label ?? 'no decision yet')}  ${colours.dim(bucket)}  ${events}`;
}

/** Pulls that came or went. */
function changeOf({ from, to }: ArmDifference): number {
  return Math.abs((to?.pulls ?? 0) - (from?.pulls ?? 0));
}

function intervalOf(belief: Pick<ArmPosterior, 'lower' | 'upper'> | null): string {
  return belief === null || belief.lower === null ? '–' : `${figure(belief.lower, 3)} to ${figure(belief.upper, 3)}`;
}

function figure(value: number | null, digits: number): string {
  return value === null ? '–' : Number.isInteger(value) && digits === 1 ? String(value) : value.toFixed(digits);
}

function more(count: number, what: string, colours: Colours): string[] {
  return count > ARMS ? [colours.dim(`and ${count - ARMS} more ${what}: --json shows all`)] : [];
}

function restOf(total: number, shown: number, colours: Colours): string[] {
  if (total === 0) return ['', 'There was no bucket yet.'];
  return total > shown ? ['', colours.dim(`${shown} of ${total} buckets: --limit and --offset show others`)] : [];
}
