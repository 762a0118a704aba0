/** Rollbacks, and the points to return to. */
import type { CheckpointBody, RollbackBody, VoidBody } from '../../actors/messages/rollback.ts';
import * as bodies from './bodies.ts';
import * as answers from './rollback-answers.ts';
import type { Route } from './route.ts';

const GROUP = 'Domains';

const rollBack: Route<RollbackBody> = {
  method: 'POST',
  path: '/v1/domains/{domain}/rollbacks',
  group: GROUP,
  summary: 'Roll a domain back',
  description:
    'What its buckets have learned, and its configuration, return to how they stood at a rollback point, a revision or a time. What came ' +
    'between stays in the log and counts no more; a rollback to the revision before this one restores it exactly. Whether the domain is ' +
    'frozen stays as it is. A dry run tells what would change.',
  request: { schema: bodies.RollbackBody, example: { to: 'config', reason: 'a bad week', dryRun: true } },
  answers: {
    200: { description: 'A dry run: what would change.', schema: answers.RollbackPreview },
    201: { description: 'It is rolled back.', schema: answers.Rollback },
  },
  errors: ['domain_unknown', 'rollback_point_unknown', 'segment_missing', 'conflict'],
  async handle({ reckoner, path, body, caller }) {
    // Not valid yet: what is no body at all is refused by the Reckoner behind it.
    if (body?.dryRun === true) return { status: 200, json: await reckoner.previewRollback(path.domain, body, caller) };
    return { status: 201, json: await reckoner.rollBack(path.domain, body, caller) };
  },
};

const voidRewards: Route<VoidBody> = {
  method: 'POST',
  path: '/v1/domains/{domain}/voidings',
  group: GROUP,
  summary: 'Void rewards',
  description:
    'Rewards of a person, of a span of time, or both, count no more, as if they had never come: against spam. They stay in the log; a ' +
    'rollback to the revision before restores them. A dry run only counts them.',
  request: { schema: bodies.VoidBody, example: { subject: 'user-77', reason: 'spam', dryRun: true } },
  answers: {
    200: { description: 'How many rewards that would be, or none.', schema: answers.Voiding },
    201: { description: 'They count no more.', schema: answers.Voiding },
  },
  errors: ['domain_unknown', 'conflict'],
  async handle({ reckoner, path, body, caller }) {
    const voiding = await reckoner.voidRewards(path.domain, body, caller);
    return { status: voiding.recorded ? 201 : 200, json: voiding };
  },
};

const mark: Route<CheckpointBody> = {
  method: 'POST',
  path: '/v1/domains/{domain}/rollback-points',
  group: GROUP,
  summary: 'Mark a rollback point',
  description:
    'The domain as it is now can be returned to by this name. Points arise by themselves too: with every configuration, thaw and rollback, ' +
    'and with the first decision of a day (UTC).',
  request: { schema: bodies.CheckpointBody, example: { name: 'before the big launch' } },
  answers: { 201: { description: 'It is marked.', schema: answers.RollbackPoint } },
  errors: ['domain_unknown', 'conflict'],
  async handle({ reckoner, path, body, caller }) {
    return { status: 201, json: await reckoner.checkpoint(path.domain, body, caller) };
  },
};

const list: Route<unknown> = {
  method: 'GET',
  path: '/v1/domains/{domain}/rollback-points',
  group: GROUP,
  summary: 'List the rollback points',
  description:
    'The newest 200, newest first. `GET /v1/analytics/rollback-points` also tells what was decided, earned and paid in the day before ' +
    'each and in the day after.',
  answers: { 200: { description: 'The points.', schema: answers.RollbackPointList } },
  errors: ['domain_unknown'],
  async handle({ reckoner, path, caller }) {
    return { status: 200, json: { points: await reckoner.rollbackPoints(path.domain, caller) } };
  },
};

export const rollbackRoutes: readonly Route<unknown>[] = [rollBack, voidRewards, mark, list];
