/** What was decided, and what came of it. */
import { DECISIONS } from './decision-rows.ts';
import { EXPLORATION } from './exploration-tables.ts';
import { PERFORMANCE, PERFORMANCE_LATENCIES } from './performance-tables.ts';
import { REWARD_COUNTS, REWARDS } from './reward-rows.ts';

export const outcomes = {
  name: 'outcomes',
  version: 1,
  about: 'What was decided, what came back for it, and what the arms did with it by hour and by day.',
  tables: [
    DECISIONS,
    REWARDS,
    REWARD_COUNTS,
    PERFORMANCE.hour,
    PERFORMANCE.day,
    EXPLORATION.hour,
    EXPLORATION.day,
    PERFORMANCE_LATENCIES.hour,
    PERFORMANCE_LATENCIES.day,
  ],
};
