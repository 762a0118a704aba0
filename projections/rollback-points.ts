/** What a domain can be returned to, and how it did around each such point. */
import { POINT_HOURS, POINT_STARTS, ROLLBACK_POINTS } from './rollback-tables.ts';

export const rollbackPoints = {
  name: 'rollback-points',
  version: 1,
  about: 'What a domain can be returned to, and how it did around each such point.',
  tables: [ROLLBACK_POINTS, POINT_HOURS, POINT_STARTS],
};
