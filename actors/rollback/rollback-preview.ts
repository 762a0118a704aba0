/** What a rollback would change, without recording it: events that count no more, and what the arms would look like. */
import { decode, type EventData, type Traced, traceDecision, traceReward } from '../../events/catalogue.ts';
import { configDiff } from '../../events/config-diff.ts';
import { ReckonerError } from '../../events/errors.ts';
import { eventAt } from '../../events/event-at.ts';
import { type Position, type RecordedEvent, START } from '../../events/event-log.ts';
import { bucketPrefix, domainStream } from '../../events/streams.ts';
import { type BucketView, viewUnder } from '../bucket/bucket-state.ts';
import { type BucketSource, foldBucket } from '../bucket/fold-bucket.ts';
import { makeDecision } from '../choice/choose.ts';
import type { CompiledDomain } from '../domain/compiled-domain.ts';
import type { DomainState } from '../domain/domain-state.ts';
import type { DomainHandle } from '../domain/domains.ts';
import { type House, stateOf } from '../house.ts';
import type { EventCounts, RollbackPreview } from '../messages/rollback.ts';
import type { Lineage } from './lineage.ts';

type Made = EventData<'DecisionMade'>;
type Preview = Pick<RollbackPreview, 'setAside' | 'restored' | 'contexts' | 'unfit' | 'arms' | 'config'>;

/** Arms that are looked at in all, each once for every context: with ten thousand of them 20 contexts have to do. */
const LOOKS_AT_MOST = 200_000;
/** Arms that are looked at before others have their turn: nobody's decision waits for a preview. */
const LOOKS_AT_ONCE = 5_000;

/** @param asked how many of the last decisions to compare the arms on, at most */
export async function previewOf(
  house: House,
  domain: DomainHandle,
  rollback: EventData<'RolledBack'>,
  asked: number,
): Promise<Preview> {
  const { timeline, refresh } = domain;
  const now = stateOf(domain);
  const imagined = timeline.imagine({ type: 'RolledBack', data: rollback });
  if (imagined === undefined) return { ...NOTHING, config: [] };
  const armCount = Math.max(1, now.armNames.length, imagined.state.armNames.length);
  const wanted = Math.min(asked, Math.ceil(LOOKS_AT_MOST / armCount));
  const { counts, last } = await since(house, domain, timeline.lineage, imagined.lineage, wanted);
  const source = { log: house.log, snapshots: house.snapshots, timeline, refresh };
  const before = createSide(source, domain, now, now.revision);
  const after = createSide(source, domain, imagined.state, imagined.lineage);
  let unfit = 0;
  let looked = 0;
  for (const decision of last) {
    looked += decision.candidates.length;
    if (looked >= LOOKS_AT_ONCE) {
      looked = 0;
      await house.env.sleep(0);
    }
    const compiled = await domain.compiledAt(decision.domainRevision);
    // Both or neither: shares of different contexts cannot be compared.
    const left = await before.look(decision, compiled);
    const right = await after.look(decision, compiled);
    if (left === undefined || right === undefined) unfit += 1;
    else {
      before.count(left);
      after.count(right);
    }
  }
  const names = new Set([...now.armNames, ...imagined.state.armNames]);
  const arms = [...names].map((arm) => ({
    arm,
    mean: { before: before.meanOf(arm), after: after.meanOf(arm) },
    share: { before: before.shareOf(arm), after: after.shareOf(arm) },
  }));
  const config = configDiff(now.config, imagined.state.config).map(({ path, was = null, is = null }) => ({
    path,
    before: was,
    after: is,
  }));
  return { ...counts, contexts: last.length - unfit, unfit, arms, config };
}

const NONE: EventCounts = { decisions: 0, rewards: 0, retractions: 0 };
const NOTHING = { setAside: NONE, restored: NONE, contexts: 0, unfit: 0, arms: [] };

const columns = { DecisionMade: 'decisions', RewardObserved: 'rewards', RewardRetracted: 'retractions' } as const;

/** Counts the events that count under one lineage only, and keeps the last decisions that were made since the first of them. */
async function since(house: House, domain: DomainHandle, before: Lineage, after: Lineage, wanted: number) {
  const setAside = { ...NONE };
  const restored = { ...NONE };
  // As they were read: of those that are dropped again only their revision is asked.
  const last: RecordedEvent[] = [];
  const types = Object.keys(columns);
  const streamPrefix = bucketPrefix(domain.tenant, domain.name);
  const from = await startOf(house, domain, before, after);
  for await (const event of house.log.readAll({ after: from, streamPrefix, types })) {
    const domainRevision = revisionOf(event);
    if (domainRevision === undefined) continue;
    const column = columns[event.type as keyof typeof columns]; // only these were asked for
    if (before.has(domainRevision) !== after.has(domainRevision))
      (before.has(domainRevision) ? setAside : restored)[column] += 1;
    if (event.type !== 'DecisionMade') continue;
    last.push(event);
    // Dropped in heaps: one by one would move all of them each time.
    if (last.length >= 2 * wanted) last.splice(0, last.length - wanted);
  }
  return { counts: { setAside, restored }, last: last.slice(-wanted).flatMap(madeIn) };
}

