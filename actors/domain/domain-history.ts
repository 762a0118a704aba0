/** A domain as its stream tells it, for who looks and never writes: no actor, nothing that follows the log. */
import { decode } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { EventLog } from '../../events/event-log.ts';
import { domainStream } from '../../events/streams.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import type { CompiledDomain, MakePolicy } from './compiled-domain.ts';
import { createConfigurations } from './configurations.ts';
import { createTimeline, type DomainTimeline } from './domain-state.ts';

export interface DomainHistory {
  readonly tenant: string;
  readonly name: string;
  readonly timeline: DomainTimeline;
  /** Reads on in the domain's stream. */
  readonly refresh: () => Promise<void>;
  /** The configuration in force at a revision. @throws ReckonerError log_corrupt where there is no such revision */
  compiledAt(revision: number): Promise<CompiledDomain>;
}

/** @throws ReckonerError domain_unknown, log_corrupt */
export async function readDomainHistory(
  log: EventLog,
  tenant: string,
  name: string,
  makePolicy: MakePolicy = createPolicy,
): Promise<DomainHistory> {
  const stream = domainStream(tenant, name);
  const timeline = createTimeline(makePolicy);
  const configurations = createConfigurations(log, makePolicy);
  const refresh = async () => {
    for await (const event of log.readStream(stream, { from: timeline.length }))
      timeline.apply(event.revision, decode(event));
  };
  await refresh();
  if (timeline.latest === undefined) throw new ReckonerError('domain_unknown', 'There is no domain of this name.');
  return {
    tenant,
    name,
    timeline,
    refresh,
    async compiledAt(revision) {
      if (revision >= timeline.length) await refresh();
      return configurations.at(stream, timeline, revision);
    },
  };
}
