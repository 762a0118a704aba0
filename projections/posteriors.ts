/**
 * What was learned, bucket by bucket and arm by arm. Folded by the actors' own fold, which is handed in, so that it is what the live
 * buckets hold, to the bit. A domain may have a million buckets: a bounded number is held as objects, the others are bytes in a table.
 *
 * Rows are written once a batch for each bucket that had events. Where each arm is believed of by its own rewards, only arms that
 * were rewarded are written; where a reward changes what is believed of the others too (what was learned fades, or models share),
 * all rows of the bucket are. When a domain changes what beliefs are made of, all rows of its buckets are written once; when
 * learning was taken back, they are folded anew from the log.
 */
import { LRUCache } from 'lru-cache';
import type { RecordedEvent } from '../events/event-log.ts';
import { bucketPrefix, type Owner, ownerOf } from '../events/streams.ts';
import type { BucketValues, DomainAddress, FoldedBucket, Folding, FollowedDomain } from './folding.ts';
import { BUCKETS, DOMAINS, POSTERIORS, posteriorTables, STATES } from './posteriors-tables.ts';
import type { Handler, ProjectedEvent, Projection, Row, Tables } from './projection.ts';

/** Bytes of posteriors that are held as objects between batches. */
const HELD_BYTES = 64 * 1024 * 1024;
/** What a held bucket takes beside its posterior. */
const OWN_BYTES = 2_000;
/** Buckets that may wait for the end of a batch; with more, a long batch is written in parts. */
const WAITING = 20_000;

export function posteriors(folding: Folding): Projection {
  return {
    name: 'posteriors',
    version: 3,
    about: 'What was learned in each bucket of each arm: what the live buckets hold, to the bit.',
    tables: posteriorTables,
    types: [
      ...(['DomainConfigured', 'DomainFrozen', 'DomainThawed', 'PriorShared'] as const),
      ...(['RollbackPointMarked', 'RolledBack', 'RewardVoided'] as const),
      ...(['DecisionMade', 'ItemsShown', 'RewardObserved', 'RewardRetracted', 'BucketRestarted'] as const),
    ],
    ordered: true,
    open: (tables) => createHandler(folding, tables),
  };
}

/** A bucket at work. */
interface Held {
  readonly address: Owner;
  readonly stream: string;
  readonly domain: FollowedDomain;
  bucket: FoldedBucket;
  /** The last event that was folded into it since it was read or written. */
  last: RecordedEvent | undefined;
  label: string | null;
  values: BucketValues;
  decisions: number;
  rewards: number;
  lastDecisionAt: number | null;
  /** Arms whose rewards moved it in this batch, and the last event that did. */
  readonly touched: Map<string, { readonly revision: number; readonly time: number }>;
  /** Whether all rows have to be written. */
  allArms: boolean;
  /** Whether its posterior can only be told by folding it anew from the log, before it is written. */
  stale: boolean;
  /** Whether learning was taken back in its domain: it is folded anew before its next event. */
  turned: boolean;
}

interface Domain {
  readonly address: DomainAddress;
  readonly followed: FollowedDomain;
  /** What its buckets' rows need, by what happened to it in this batch. */
  turn: 'nothing' | 'beliefs' | 'posteriors';
  /** Whether it has moved on in this batch. */
  moved: boolean;
}

