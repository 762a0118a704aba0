/** Rewards: those of a decision in the order in which they came, else the newest first. */
import { startOf } from '../../projections/period.ts';
import type { Row } from '../../projections/projection.ts';
import { type Asked, FOREVER, keyPart, LOOKED_AT, type Reading, rowsOf, sliced } from './reading.ts';

const PAGE = `LIMIT ${LOOKED_AT + 1}`;

export const rewardsSql = {
  all: `SELECT * FROM rewards WHERE tenant = @tenant AND domain = @domain AND hour >= @from AND hour < @to
    AND (hour, time, stream, revision) < (@hour, @time, @stream, @revision)
    ORDER BY hour DESC, time DESC, stream DESC, revision DESC ${PAGE}`,
  ofSubject: `SELECT * FROM rewards WHERE tenant = @tenant AND domain = @domain AND subject = @subject
    AND time >= @from AND time < @to AND (time, stream, revision) < (@time, @stream, @revision)
    ORDER BY time DESC, stream DESC, revision DESC ${PAGE}`,
  ofDecision: `SELECT * FROM rewards WHERE stream = @stream AND decision_revision = @decision AND revision > @revision
    ORDER BY revision ${PAGE}`,
} as const;

const LAST = '\u{10ffff}';

export const rewards: Reading = {
  projection: 'outcomes',
  tables: ['rewards'],
  read(database, asked) {
    const { tenant, domain = '', subject, decision, limit, after, from = 0, to = FOREVER } = asked;
    const keep = passes(asked);
    if (decision !== undefined) {
      const place = { stream: decision.stream, decision: decision.revision, revision: after?.[0] ?? -1 };
      const rows = rowsOf(database, rewardsSql.ofDecision, place);
      return sliced(rows, limit, ({ revision }) => [keyPart(revision)], keep);
    }
    const [at = FOREVER, stream = LAST, revision = FOREVER] = after ?? [];
    if (subject !== undefined) {
      const rows = rowsOf(database, rewardsSql.ofSubject, {
        ...{ tenant, domain, subject, from, to, time: at, stream, revision },
      });
      return sliced(rows, limit, (row) => [keyPart(row.time), keyPart(row.stream), keyPart(row.revision)], keep);
    }
    const hours = { from: startOf('hour', from), to, hour: startOf('hour', Number(at)) };
    const rows = rowsOf(database, rewardsSql.all, { tenant, domain, ...hours, time: at, stream, revision });
    return sliced(rows, limit, (row) => [keyPart(row.time), keyPart(row.stream), keyPart(row.revision)], keep);
  },
};

function passes({ domain, arm, bucket, kind, subject, from = 0, to = FOREVER }: Asked): (row: Row) => boolean {
  const wanted = Object.entries({ domain, arm, bucket, kind, subject }).filter(([, value]) => value !== undefined);
  return (row) =>
    wanted.every(([column, value]) => row[column] === value) && Number(row.time) >= from && Number(row.time) < to;
}