function revisionOf(event: RecordedEvent): number | undefined {
  const traced = traceDecisionOrReward(event);
  if (traced !== undefined) return traced.data.domainRevision;
  const decoded = decode(event);
  return decoded !== undefined && 'domainRevision' in decoded.data ? decoded.data.domainRevision : undefined;
}

function traceDecisionOrReward(event: RecordedEvent): Traced<{ readonly domainRevision: number }> | undefined {
  if (event.type === 'DecisionMade') return traceDecision(event);
  return event.type === 'RewardObserved' ? traceReward(event) : undefined;
}

function madeIn(event: RecordedEvent): Made[] {
  const decoded = decode(event);
  return decoded?.type === 'DecisionMade' ? [decoded.data] : [];
}

/** Where the log begins to differ for the two. */
async function startOf(
  { log }: House,
  { tenant, name }: DomainHandle,
  before: Lineage,
  after: Lineage,
): Promise<Position> {
  const edges = [...before.edges, ...after.edges].filter((edge) => before.has(edge) !== after.has(edge));
  const first = Math.min(before.target, ...edges);
  return (await eventAt(log, domainStream(tenant, name), first))?.position ?? START;
}

/** One of the two states of the domain that are compared. */
function createSide(source: BucketSource, domain: DomainHandle, state: DomainState, target: number | Lineage) {
  const views = new Map<string, BucketView>();
  const means = new Map<string, { sum: number; count: number }>();
  const shares = new Map<string, number>();
  let contexts = 0;

  async function viewOf(stream: string): Promise<BucketView> {
    const known = views.get(stream);
    if (known !== undefined) return known;
    const learned = await foldBucket(source, stream, undefined, undefined, target);
    const view = viewUnder(learned, state);
    views.set(stream, view);
    return view;
  }

  return {
    /** What would be chosen, and how every candidate looks; undefined where the request does not fit this configuration. */
    async look(decision: Made, compiled: CompiledDomain): Promise<Looks | undefined> {
      const features = featuresUnder(state, decision, compiled);
      const request = features === undefined ? undefined : requestOf(domain, decision, features, compiled, state);
      if (features === undefined || request === undefined) return undefined;
      const view = await viewOf(bucketPrefix(domain.tenant, domain.name) + state.schema.bucketOf(features).id);
      const chosen = attempt(() => makeDecision(view, request));
      return chosen === undefined ? undefined : looksOf(view, chosen);
    },
    count(looks: Looks): void {
      contexts += 1;
      for (const { arm, share, mean } of looks) {
        shares.set(arm, (shares.get(arm) ?? 0) + share);
        if (mean === undefined) continue;
        const { sum, count } = means.get(arm) ?? { sum: 0, count: 0 };
        means.set(arm, { sum: sum + mean, count: count + 1 });
      }
    },
    meanOf(arm: string): number | null {
      const mean = means.get(arm);
      return mean === undefined ? null : mean.sum / mean.count;
    },
    shareOf: (arm: string) => (contexts === 0 || !state.arms.has(arm) ? null : (shares.get(arm) ?? 0) / contexts),
  };
}

type Looks = readonly { readonly arm: string; readonly share: number; readonly mean: number | undefined }[];

/** With more candidates their propensities take long: then the choice that the decision's own draw makes is counted. */
const EXACT_UP_TO = 32;

function looksOf({ domain: { policy }, posterior }: BucketView, chosen: Made): Looks {
  const { candidates, fallback } = chosen;
  if (fallback) return [{ arm: chosen.arm, share: 1, mean: undefined }];
  const propensities = candidates.length <= EXACT_UP_TO ? policy.propensities(posterior, chosen) : undefined;
  return candidates.map((arm, index) => ({
    arm,
    share: propensities === undefined ? (arm === chosen.arm ? 1 : 0) : (propensities[index] ?? 0),
    mean: policy.belief(posterior, chosen, index).mean,
  }));
}

/** The context of a decision as doubles of another configuration. */
function featuresUnder(
  { schema }: DomainState,
  { features }: Made,
  compiled: CompiledDomain,
): readonly number[] | undefined {
  if (compiled.schema.meaning() === schema.meaning()) return features;
  return attempt(() => schema.encode(compiled.schema.describe(features), 0));
}

/** The request again, as far as it was recorded: of its constraints is known whom they set aside. Undefined where none of its arms is left. */
function requestOf(
  { tenant }: DomainHandle,
  decision: Made,
  features: readonly number[],
  compiled: CompiledDomain,
  { arms }: DomainState,
): Parameters<typeof makeDecision>[1] | undefined {
  const { requestId, requestHash, subject, seed, taskType, complexity, tokens, excluded } = decision;
  const asked = new Set([...decision.candidates, ...excluded.map(({ arm }) => arm)]);
  // Who asked for all arms of then would ask for all of these.
  const all = compiled.armNames.every((arm) => asked.has(arm));
  const candidates = all ? undefined : [...asked].filter((arm) => arms.has(arm));
  if (candidates?.length === 0) return undefined;
  const command = {
    ...{ context: {}, propensity: 'lazy' as const, taskType: taskType === '' ? undefined : taskType },
    ...{ complexity, tokens, candidates },
  };
  return { tenant, command, requestId, requestHash, features, subject, seed };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (thrown) {
    // What does not fit is left out of the comparison; what should not fail is no such case.
    if (thrown instanceof ReckonerError) return undefined;
    throw thrown;
  }
}
