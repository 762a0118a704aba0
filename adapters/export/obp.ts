/**
 * The layout of the Open Bandit Dataset, which Open Bandit Pipeline's `OpenBanditDataset` loads (Saito, Aihara, Matsutani and
 * Narita, 2020; `obp/dataset/real.py`): an index, `timestamp`, `item_id`, `position`, `click`, `propensity_score`, and context
 * columns that have `user_feature` in their names. What follows them there is ours, and not read.
 */
import type { DomainOutline } from './domain-outline.ts';
import { csvLine, type Format, featureCell, isoTime } from './format.ts';

const OURS = ['arm', 'decision_id', 'bucket', 'rewarded', 'fallback', 'deterministic'] as const;

export const obp: Format = {
  about: 'CSV as Open Bandit Pipeline reads it',
  allPropensities: false,
  slates: true,
  header: ({ features }) =>
    csvLine([
      ...['', 'timestamp', 'item_id', 'position', 'click', 'propensity_score'],
      ...features.map((name) => `user_feature_${name}`),
      ...OURS,
    ]),
  line: (round, { arm, action, position, pscore, reward }, row, { features }) =>
    csvLine([
      ...[row, isoTime(round.time), action, position + 1, reward, pscore],
      ...features.map((name) => featureCell(round, name)),
      ...[arm, round.decisionId, round.bucket, reward !== undefined, round.fallback, round.deterministic],
    ]),
};

/** The table of arms that belongs to it (`item_context.csv`): index, `item_id`, cost in dollars, name. */
export function itemContextLines({ actions }: Pick<DomainOutline, 'actions'>): string[] {
  return [
    csvLine(['', 'item_id', 'item_feature_0', 'item_feature_1']),
    ...actions.map(({ arm, costUsd = 0 }, index) => csvLine([index, index, costUsd, arm])),
  ];
}
