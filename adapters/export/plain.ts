/** Our own layouts: everything that is known of a round, as CSV with one column a feature, or as JSON lines. */
import { csvLine, type Format, featureCell, isoTime } from './format.ts';

const COLUMNS = [
  ...['round', 'timestamp', 'decision_id', 'bucket', 'position', 'action', 'arm', 'candidates', 'pscore', 'reward'],
  ...['rewarded', 'rewards', 'fallback', 'deterministic', 'mode', 'policy', 'policy_version', 'domain_revision'],
  ...['expected_reward', 'expected_cost_usd', 'cost_usd'],
] as const;

export const csv: Format = {
  about: 'CSV with everything that is known, one column for each feature of the context',
  allPropensities: false,
  slates: true,
  header: ({ features }) => csvLine([...COLUMNS, ...features.map((name) => `context_${name}`)]),
  line: (round, { arm, action, position, pscore, reward }, row, { features }) => {
    const rewards = round.rewards.filter((given) => given.arm === arm).length;
    return csvLine([
      ...[row, isoTime(round.time), round.decisionId, round.bucket, position, action, arm],
      ...[round.candidates.length, pscore, reward, reward !== undefined, rewards, round.fallback],
      ...[round.deterministic, round.mode, round.policy, round.policyVersion, round.domainRevision],
      ...[round.expectedReward, round.expectedCostUsd, round.costUsd],
      ...features.map((name) => featureCell(round, name)),
    ]);
  },
};

export const ndjson: Format = {
  about: 'JSON lines with everything that is known, and every reward by itself',
  allPropensities: false,
  slates: true,
  header: () => undefined,
  line: (round, { arm, action, position, pscore = null, reward = null }, row) =>
    JSON.stringify({
      round: row,
      timestamp: isoTime(round.time),
      decisionId: round.decisionId,
      bucket: round.bucket,
      position,
      action,
      arm,
      candidates: round.candidates,
      pscore,
      reward,
      rewarded: reward !== null,
      rewards: round.rewards.map(({ time, item, feedback, ...rest }) => ({
        time: isoTime(time),
        ...rest,
        feedback: feedback || null,
        item: item || null,
      })),
      fallback: round.fallback,
      deterministic: round.deterministic,
      mode: round.mode || null,
      policy: round.policy,
      policyVersion: round.policyVersion,
      domainRevision: round.domainRevision,
      expectedReward: round.expectedReward,
      expectedCostUsd: round.expectedCostUsd ?? null,
      costUsd: round.costUsd ?? null,
      context: round.context,
    }),
};
