/** What a domain's configurations, all of them since it began, make of an export's columns; and which rewards it took out. */
import { compileDomain } from '../../actors/domain/compiled-domain.ts';
import type { DomainHistory } from '../../actors/domain/domain-history.ts';
import { standingAt } from '../../actors/domain/domain-state.ts';
import { decode, type EventData } from '../../events/catalogue.ts';
import type { EventLog } from '../../events/event-log.ts';
import { domainStream } from '../../events/streams.ts';
import { createPolicy } from '../../policies/catalogue.ts';

export interface Action {
  readonly arm: string;
  /** Dollars a call, as declared last; undefined where nothing was declared. */
  readonly costUsd: number | undefined;
}

export interface DomainOutline {
  /** Arms by their index: in the order in which they were first configured, so that an index never changes. */
  readonly actions: readonly Action[];
  /** Index of an arm; -1 for one that no configuration names. */
  actionOf(arm: string): number;
  /** Names of the doubles of contexts, over all schemas, in the order in which they first came. */
  readonly features: readonly string[];
  /** Whether the domain's stream takes a reward out. */
  isVoided(reward: EventData<'RewardObserved'>, time: number): boolean;
  /** A reward with what the definition in force makes of it, where everything was learned anew by that; else as it was recorded. */
  relearned(reward: EventData<'RewardObserved'>): Pick<EventData<'RewardObserved'>, 'value' | 'share'>;
}

/** Reads the domain's stream. @throws ReckonerError log_corrupt */
export async function outlineOf(
  log: EventLog,
  { tenant, name, timeline }: Pick<DomainHistory, 'tenant' | 'name' | 'timeline'>,
): Promise<DomainOutline> {
  const { lineage } = timeline;
  const actions = new Map<string, Action>();
  const features = new Set<string>();
  let last = '';
  const configure = (text: string) => {
    if (text === last || text === '') return;
    last = text;
    const { config, schema } = compileDomain(text, createPolicy);
    // Setting a key again keeps its place.
    for (const { name: arm, costUsd } of config.arms) actions.set(arm, { arm, costUsd });
    schema.kinds.forEach((_, index) => {
      features.add(schema.tell(index, 0)[0]);
    });
  };
  for await (const event of log.readStream(domainStream(tenant, name))) {
    if (event.type === 'PriorShared') continue;
    const decoded = decode(event);
    if (decoded?.type === 'DomainConfigured') configure(decoded.data.config);
  }
  const indices = new Map([...actions.keys()].map((arm, index) => [arm, index]));
  return {
    actions: [...actions.values()],
    actionOf: (arm) => indices.get(arm) ?? -1,
    features: [...features],
    isVoided: (reward, time) => lineage.voids({ ...reward, time }),
    relearned: (reward) => lineage.valued(reward, standingAt(timeline, reward.domainRevision)),
  };
}
