/** Rollbacks and what they would change, told to a person. */
import type {
  BeforeAfter,
  EventCounts,
  RevisionSpan,
  Rollback,
  RollbackPreview,
} from '../../actors/messages/rollback.ts';
import type { Did, PointAround, PointsAround } from './points-around.ts';
import { type Cell, type Column, tableLines } from './table.ts';
import type { Colours } from './terminal.ts';

/** Places of a configuration that are shown, and so much of each. */
const CHANGES = 30;
const LONGEST = 60;

/** @param place what names the data directory, in the command that takes it back */
export function rollbackLines(
  { domain, revision, to, configKept, recorded }: Rollback,
  place: string,
  colours: Colours,
): string[] {
  if (!recorded) return [`${domain} stands at revision ${to.revision} already: nothing was recorded.`];
  return [
    `${colours.green('rolled back')}  ${domain} ${momentOf(to)}${configKept ? '; its configuration stays' : ''}.`,
    `${colours.cyan('→')} To take that back: reckoner rollback --domain ${domain} --to ${revision - 1}${place}`,
  ];
}

export function previewLines(preview: RollbackPreview, colours: Colours): string[] {
  const { domain, revision, to, setAside, restored, contexts, unfit, arms, config, configKept } = preview;
  const counts = [
    `set aside    ${countsOf(setAside)}`,
    ...(total(restored) === 0 ? [] : [`count again  ${countsOf(restored)}`]),
  ];
  const compared = contexts === 0 ? 'no decision fell into it: there is nothing to compare the arms on' : '';
  return [
    `${colours.bold(domain)}  from revision ${revision} ${momentOf(to)}`,
    ...counts,
    '',
    ...(compared === '' ? armLines(arms, contexts, unfit, colours) : [compared]),
    '',
    ...(configKept ? ['the configuration stays'] : changeLines(config, colours)),
  ];
}

export function pointLines({ points, asOf }: PointsAround, colours: Colours): string[] {
  if (points.length === 0) return ['There are no rollback points yet: reckoner checkpoint marks one.'];
  const right = (title: string): Column => ({ title, align: 'right' });
  const around: readonly Column[] =
    asOf === null ? [] : [right('decisions before → after'), right('mean reward'), right('cost')];
  return tableLines(
    [
      { title: 'name' },
      right('revision'),
      { title: 'moment' },
      { title: 'cause' },
      ...around,
      { title: 'by' },
      { title: 'reason' },
    ],
    points.map((point): (Cell | string)[] => [
      { text: point.name, paint: colours.bold },
      String(point.revision),
      point.time,
      point.cause,
      ...(asOf === null ? [] : aroundCells(point.around)),
      point.by,
      point.reason,
    ]),
    colours.dim,
  );
}

/** Where what is told around the points is not all that there is. */
export function aroundNote({ asOf, missing }: PointsAround): string {
  if (asOf === null) return `How the domain did around them is not known here: ${missing}`;
  if (asOf.behind === 0) return '';
  return `Around them ${asOf.behind.toLocaleString('en')} events of the log do not count yet: reckoner projections shows how far the read models are.`;
}

function aroundCells(around: PointAround['around']): string[] {
  if (around === null) return ['–', '–', '–'];
  const { before, after } = around;
  const mean = ({ rewardMean }: Did) => rewardMean?.toFixed(3) ?? '–';
  const cost = ({ costUsd }: Did) => (costUsd === null ? '–' : `$${Number(costUsd.toPrecision(3))}`);
  return [
    `${before.decisions} → ${after.decisions}`,
    `${mean(before)} → ${mean(after)}`,
    `${cost(before)} → ${cost(after)}`,
  ];
}

function momentOf({ revision, until }: RevisionSpan): string {
  return `to revision ${revision}${until === null ? '' : `, as it was at ${until}`}`;
}

function total({ decisions, rewards, retractions }: EventCounts): number {
  return decisions + rewards + retractions;
}

function countsOf({ decisions, rewards, retractions }: EventCounts): string {
  return `${decisions} decisions, ${rewards} rewards, ${retractions} retractions`;
}

function armLines(arms: RollbackPreview['arms'], contexts: number, unfit: number, colours: Colours): string[] {
  const mean = ({ before, after }: BeforeAfter) => [before, after].map((one) => one?.toFixed(3) ?? '–');
  const share = ({ before, after }: BeforeAfter) =>
    [before, after].map((one) => (one === null ? '–' : `${(100 * one).toFixed(1)} %`));
  const left = unfit === 0 ? '' : ` (${unfit} more do not fit the restored configuration)`;
  return [
    ...tableLines(
      [
        { title: 'arm' },
        ...['expected now', 'then', 'chosen now', 'then'].map((title) => ({ title, align: 'right' as const })),
      ],
      arms.map((one) => [{ text: one.arm, paint: colours.bold }, ...mean(one.mean), ...share(one.share)]),
      colours.dim,
    ),
    colours.dim(`over the last ${contexts} decisions since then${left}`),
  ];
}

export function changeLines(config: RollbackPreview['config'], colours: Colours): string[] {
  if (config.length === 0) return ['the configuration is the same'];
  const lines = config
    .slice(0, CHANGES)
    .map(({ path, before, after }) => `${colours.bold(path)}  ${short(before)} → ${short(after)}`);
  return config.length <= CHANGES ? lines : [...lines, `and ${config.length - CHANGES} more places: --json shows all`];
}

function short(value: unknown): string {
  const text = value === null ? '–' : JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
