/** How a domain was configured, and what it can be returned to: newest first. */
import { FOREVER, keyPart, type Reading, rowsOf, sliced } from './reading.ts';

const BEFORE =
  'WHERE tenant = @tenant AND domain = @domain AND revision < @revision ORDER BY revision DESC LIMIT @rows';

export const governanceSql = {
  config: `SELECT * FROM config_history ${BEFORE}`,
  /** The one that was in force at a revision. */
  configAt: `SELECT * FROM config_history ${BEFORE}`,
  rollbackPoints: `SELECT * FROM rollback_points ${BEFORE}`,
} as const;

export const config: Reading = {
  projection: 'config-history',
  tables: ['config_history'],
  read(database, { tenant, domain = '', revision, limit, after }) {
    if (revision !== undefined) {
      const rows = rowsOf(database, governanceSql.configAt, { tenant, domain, revision: revision + 1, rows: 1 });
      return { rows: [...rows], next: undefined };
    }
    const place = { tenant, domain, revision: after?.[0] ?? FOREVER, rows: limit + 1 };
    const { rows, next } = sliced(rowsOf(database, governanceSql.config, place), limit, (row) => [
      keyPart(row.revision),
    ]);
    // A configuration may be a megabyte: many of them are told by what each changed.
    return { rows: rows.map(({ config: _config, ...row }) => row), next };
  },
};

export const rollbackPoints: Reading = {
  projection: 'outcomes',
  tables: ['rollback_points'],
  read(database, { tenant, domain = '', limit, after }) {
    const place = { tenant, domain, revision: after?.[0] ?? FOREVER, rows: limit + 1 };
    return sliced(rowsOf(database, governanceSql.rollbackPoints, place), limit, (row) => [keyPart(row.revision)]);
  },
};
