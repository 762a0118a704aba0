/** What buckets have learned of arms: by bucket, or of one arm the buckets that know it best first. */
import { keyPart, type Reading, rowsOf, sliced } from './reading.ts';

const SOURCE = `SELECT posteriors.*, buckets.label, buckets.context FROM posteriors
  LEFT JOIN buckets ON buckets.tenant = posteriors.tenant AND buckets.domain = posteriors.domain AND buckets.bucket = posteriors.bucket
  WHERE posteriors.tenant = @tenant AND posteriors.domain = @domain`;

export const posteriorsSql = {
  all: `${SOURCE} AND (posteriors.bucket, posteriors.arm) > (@bucket, @arm) ORDER BY posteriors.bucket, posteriors.arm LIMIT @rows`,
  ofBucket: `${SOURCE} AND posteriors.bucket = @bucket AND posteriors.arm > @arm ORDER BY posteriors.arm LIMIT @rows`,
  ofArm: `${SOURCE} AND posteriors.arm = @arm AND (posteriors.pulls, posteriors.bucket) < (@pulls, @bucket)
    ORDER BY posteriors.pulls DESC, posteriors.bucket DESC LIMIT @rows`,
  /** Of some policies nobody can say how much they have learned. */
  ofArmUntold: `${SOURCE} AND posteriors.arm = @arm AND posteriors.pulls IS NULL AND posteriors.bucket < @bucket
    ORDER BY posteriors.bucket DESC LIMIT @rows`,
} as const;

/** After the id of every bucket. */
const AFTER_ALL = '~';

export const posteriors: Reading = {
  projection: 'posteriors',
  tables: ['posteriors', 'buckets'],
  read(database, { tenant, domain = '', bucket, arm, limit, after }) {
    const rows = limit + 1;
    if (bucket !== undefined) {
      const place = { tenant, domain, bucket, arm: after?.[0] ?? '', rows };
      const keep = arm === undefined ? undefined : (row: { readonly arm?: unknown }) => row.arm === arm;
      return sliced(rowsOf(database, posteriorsSql.ofBucket, place), limit, (row) => [keyPart(row.arm)], keep);
    }
    if (arm !== undefined) {
      const [pulls = Number.MAX_VALUE, last = AFTER_ALL] = after ?? [];
      const place = { tenant, domain, arm, rows };
      const found = function* () {
        if (pulls !== '') yield* rowsOf(database, posteriorsSql.ofArm, { ...place, pulls, bucket: last });
        yield* rowsOf(database, posteriorsSql.ofArmUntold, { ...place, bucket: pulls === '' ? last : AFTER_ALL });
      };
      return sliced(found(), limit, (row) => [keyPart(row.pulls), keyPart(row.bucket)]);
    }
    const [lastBucket = '', lastArm = ''] = after ?? [];
    const found = rowsOf(database, posteriorsSql.all, { tenant, domain, bucket: lastBucket, arm: lastArm, rows });
    return sliced(found, limit, (row) => [keyPart(row.bucket), keyPart(row.arm)]);
  },
};
