import { learnsFeatures } from '../../policies/catalogue.ts';
import type { SimulationPlan } from '../simulate/plan.ts';
import type { ShuffleResult } from '../simulate/run.ts';
import { tableLines } from './table.ts';
import type { Colours } from './terminal.ts';

/**
 * What the buckets of the last shuffle believe of each arm, beside what the records say of it. Many arms are lettered, so that a
 * line stays a line. No lines where that shuffle was not reached.
 */
export function learnedTable(plan: SimulationPlan, last: ShuffleResult | undefined, colours: Colours): string[] {
  const { arms } = plan.dataset;
  if (last === undefined || last.learned.length === 0) return [];
  const unexplained = last.learned.flatMap((bucket) => bucket.unexplained ?? []);
  const lettered = arms.length > 4;
  return [
    colours.dim('last shuffle, by bucket: mean reward of every arm, learned / recorded (* the arm it called most)'),
    ...(learnsFeatures(plan.config.policy.name) && plan.dataset.promptFeatures.length > 0
      ? [colours.dim('learned: what is believed for the prompt of the last request of each')]
      : []),
    ...(lettered ? [colours.dim(arms.map((arm, place) => `${letterOf(place)} ${arm}`).join(', '))] : []),
    ...tableLines(
      [
        { title: 'bucket' },
        { title: 'pulls', align: 'right' },
        ...arms.map((arm, place) => ({ title: `${lettered ? letterOf(place) : arm} `, align: 'right' as const })),
      ],
      last.learned.map((bucket) => {
        const most = Math.max(...bucket.arms.map(({ pulls }) => pulls));
        const cells = bucket.arms.map(({ learned, recorded, pulls }) => {
          const text = `${learned?.toFixed(2) ?? '–'}/${recorded.toFixed(2)}`;
          return pulls === most ? { text: `${text}*`, paint: colours.green } : { text: `${text} ` };
        });
        return [bucket.label, String(bucket.pulls), ...cells];
      }),
      colours.dim,
    ),
    ...unexplained
      .slice(0, 1)
      .map((why) => colours.yellow(`${unexplained.length} buckets could not be explained: ${why}`)),
    '',
  ];
}

function letterOf(place: number): string {
  return place < 26
    ? String.fromCharCode(65 + place)
    : `${letterOf(Math.floor(place / 26) - 1)}${letterOf(place % 26)}`;
}
