/** The tables of the posteriors: what was learned in each bucket, of each arm. */
import type { Table } from './projection.ts';

const ADDRESS = {
  tenant: { type: 'text', about: 'owner of the domain' },
  domain: { type: 'text', about: 'name of the domain' },
  bucket: { type: 'text', about: 'id of the bucket: 16 digits' },
} as const;

export const POSTERIORS = 'posteriors';
export const BUCKETS = 'buckets';
export const STATES = 'posterior_states';
export const DOMAINS = 'posterior_domains';

export const posteriorTables: readonly Table[] = [
  {
    name: POSTERIORS,
    about:
      'What a bucket has learned of an arm; there is a row for each arm that was rewarded in it. Mean and interval are of its own ' +
      'rewards and the configured prior, without what the domain lends for a decision.',
    columns: {
      ...ADDRESS,
      arm: { type: 'text', about: 'name of the arm' },
      policy: { type: 'text', about: 'name and version of the policy in force, such as beta_thompson/1' },
      configured: { type: 'integer', about: '1 while the domain has this arm, 0 once it was removed' },
      mean: {
        type: 'real',
        nullable: true,
        about:
          'posterior mean of the reward, in [0, 1]; of policies that learn about features in the context of the bucket: its own categories ' +
          'and booleans, numbers at their means in it, and of other features all values alike; ' +
          'null for a tree that parts contexts by what the bucket does not say',
      },
      lower: { type: 'real', nullable: true, about: 'lower end of the 95 % interval of that mean' },
      upper: { type: 'real', nullable: true, about: 'upper end of it' },
      pulls: {
        type: 'real',
        nullable: true,
        about: 'shares of pulls that are learned, as far as they are not forgotten',
      },
      parameters: {
        type: 'text',
        nullable: true,
        about:
          'the numbers that the posterior holds of the arm, as a JSON object; null where they cannot be told alone',
      },
      revision: {
        type: 'integer',
        about: 'revision in the bucket’s stream of the last reward of this arm that moved it',
      },
      changed_at: { type: 'integer', about: 'when that was recorded, milliseconds since 1970' },
    },
    key: ['tenant', 'domain', 'bucket', 'arm'],
    indexes: [['tenant', 'domain', 'arm', 'pulls']],
  },
  {
    name: BUCKETS,
    about: 'A bucket: the requests of a domain that share the values of its `bucketBy` features.',
    columns: {
      ...ADDRESS,
      label: { type: 'text', nullable: true, about: 'its values in words; null before its first decision was seen' },
      context: {
        type: 'text',
        nullable: true,
        about:
          "the same as a JSON object, in words by the names of its `bucketBy` features: json_extract(context, '$.topic'); of a number the " +
          'span that it lies in',
      },
      events: { type: 'integer', about: 'events of its stream' },
      decisions: { type: 'integer', about: 'decisions made in it' },
      rewards: { type: 'integer', about: 'rewards recorded in it, also those that were taken back' },
      last_decision_at: {
        type: 'integer',
        nullable: true,
        about: 'time of its last decision, milliseconds since 1970',
      },
      posterior_revision: {
        type: 'integer',
        about: 'revision of the last event that moved the posterior; -1: none did',
      },
      domain_revision: { type: 'integer', about: 'revision of the domain that its last event was made under' },
    },
    key: ['tenant', 'domain', 'bucket'],
  },
  {
    name: STATES,
    about: 'Buckets as far as they are folded, to go on from.',
    columns: {
      stream: { type: 'text', about: 'the bucket’s stream' },
      revision: { type: 'integer', about: 'revision of the last event in it' },
      version: { type: 'text', about: 'of everything that the bytes depend on' },
      bytes: { type: 'blob', about: 'the state' },
    },
    key: ['stream'],
    internal: true,
  },
  {
    name: DOMAINS,
    about: 'How far the streams of domains were followed.',
    columns: {
      tenant: ADDRESS.tenant,
      domain: ADDRESS.domain,
      length: { type: 'integer', about: 'revisions of the domain that are followed' },
    },
    key: ['tenant', 'domain'],
    internal: true,
  },
];
