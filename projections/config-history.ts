/** How each domain was configured and governed, from its beginning. */
import type { DecodedEvent } from '../events/catalogue.ts';
import { configDiff } from '../events/config-diff.ts';
import { type Owner, ownerOf } from '../events/streams.ts';
import { CONFIG_HISTORY, CONFIG_IN_FORCE, DOMAIN_CHANGES } from './config-tables.ts';
import type { Projection, Row, Tables } from './projection.ts';
import { boundedOrNull, countOf, flag, textOrNull, timeOf } from './told.ts';

/** How a change is called. */
const CHANGES = {
  DomainConfigured: 'configured',
  DomainFrozen: 'frozen',
  DomainThawed: 'thawed',
  RolledBack: 'rolled_back',
  RewardVoided: 'rewards_voided',
} as const;

type Change = Extract<DecodedEvent, { type: keyof typeof CHANGES }>;

export const configHistory: Projection = {
  name: 'config-history',
  version: 1,
  about: 'How each domain was configured, what each configuration changed, and what else was done to it.',
  tables: [CONFIG_HISTORY, DOMAIN_CHANGES, CONFIG_IN_FORCE],
  types: Object.keys(CHANGES) as (keyof typeof CHANGES)[], // its own keys
  ordered: true,
  open: (tables) => ({
    apply({ record, decoded }) {
      const owner = ownerOf(record.stream);
      const event = decoded();
      if (owner === undefined || event === undefined || !isChange(event)) return;
      const { tenant, domain } = owner;
      const { by, reason } = event.data;
      const common = { tenant, domain, revision: event.revision, time: timeOf(event), by, reason };
      tables.put(DOMAIN_CHANGES.name, { ...common, change: CHANGES[event.type], ...detailsOf(event) });
      if (event.type === 'DomainConfigured') {
        const relearn = flag(event.data.relearn);
        configured(tables, owner, { ...common, relearn, brought_back_from: null }, event.data.config);
      }
      if (event.type === 'RolledBack' && !event.data.configKept) {
        const { config, toDomainRevision } = event.data;
        configured(tables, owner, { ...common, relearn: 0, brought_back_from: toDomainRevision }, config);
      }
    },
    // It remembers nothing.
    reset: () => undefined,
  }),
};

function isChange(event: DecodedEvent): event is Change {
  return Object.hasOwn(CHANGES, event.type);
}

function detailsOf({ type, data }: Change): Row {
  if (type === 'RolledBack') return { to_revision: data.toDomainRevision, config_kept: flag(data.configKept) };
  if (type !== 'RewardVoided') return {};
  const [from_time, to_time] = [boundedOrNull(data.fromTime), boundedOrNull(data.toTime)];
  return { subject: textOrNull(data.subject), from_time, to_time, rewards: countOf(data.rewards) };
}

function configured(tables: Tables, { tenant, domain }: Owner, given: Row, config: string): void {
  const inForce = tables.get(CONFIG_IN_FORCE.name, { tenant, domain });
  const now = parsed(config);
  const diff = inForce === undefined ? [] : configDiff(parsed(String(inForce.config)), now);
  tables.put(CONFIG_HISTORY.name, {
    ...given,
    policy: policyOf(now),
    changes: diff.length,
    diff: JSON.stringify(diff),
    config,
  });
  tables.put(CONFIG_IN_FORCE.name, { tenant, domain, config });
}

/** A configuration is JSON; what is not, in a log that was not written by us, is compared as the text that it is. */
function parsed(config: string): unknown {
  try {
    return JSON.parse(config);
  } catch {
    return config;
  }
}

function policyOf(config: unknown): string | null {
  if (typeof config !== 'object' || config === null || !('policy' in config)) return null;
  const { policy } = config;
  if (typeof policy !== 'object' || policy === null || !('name' in policy)) return null;
  return typeof policy.name === 'string' ? policy.name : null;
}
