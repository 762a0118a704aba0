/** What was learned, at any moment. */
import { PosteriorDiffQuery, PosteriorQuery } from '../../actors/messages/posterior.ts';
import * as answers from './posterior-answers.ts';
import { readQuery } from './read-query.ts';
import type { Route } from './route.ts';

const GROUP = 'Domains';

const show: Route<unknown> = {
  method: 'GET',
  path: '/v1/domains/{domain}/posterior',
  group: GROUP,
  summary: 'Show what was learned at a moment',
  description:
    'What the buckets held then, to the last bit, folded from the log: now, at a position, at a time, at a rollback point or at the end of a ' +
    'revision of the domain. One bucket, or the largest; for these the log is read once. The analytics tell of now, and sooner.',
  query: PosteriorQuery,
  answers: { 200: { description: 'What was learned.', schema: answers.Posterior } },
  errors: ['domain_unknown', 'rollback_point_unknown', 'segment_missing', 'overloaded'],
  async handle({ reckoner, path, caller, search }) {
    return { status: 200, json: await reckoner.posterior(path.domain, readQuery(PosteriorQuery, search()), caller) };
  },
};

const diff: Route<unknown> = {
  method: 'GET',
  path: '/v1/domains/{domain}/posterior/diff',
  group: GROUP,
  summary: 'Show what changed between two moments',
  description:
    'What was learned at both, arm by arm. Where nothing is said, from the beginning of the domain until now.',
  query: PosteriorDiffQuery,
  answers: { 200: { description: 'What changed.', schema: answers.PosteriorDiff } },
  errors: ['domain_unknown', 'rollback_point_unknown', 'segment_missing', 'overloaded'],
  async handle({ reckoner, path, caller, search }) {
    const query = readQuery(PosteriorDiffQuery, search());
    return { status: 200, json: await reckoner.posteriorDiff(path.domain, query, caller) };
  },
};

export const posteriorRoutes: readonly Route<unknown>[] = [show, diff];
