/**
 * Handles voiding: rewards of a person, of a span of time, or both, count no more, as if they had never come. They stay in the
 * log; a rollback to the revision before restores them.
 */
import { decode, type EventData } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import { eventId } from '../../events/ids.ts';
import { concerns, type Voiding as Span } from '../../events/lineage.ts';
import { bucketPrefix } from '../../events/streams.ts';
import type { Control } from '../control.ts';
import type { DomainHandle } from '../domain/domains.ts';
import { sharesPriors } from '../domain/sharing.ts';
import { domainOf, type House, stateOf } from '../house.ts';
import type { VoidCommand, Voiding } from '../messages/rollback.ts';
import { CONFLICT_RETRIES } from '../retries.ts';
import { addShared, countedAs, type Sums } from './recount.ts';
import { markDraft } from './rollback-points.ts';

/** @throws ReckonerError domain_unknown, conflict */
export async function voidRewards(
  house: House,
  tenant: string,
  name: string,
  command: VoidCommand,
  { by, reason }: Control,
): Promise<Voiding> {
  const domain = await domainOf(house, tenant, name);
  const subject = command.subject === undefined ? '' : await house.knownPseudonym(tenant, command.subject);
  if (subject === undefined) {
    // Somebody whom no event names has no rewards, and gets no salt by being asked about.
    await domain.refresh();
    const { revision } = stateOf(domain);
    return { domain: name, rewards: 0, buckets: 0, arms: [], revision, recorded: false };
  }
  const [fromTime, toTime] = [command.from, command.to].map((time) =>
    time === undefined ? undefined : Date.parse(time),
  );
  const request = house.env.uuid();
  for (let tries = 0; tries <= CONFLICT_RETRIES; tries++) {
    await domain.refresh();
    const { countedSince } = stateOf(domain);
    const found = await rewardsIn(house, domain, { subject, from: fromTime ?? -Infinity, to: toTime ?? Infinity });
    const answer = { domain: name, rewards: found.rewards, buckets: found.buckets, arms: found.arms };
    if (command.dryRun || found.rewards === 0)
      return { ...answer, revision: stateOf(domain).revision, recorded: false };
    let recordedAt = -1;
    await domain.execute(request, ({ latest, length }) => {
      recordedAt = -1;
      // What was taken back or voided meanwhile is to be counted anew.
      if (latest?.countedSince !== countedSince) return [];
      recordedAt = length;
      const data = { subject, fromTime, toTime, by, reason, rewards: found.rewards, ...found.shared };
      return [
        { id: eventId(tenant, name, request, 'RewardVoided'), type: 'RewardVoided', data },
        markDraft(domain, request, 'void', { by, reason }),
      ];
    });
    if (recordedAt >= 0) return { ...answer, revision: recordedAt, recorded: true };
  }
  throw new ReckonerError('conflict', 'Other writers of this domain were faster four times.');
}

interface Found extends Pick<Voiding, 'rewards' | 'buckets' | 'arms'> {
  /** What the domain has shared without them. */
  readonly shared: Pick<EventData<'RewardVoided'>, 'counted' | 'arms' | 'through'>;
}

/** Reads every reward of the domain that counts. */
async function rewardsIn(house: House, domain: DomainHandle, asked: Omit<Span, 'at'>): Promise<Found> {
  const { timeline } = domain;
  const { lineage } = timeline;
  const before = stateOf(domain);
  const span: Span = { ...asked, at: timeline.length };
  const sums: Sums = new Map();
  const taken: Sums = new Map();
  /** Ids of rewards that count no more by this. */
  const now = new Set<string>();
  const buckets = new Set<string>();
  const sharing = sharesPriors(before);
  // Where nothing is counted at present, what was shared by then is still lent, and gone on with later.
  let counting = sharing || before.countedThrough !== '';
  let { counted, countedThrough: through } = before;
  if (sharing) counted = 0;
  const types = ['RewardObserved', 'RewardRetracted'];
  const streamPrefix = bucketPrefix(domain.tenant, domain.name);
  for await (const event of house.log.readAll({ streamPrefix, types })) {
    const decoded = decode(event);
    if (decoded?.type !== 'RewardObserved' && decoded?.type !== 'RewardRetracted') continue;
    const { domainRevision } = decoded.data;
    // What is newer than all that was known here is counted when the domain counts on.
    if (domainRevision > lineage.target) break;
    if (!lineage.has(domainRevision)) continue;
    if (sharing) {
      counted += 1;
      through = decoded.id;
    }
    const standing = timeline.standingAt(domainRevision);
    const id = decoded.type === 'RewardObserved' ? decoded.id : decoded.data.rewardId;
    if (decoded.type === 'RewardObserved') {
      const reward = { ...decoded.data, time: decoded.metadata.time };
      if (!lineage.voids(reward) && concerns(span, reward)) {
        now.add(id);
        buckets.add(decoded.stream);
      }
    }
    const worth = await countedAs(house.log, timeline, lineage, decoded);
    if (worth !== undefined && (counting || now.has(id))) addShared(now.has(id) ? taken : sums, worth, standing);
    if (!sharing && decoded.id === through) counting = false;
  }
  const arms = [...taken].map(([arm, { pulls, sum }]) => ({ arm, pulls, mean: pulls === 0 ? 0 : sum / pulls }));
  const shared = { counted, through, arms: [...sums].map(([arm, { pulls, sum }]) => ({ arm, pulls, sum })) };
  return { rewards: now.size, buckets: buckets.size, arms, shared };
}
