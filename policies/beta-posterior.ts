/** What the policies that believe in Beta distributions have in common: how counts begin, learn, are told and are kept. */
import {
  BETA_PRIOR_WIDTH,
  type BetaCounts,
  betaBelief,
  countParameters,
  emptyCounts,
  forgetCounts,
  learnCounts,
} from './beta-counts.ts';
import { readCounts, writeCounts } from './beta-counts-bytes.ts';
import type { Policy } from './policy.ts';

/** That part of such a policy which is the same whatever it chooses by. */
export const betaPosterior = {
  priorWidth: BETA_PRIOR_WIDTH,
  init: emptyCounts,
  learn: learnCounts,
  forget: forgetCounts,
  belief: betaBelief,
  parameters: countParameters,
  serialise: writeCounts,
  restore: readCounts,
} satisfies Partial<Policy<BetaCounts>>;
