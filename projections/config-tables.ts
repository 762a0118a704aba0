/** The tables of how a domain was configured and governed. */
import { DOMAIN, integer, orNull, real, TENANT, TIME, text } from './columns.ts';
import type { Table } from './projection.ts';

export const CONFIG_HISTORY: Table = {
  name: 'config_history',
  about:
    'One configuration of a domain that came into force: given, or brought back by a rollback. It is in force until the next one.',
  columns: {
    tenant: TENANT,
    domain: DOMAIN,
    revision: integer('Revision of the domain at which it came into force.'),
    time: TIME,
    by: text('Who asked for it.'),
    reason: text('Why.'),
    brought_back_from: orNull(integer('The revision that a rollback returned to; null where it was configured.')),
    relearn: integer('1 where a policy that takes over was to learn from all that the domain had been taught.'),
    policy: orNull(text('The policy that it names; null where it names none.')),
    changes: integer('In how many places it differs from the one before; 0 for the first.'),
    diff: text(
      'Those places, a JSON array of {path, was, is} in order of path: `was` is missing for what is new, `is` for what went. Arms are found by their name, not by their place.',
    ),
    config: text('The whole configuration, canonical JSON.'),
  },
  key: ['tenant', 'domain', 'revision'],
};

export const DOMAIN_CHANGES: Table = {
  name: 'domain_changes',
  about: 'One thing that was done to a domain by those who govern it.',
  columns: {
    tenant: TENANT,
    domain: DOMAIN,
    revision: integer('Revision of the domain that it made.'),
    time: TIME,
    change: text('configured, frozen, thawed, rolled_back or rewards_voided.'),
    by: text('Who asked for it.'),
    reason: text('Why.'),
    to_revision: orNull(integer('For rolled_back: the revision that was returned to.')),
    config_kept: orNull(
      integer('For rolled_back: 1 where the configuration stayed and only what was learned went back.'),
    ),
    subject: orNull(
      text('For rewards_voided: pseudonym of the person whose rewards were taken out; null for everybody’s.'),
    ),
    from_time: orNull(
      real('For rewards_voided: recorded at this time or later, milliseconds since 1970; null for no limit.'),
    ),
    to_time: orNull(real('For rewards_voided: recorded before this time; null for no limit.')),
    rewards: orNull(integer('For rewards_voided: how many rewards that were, as the event says.')),
  },
  key: ['tenant', 'domain', 'revision'],
  indexes: [['tenant', 'domain', 'change', 'time']],
};

export const CONFIG_IN_FORCE: Table = {
  name: 'config_in_force',
  about: 'The newest configuration of a domain: what the next one is compared with.',
  columns: { tenant: TENANT, domain: DOMAIN, config: text('The whole configuration.') },
  key: ['tenant', 'domain'],
  internal: true,
};
