/** What the buckets of a domain knew at a moment of the past: folded from the log, with snapshots as the cache that they are. */
import { decode } from '../../events/catalogue.ts';
import { ReckonerError } from '../../events/errors.ts';
import { eventAt } from '../../events/event-at.ts';
import { bucketOfStream, bucketPrefix } from '../../events/streams.ts';
import { type ArmBelief, beliefsOf } from '../bucket/bucket-folding.ts';
import type { BucketState } from '../bucket/bucket-state.ts';
import { bucketUnder } from '../bucket/fold-bucket.ts';
import type { ToldBucket } from '../context/features.ts';
import type { DomainHandle } from '../domain/domains.ts';
import { domainOf, type House } from '../house.ts';
import type {
  ArmPosterior,
  BucketDifference,
  BucketPosterior,
  MomentView,
  PosteriorDiff,
  PosteriorDiffQuestion,
  PosteriorQuestion,
  PosteriorView,
} from '../messages/posterior.ts';
import { belongsTo, type Moment, momentMeant, prefixLength, revisionOf } from './moments.ts';

/** Arms of all buckets of one answer; fewer buckets come where a domain has many. */
const ENTRIES = 20_000;
const BUCKET_ID = /^[a-z2-7]{16}$/;

/** @throws ReckonerError domain_unknown, rollback_point_unknown, request_invalid, log_corrupt */
export async function posteriorAt(
  house: House,
  tenant: string,
  name: string,
  query: PosteriorQuestion,
): Promise<PosteriorView> {
  const domain = await domainOf(house, tenant, name);
  const moment = await momentMeant(house, domain, query.at);
  const { streams, total } = await streamsOf(house, domain, [moment], query);
  const buckets: BucketPosterior[] = [];
  for (const stream of streams) {
    const { bucketId = '' } = bucketOfStream(stream) ?? {};
    const told = await telling(house, domain, stream);
    const { state, arms } = await bucketAt(house, domain, stream, moment, told);
    const { posteriorRevision, head } = state;
    buckets.push({ bucket: bucketId, ...asTold(told), events: head.revision + 1, posteriorRevision, arms });
  }
  return { domain: name, at: await viewOf(domain, moment, query.at), total, buckets };
}

/** @throws ReckonerError domain_unknown, rollback_point_unknown, request_invalid, log_corrupt */
export async function posteriorDiff(
  house: House,
  tenant: string,
  name: string,
  query: PosteriorDiffQuestion,
): Promise<PosteriorDiff> {
  const domain = await domainOf(house, tenant, name);
  const before = await momentMeant(house, domain, query.from);
  const after = await momentMeant(house, domain, query.to);
  const { streams, total } = await streamsOf(house, domain, [before, after], query);
  const buckets: BucketDifference[] = [];
  for (const stream of streams) {
    const told = await telling(house, domain, stream);
    const [from, to] = [
      await bucketAt(house, domain, stream, before, told),
      await bucketAt(house, domain, stream, after, told),
    ] as const;
    const { bucketId = '' } = bucketOfStream(stream) ?? {};
    buckets.push({
      bucket: bucketId,
      ...asTold(told),
      events: { from: from.state.head.revision + 1, to: to.state.head.revision + 1 },
      changed: !sameState(from.state, to.state),
      arms: differences(from.arms, to.arms),
    });
  }
  const [from, to] = [await viewOf(domain, before, query.from), await viewOf(domain, after, query.to)];
  return { domain: name, from, to, total, buckets };
}

/**
 * The state of a bucket at a moment, under the domain as it was then.
 * @throws ReckonerError log_corrupt
 */
export async function stateAt(
  { log, snapshots }: Pick<House, 'log' | 'snapshots'>,
  { timeline, refresh }: Pick<DomainHandle, 'timeline' | 'refresh'>,
  stream: string,
  moment: Moment,
): Promise<{ readonly state: BucketState; readonly domainRevision: number }> {
  const upTo = moment.now ? Number.POSITIVE_INFINITY : await prefixLength(log, stream, moment);
  let { domainRevision } = moment;
  const last = upTo > 0 && Number.isFinite(upTo) ? await eventAt(log, stream, upTo - 1) : undefined;
  // By other clocks than the domain's it may be made under a revision that came later: then that belongs to it too.
  if (last !== undefined) domainRevision = Math.max(domainRevision, revisionOf(last));
  return {
    state: await bucketUnder({ log, snapshots, timeline, refresh }, stream, upTo, domainRevision),
    domainRevision,
  };
}