function createHandler(folding: Folding, tables: Tables): Handler {
  const waiting = new Map<string, Held>();
  const held = new LRUCache<string, Held>({ maxSize: HELD_BYTES });
  const domains = new Map<string, Domain>();

  async function domainOf(address: DomainAddress): Promise<Domain> {
    const key = `${address.tenant}-${address.domain}`;
    const known = domains.get(key);
    if (known !== undefined) return known;
    const followed = folding.domain(address);
    const stored = tables.get(DOMAINS, { tenant: address.tenant, domain: address.domain });
    await followed.catchUp(Number(stored?.length ?? 0));
    const domain: Domain = { address, followed, turn: 'nothing', moved: false };
    domains.set(key, domain);
    return domain;
  }

  async function followDomain(address: DomainAddress, record: RecordedEvent): Promise<void> {
    const domain = await domainOf(address);
    const { followed } = domain;
    // Types that this version does not know never come here, but have their places in the stream.
    if (record.revision > followed.length) await followed.catchUp(record.revision);
    const { changes } = followed.follow(record);
    domain.moved = true;
    if (changes === 'posteriors' || domain.turn === 'nothing') domain.turn = changes;
    if (changes !== 'posteriors') return;
    for (const found of waiting.values()) if (found.domain === followed) found.turned = true;
  }

  async function bucketOf(stream: string, address: Owner): Promise<Held> {
    const { followed } = await domainOf(address);
    const key = { tenant: address.tenant, domain: address.domain, bucket: address.bucket };
    const row = tables.get(BUCKETS, key);
    const state = tables.get(STATES, { stream });
    return {
      address,
      stream,
      domain: followed,
      bucket: await restored(followed, stream, state),
      last: undefined,
      label: typeof row?.label === 'string' ? row.label : null,
      values: typeof row?.context === 'string' ? JSON.parse(row.context) : {}, // as `write` put it
      decisions: Number(row?.decisions ?? 0),
      rewards: Number(row?.rewards ?? 0),
      lastDecisionAt: typeof row?.last_decision_at === 'number' ? row.last_decision_at : null,
      touched: new Map(),
      allArms: false,
      stale: false,
      turned: false,
    };
  }

  async function restored(domain: FollowedDomain, stream: string, state: Row | undefined): Promise<FoldedBucket> {
    if (state === undefined) return domain.begin();
    const revision = Number(state.revision);
    const bytes = state.version === folding.version && state.bytes instanceof Uint8Array ? state.bytes : undefined;
    return (bytes && domain.restore(bytes, revision)) ?? (await domain.refold(stream, revision + 1));
  }

  async function begin(record: RecordedEvent): Promise<void> {
    const { stream } = record;
    const address = ownerOf(stream);
    if (address === undefined) return;
    if (address.bucket === '') return followDomain(address, record);
    const found = waiting.get(stream) ?? (await take(stream, address));
    // Types that this version does not know never come here; they move nothing but the revision.
    const unknown = record.revision > found.bucket.revision + 1;
    if (unknown || found.turned || found.domain.foldsAnewBefore(record)) {
      found.bucket = await found.domain.refold(stream, unknown ? record.revision : found.bucket.revision + 1);
      found.last = undefined;
      found.allArms = true;
      found.turned = false;
    }
    fold(found, record);
  }

  /** Among those that wait for the end of the batch. */
  async function take(stream: string, address: Owner): Promise<Held> {
    if (waiting.size >= WAITING) await writeAll();
    const found = held.get(stream) ?? (await bucketOf(stream, address));
    found.turned = (await domainOf(address)).turn === 'posteriors';
    waiting.set(stream, found);
    return found;
  }

  function fold(found: Held, record: RecordedEvent): void {
    const folded = found.domain.fold(found.bucket, record);
    if (folded === undefined) return;
    found.last = record;
    const { time, arm, allArms, stale } = folded;
    if (arm !== undefined && time !== undefined) found.touched.set(arm, { revision: record.revision, time });
    if (allArms) found.allArms = true;
    if (stale) found.stale = true;
    if (record.type === 'RewardObserved') found.rewards += 1;
    if (record.type !== 'DecisionMade') return;
    found.decisions += 1;
    found.lastDecisionAt = Math.trunc(time ?? 0);
    if (found.label !== null) return;
    const told = found.domain.telling(record, found.address.bucket);
    if (told === undefined) return;
    found.label = told.label;
    found.values = told.values;
  }

  async function write(found: Held): Promise<void> {
    const { stream, domain, address, touched } = found;
    if (found.stale) {
      found.bucket = await domain.refold(stream, found.bucket.revision + 1);
      found.last = undefined;
      found.allArms = true;
    }
    writeArms(found);
    const { label, values, decisions, rewards, bucket } = found;
    const { revision } = bucket;
    tables.put(BUCKETS, {
      tenant: address.tenant,
      domain: address.domain,
      bucket: address.bucket,
      label,
      context: label === null ? null : JSON.stringify(values),
      events: revision + 1,
      decisions,
      rewards,
      last_decision_at: found.lastDecisionAt,
      posterior_revision: bucket.posteriorRevision,
      domain_revision: bucket.domainRevision,
    });
    const bytes = domain.serialise(bucket, found.last);
    tables.put(STATES, { stream, revision, version: folding.version, bytes });
    touched.clear();
    found.last = undefined;
    found.allArms = false;
    found.stale = false;
    held.set(stream, found, { size: Math.min(HELD_BYTES, bytes.length + OWN_BYTES) });
  }

  function writeArms({ address, domain, bucket, values, touched, allArms }: Held): void {
    const { tenant, domain: name, bucket: id } = address;
    const arms = new Set(touched.keys());
    if (allArms)
      for (const { arm } of tables.select(POSTERIORS, { tenant, domain: name, bucket: id })) arms.add(String(arm));
    if (arms.size === 0) return;
    const names = [...arms];
    const { policy } = domain;
    for (const [index, belief] of domain.beliefs(bucket, names, values).entries()) {
      const arm = names[index] ?? '';
      const { mean, lower, upper, pulls } = belief;
      const configured = domain.arms.has(arm) ? 1 : 0;
      const parameters = belief.parameters === null ? null : JSON.stringify(belief.parameters);
      const last = touched.get(arm);
      if (last === undefined) {
        const now = { policy, configured, mean, lower, upper, pulls, parameters };
        tables.update(POSTERIORS, { tenant, domain: name, bucket: id, arm }, now);
        continue;
      }
      // One literal: there is a row for each reward of a batch that meets a bucket once, and spreading is dear.
      tables.put(POSTERIORS, {
        tenant,
        domain: name,
        bucket: id,
        arm,
        policy,
        configured,
        mean,
        lower,
        upper,
        pulls,
        parameters,
        revision: last.revision,
        changed_at: Math.trunc(last.time),
      });
    }
  }

  async function writeAll(): Promise<void> {
    for (const domain of domains.values()) await writeDomain(domain);
    for (const found of waiting.values()) await write(found);
    waiting.clear();
  }

  async function writeDomain(domain: Domain): Promise<void> {
    const { address, followed, turn } = domain;
    const { tenant, domain: name } = address;
    if (domain.moved) tables.put(DOMAINS, { tenant, domain: name, length: followed.length });
    domain.moved = false;
    domain.turn = 'nothing';
    if (turn === 'nothing') return;
    const buckets = [...tables.select(BUCKETS, { tenant, domain: name })].map(({ bucket }) => String(bucket));
    for (const bucket of buckets) {
      const its = { tenant, domain: name, bucket };
      const stream = bucketPrefix(tenant, name) + bucket;
      const found = waiting.get(stream) ?? held.get(stream) ?? (await bucketOf(stream, its));
      found.allArms = true;
      if (turn === 'posteriors') found.stale = true;
      if (!waiting.has(stream)) await write(found);
    }
    // Those of this batch have no rows yet.
    for (const found of waiting.values()) {
      if (found.domain !== followed) continue;
      found.allArms = true;
      if (found.turned) found.stale = true;
      found.turned = false;
    }
  }

  return {
    apply({ record }: ProjectedEvent) {
      const found = waiting.get(record.stream);
      if (found === undefined || found.turned || record.revision > found.bucket.revision + 1) return begin(record);
      if (record.type === 'RewardRetracted' && found.domain.foldsAnewBefore(record)) return begin(record);
      fold(found, record);
    },
    flush: writeAll,
    reset() {
      waiting.clear();
      held.clear();
      domains.clear();
    },
  };
}
