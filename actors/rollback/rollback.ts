/**
 * Handles rollbacks: one event on the domain's stream, which every bucket takes into account with its next event. What came in
 * between stays in the log.
 */
import type { EventData } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import { eventAt } from '../../events/event-at.ts';
import { eventId } from '../../events/ids.ts';
import { bucketPrefix, domainStream } from '../../events/streams.ts';
import type { SharedSums } from '../../proto/generated/events.ts';
import type { Control } from '../control.ts';
import type { CompiledDomain } from '../domain/compiled-domain.ts';
import type { DomainHandle } from '../domain/domains.ts';
import { sharesPriors } from '../domain/sharing.ts';
import { domainOf, findEvent, type House, stateOf, vanished } from '../house.ts';
import { canonical } from '../identity/canonical.ts';
import type {
  CheckpointCommand,
  RevisionSpan,
  Rollback,
  RollbackCommand,
  RollbackPoint,
  RollbackPreview,
} from '../messages/rollback.ts';
import { recount } from './recount.ts';
import { markDraft, pointOf, pointsOf, revisionMeant, sharedAt, spanOf } from './rollback-points.ts';
import { previewOf } from './rollback-preview.ts';

/** @throws ReckonerError domain_unknown, rollback_point_unknown, conflict, segment_missing */
export async function rollBack(
  house: House,
  tenant: string,
  name: string,
  { to, keepConfig }: Pick<RollbackCommand, 'to' | 'keepConfig'>,
  control: Control,
): Promise<Rollback> {
  const meant = await meantBy(house, tenant, name, to, keepConfig);
  const { domain, span } = meant;
  const request = house.env.uuid();
  let recordedAt = -1;
  await domain.execute(request, ({ latest, length }) => {
    recordedAt = -1;
    if (latest === undefined || span.revision === latest.revision) return [];
    if (keepConfig && latest.rewardKey !== meant.rewardKey)
      throw new ReckonerError('conflict', 'What rewards are worth was changed meanwhile.');
    recordedAt = length;
    const data = rolledBackTo(meant, latest, keepConfig, control);
    return [
      { id: eventId(tenant, name, request, 'RolledBack'), type: 'RolledBack', data },
      markDraft(domain, request, 'rollback', control),
    ];
  });
  const recorded = recordedAt >= 0;
  return {
    domain: name,
    revision: recorded ? recordedAt : span.revision,
    to: span,
    configKept: keepConfig,
    recorded,
  };
}

/** What the same rollback would change; nothing is recorded. @throws ReckonerError domain_unknown, rollback_point_unknown */
export async function previewRollback(
  house: House,
  tenant: string,
  name: string,
  { to, keepConfig, contexts }: RollbackCommand,
  control: Control,
): Promise<RollbackPreview> {
  const meant = await meantBy(house, tenant, name, to, keepConfig);
  const { domain, span } = meant;
  const data = rolledBackTo(meant, stateOf(domain), keepConfig, control);
  return {
    domain: name,
    revision: stateOf(domain).revision,
    to: span,
    configKept: keepConfig,
    ...(await previewOf(house, domain, data, contexts)),
  };
}

interface Meant {
  readonly domain: DomainHandle;
  readonly span: RevisionSpan;
  readonly restored: CompiledDomain;
  readonly shared: SharedSums;
  /** What rewards were worth when it was meant. */
  readonly rewardKey: string;
}

/** What lies in the past and does not change: only who wrote since may. */
async function meantBy(
  house: House,
  tenant: string,
  name: string,
  to: RollbackCommand['to'],
  keepConfig: boolean,
): Promise<Meant> {
  const domain = await domainOf(house, tenant, name);
  const revision = await revisionMeant(house, domain, to);
  await requireReadable(house, domain, revision);
  const [restored, shared, span] = await Promise.all([
    domain.compiledAt(revision),
    sharedAt(house, domain, revision),
    spanOf(house, domain, revision),
  ]);
  const latest = stateOf(domain);
  const { rewardKey } = latest;
  const meant = { domain, span, restored, shared, rewardKey };
  const sharing = sharesPriors(latest);
  if (!keepConfig || rewardKey === restored.rewardKey || (!sharing && shared.through === '')) return meant;
  // What had been shared is worth something else by the definition that is kept.
  const data = rolledBackTo(meant, latest, true, { by: '', reason: '' });
  const imagined = domain.timeline.imagine({ type: 'RolledBack', data });
  if (imagined === undefined) return meant;
  return {
    ...meant,
    shared: await recount(
      house.log,
      bucketPrefix(tenant, name),
      domain.timeline,
      imagined.lineage,
      sharing ? undefined : shared.through,
    ),
  };
}

/**
 * Buckets whose oldest events were archived are folded from a state that was kept of them. Where that comes from what is set aside
 * now, they have to be folded from their first event: better to say now that it is not there than when they are asked to decide.
 */
async function requireReadable({ log }: House, { tenant, name }: DomainHandle, revision: number): Promise<void> {
  const stream = domainStream(tenant, name);
  const after = await eventAt(log, stream, revision + 1);
  if (after !== undefined) await log.requireWhole?.(bucketPrefix(tenant, name), after.position);
}

function rolledBackTo(
  { span, restored, shared }: Meant,
  latest: CompiledDomain,
  configKept: boolean,
  { by, reason }: Control,
): EventData<'RolledBack'> {
  const { config } = configKept ? latest : restored;
  return {
    toDomainRevision: span.revision,
    by,
    reason,
    config: canonical(config),
    configKept,
    relearn: true,
    ...shared,
  };
}

/** Marks the domain as it is now. @throws ReckonerError domain_unknown, conflict */
export async function checkpoint(
  house: House,
  tenant: string,
  name: string,
  { name: pointName }: Pick<CheckpointCommand, 'name'>,
  control: Control,
): Promise<RollbackPoint> {
  const domain = await domainOf(house, tenant, name);
  const request = house.env.uuid();
  await domain.execute(request, () => [markDraft(domain, request, 'manual', control, pointName)]);
  const id = eventId(tenant, name, request, 'RollbackPointMarked');
  const marked = await findEvent(house, id);
  if (marked?.type !== 'RollbackPointMarked') throw vanished();
  return pointOf(marked);
}

/** The newest points that a domain can be returned to, newest first. @throws ReckonerError domain_unknown */
export async function rollbackPoints(
  house: House,
  tenant: string,
  name: string,
  limit: number,
): Promise<readonly RollbackPoint[]> {
  const domain = await domainOf(house, tenant, name);
  await domain.refresh();
  const points: RollbackPoint[] = [];
  for await (const point of pointsOf(house, domain)) {
    points.push(point);
    if (points.length >= limit) break;
  }
  return points;
}
