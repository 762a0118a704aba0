import { agents } from './agents.ts';
import { decisions } from './decisions.ts';
import { config, rollbackPoints } from './governance.ts';
import { arms, series } from './performance.ts';
import { posteriors } from './posteriors.ts';
import type { Reading } from './reading.ts';
import { rewards } from './rewards.ts';

/** Everything that is read for HTTP, by its name there. */
export const readings = {
  ...{ posteriors, arms, series, decisions, rewards, agents, config },
  'rollback-points': rollbackPoints,
} as const satisfies Record<string, Reading>;

export type ReadingName = keyof typeof readings;
