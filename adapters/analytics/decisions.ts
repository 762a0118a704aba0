/** Decisions, newest first; those of a bucket in the order of its stream, backwards. */
import { bucketPrefix } from '../../events/streams.ts';
import type { Row } from '../../projections/projection.ts';
import { type Asked, FOREVER, type Key, keyPart, LOOKED_AT, type Reading, rowsOf, sliced } from './reading.ts';

const PAGE = `LIMIT ${LOOKED_AT + 1}`;
const NEWEST = `AND time >= @from AND time < @to AND (time, stream, revision) < (@time, @stream, @revision)
  ORDER BY time DESC, stream DESC, revision DESC ${PAGE}`;

export const decisionsSql = {
  all: `SELECT * FROM decisions WHERE tenant = @tenant AND domain = @domain ${NEWEST}`,
  ofArm: `SELECT * FROM decisions WHERE tenant = @tenant AND domain = @domain AND arm = @arm ${NEWEST}`,
  ofSubject: `SELECT * FROM decisions WHERE subject = @subject ${NEWEST}`,
  ofBucket: `SELECT * FROM decisions WHERE stream = @stream AND revision < @revision ORDER BY revision DESC ${PAGE}`,
} as const;

/** After every stream's name. */
const LAST = '\u{10ffff}';

export const decisions: Reading = {
  projection: 'outcomes',
  tables: ['decisions'],
  read(database, asked) {
    const { tenant, domain = '', bucket, arm, subject, limit, after, from = 0, to = FOREVER } = asked;
    const keep = passes(asked);
    if (bucket !== undefined) {
      const stream = bucketPrefix(tenant, domain) + bucket;
      const revision = after?.[0] ?? FOREVER;
      const rows = rowsOf(database, decisionsSql.ofBucket, { stream, revision });
      return sliced(rows, limit, ({ revision }) => [keyPart(revision)], keep);
    }
    const [time = FOREVER, stream = LAST, revision = FOREVER] = after ?? [];
    const span = { from, to, time, stream, revision };
    const rows =
      subject !== undefined
        ? rowsOf(database, decisionsSql.ofSubject, { subject, ...span })
        : arm !== undefined
          ? rowsOf(database, decisionsSql.ofArm, { tenant, domain, arm, ...span })
          : rowsOf(database, decisionsSql.all, { tenant, domain, ...span });
    return sliced(rows, limit, placeOf, keep);
  },
};

function placeOf({ time, stream, revision }: Row): Key {
  return [keyPart(time), keyPart(stream), keyPart(revision)];
}

/** What an index has left is looked at here. */
function passes(asked: Asked): (row: Row) => boolean {
  const wanted = Object.entries({
    tenant: asked.tenant,
    domain: asked.domain,
    arm: asked.arm,
    subject: asked.subject,
    policy: asked.policy,
    policy_version: asked.policyVersion,
    experiment: asked.experiment,
    mode: asked.mode,
    fallback: asked.fallback === undefined ? undefined : Number(asked.fallback),
  }).filter(([, value]) => value !== undefined);
  const { from = 0, to = FOREVER, rewarded } = asked;
  return (row) =>
    wanted.every(([column, value]) => row[column] === value) &&
    Number(row.time) >= from &&
    Number(row.time) < to &&
    (rewarded === undefined || Number(row.rewards) > 0 === rewarded);
}