async function bucketAt(
  house: House,
  domain: DomainHandle,
  stream: string,
  moment: Moment,
  told: ToldBucket | undefined,
) {
  const { state, domainRevision } = await stateAt(house, domain, stream, moment);
  const { config, arms, armNames, schema } = await domain.compiledAt(domainRevision);
  // The state has adopted all of that revision: no policy took over since.
  const then = { config, arms, schema, policy: state.domain.policy, policySince: 0 };
  const beliefs = beliefsOf(state, then, armNames, told?.values ?? {});
  return { state, arms: beliefs.map((belief, index): ArmPosterior => ({ arm: armNames[index] ?? '', ...belief })) };
}

function sameState({ domain, posterior }: BucketState, other: BucketState): boolean {
  if (domain.policyKey !== other.domain.policyKey) return false;
  return Buffer.compare(domain.policy.serialise(posterior), other.domain.policy.serialise(other.posterior)) === 0;
}

function differences(from: readonly ArmPosterior[], to: readonly ArmPosterior[]): BucketDifference['arms'] {
  const [before, after] = [from, to].map((arms) => new Map(arms.map(({ arm, ...belief }) => [arm, belief])));
  const arms = new Set([...from, ...to].map(({ arm }) => arm));
  const of = (beliefs: ReadonlyMap<string, ArmBelief> | undefined, arm: string) => beliefs?.get(arm) ?? null;
  return [...arms].map((arm) => ({ arm, from: of(before, arm), to: of(after, arm) }));
}

async function viewOf(domain: DomainHandle, { domainRevision }: Moment, asked: string): Promise<MomentView> {
  const { policy } = await domain.compiledAt(domainRevision);
  return { asked, domainRevision, policy: `${policy.name}/${policy.version}` };
}

/** The streams of the buckets that are asked for, and how many there were at one of the moments. */
async function streamsOf(
  house: House,
  domain: DomainHandle,
  moments: readonly Moment[],
  { bucket, limit, offset }: { readonly bucket?: string; readonly limit: number; readonly offset: number },
): Promise<{ readonly streams: readonly string[]; readonly total: number }> {
  const prefix = bucketPrefix(domain.tenant, domain.name);
  if (bucket !== undefined) {
    const stream = BUCKET_ID.test(bucket) ? prefix + bucket : await streamLabelled(house, domain, bucket);
    if ((await eventAt(house.log, stream, 0)) === undefined) throw noBucket(bucket);
    return { streams: [stream], total: 1 };
  }
  const sizes = new Map<string, number>();
  const belongs = moments.map(belongsTo);
  for await (const event of house.log.readAll({ streamPrefix: prefix })) {
    // Each is asked: what belongs to a moment also depends on what came before in the stream.
    const found = belongs.map((test) => test(event));
    if (found.includes(true)) sizes.set(event.stream, (sizes.get(event.stream) ?? 0) + 1);
  }
  const { armNames } = await domain.compiledAt(Math.max(...moments.map(({ domainRevision }) => domainRevision)));
  const most = Math.max(1, Math.min(limit, Math.floor(ENTRIES / armNames.length)));
  const largest = [...sizes].sort(([one, size], [other, otherSize]) => otherSize - size || (one < other ? -1 : 1));
  return { streams: largest.slice(offset, offset + most).map(([stream]) => stream), total: sizes.size };
}

/** By the first decision of each bucket. @throws ReckonerError request_invalid */
async function streamLabelled({ log }: House, domain: DomainHandle, label: string): Promise<string> {
  const prefix = bucketPrefix(domain.tenant, domain.name);
  const seen = new Set<string>();
  for await (const event of log.readAll({ streamPrefix: prefix, types: ['DecisionMade'] })) {
    if (seen.has(event.stream)) continue;
    seen.add(event.stream);
    const decoded = decode(event);
    if (decoded?.type !== 'DecisionMade') continue;
    const { schema } = await domain.compiledAt(decoded.data.domainRevision);
    if (schema.bucketOf(decoded.data.features).label === label) return event.stream;
  }
  throw noBucket(label);
}

function noBucket(bucket: string): ReckonerError {
  return new ReckonerError('request_invalid', `The domain has no bucket ${bucket.slice(0, 80)}.`, {
    remedy: 'Without a bucket the largest are shown, with their ids and labels.',
  });
}

/** What a bucket is, by its first decision; undefined where it has none. */
async function telling({ log }: House, domain: DomainHandle, stream: string): Promise<ToldBucket | undefined> {
  for await (const event of log.readStream(stream)) {
    const decoded = event.type === 'DecisionMade' ? decode(event) : undefined;
    if (decoded?.type !== 'DecisionMade') continue;
    const { schema } = await domain.compiledAt(decoded.data.domainRevision);
    const { features } = decoded.data;
    return { label: schema.bucketOf(features).label, values: schema.valuesOf(features) };
  }
  return undefined;
}

function asTold(told: ToldBucket | undefined): Pick<BucketPosterior, 'label' | 'context'> {
  return { label: told?.label ?? null, context: told?.values ?? null };
}
