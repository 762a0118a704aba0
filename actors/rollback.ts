/**
 * Handles rollbacks: one event on the domain's stream, which every bucket takes into account with its next event. What came in
 * between stays in the log.
 */
import { eventId } from '../events/ids.ts';
import { canonical } from './canonical.ts';
import type { Control } from './control.ts';
import { domainOf, type House } from './house.ts';
import type { Rollback, RollbackCommand } from './messages.ts';
import { markDraft, revisionMeant, sharedAt, spanOf } from './rollback-points.ts';

/** @throws ReckonerError domain_unknown, rollback_point_unknown, conflict */
export async function rollBack(
  house: House,
  tenant: string,
  name: string,
  { to, keepConfig }: Pick<RollbackCommand, 'to' | 'keepConfig'>,
  { by, reason }: Control,
): Promise<Rollback> {
  const domain = await domainOf(house, tenant, name);
  const revision = await revisionMeant(house, domain, to);
  // What is restored lies in the past and does not change: only who wrote since may.
  const [restored, shared, span] = await Promise.all([
    domain.compiledAt(revision),
    sharedAt(house, domain, revision),
    spanOf(house, domain, revision),
  ]);
  const request = house.env.uuid();
  let recordedAt = -1;
  await domain.execute(request, ({ latest, length }) => {
    recordedAt = -1;
    if (latest === undefined || revision === latest.revision) return [];
    recordedAt = length;
    const { config } = keepConfig ? latest : restored;
    return [
      {
        id: eventId(tenant, name, request, 'RolledBack'),
        type: 'RolledBack',
        data: {
          ...{ toDomainRevision: revision, by, reason, config: canonical(config), configKept: keepConfig },
          ...shared,
        },
      },
      markDraft(domain, request, 'rollback', { by, reason }),
    ];
  });
  const recorded = recordedAt >= 0;
  return {
    domain: name,
    revision: recorded ? recordedAt : revision,
    to: span,
    configKept: keepConfig,
    recorded,
  };
}
