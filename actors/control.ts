/** Handles what governs a domain: configuration, freeze, thaw, and looking at it. */
import type { Draft } from '../events/catalogue.ts';
import { configDiff } from '../events/config-diff.ts';
import { problemOf, ReckonerError } from '../events/errors.ts';
import { START } from '../events/event-log.ts';
import { eventId } from '../events/ids.ts';
import { bucketPrefix } from '../events/streams.ts';
import type { SharedSums } from '../proto/generated/events.ts';
import type { DomainConfig } from './config/domain-config.ts';
import { heldPrices, priceHeld } from './config/price-guard.ts';
import type { DomainState, DomainTimeline } from './domain/domain-state.ts';
import type { DomainHandle } from './domain/domains.ts';
import { sharesPriors } from './domain/sharing.ts';
import { domainOf, type House, stateOf } from './house.ts';
import { canonical } from './identity/canonical.ts';
import type { ConfigureCommand, Configured, ConfigurePreview, DomainView } from './messages/domain.ts';
import { CONFLICT_RETRIES } from './retries.ts';
import { type Imagined, learnAhead, refuseMeanwhile } from './rollback/learn-ahead.ts';
import { recount } from './rollback/recount.ts';
import { markDraft } from './rollback/rollback-points.ts';

/** Who governs, and why. */
export interface Control {
  readonly by: string;
  readonly reason: string;
}

/**
 * Creates the domain or replaces its configuration. The same configuration again records nothing.
 * @param confirmed whether prices may move as far as the configuration says
 * @param ahead for how long its buckets learn anew before it takes over
 * @throws ReckonerError price_held, conflict, segment_missing, shutting_down
 */
export async function configure(
  house: House,
  tenant: string,
  name: string,
  config: DomainConfig,
  { by, reason }: Control,
  confirmed = false,
  ahead: ConfigureCommand['ahead'] = 'minute',
): Promise<Configured> {
  const domain = await house.domains.open(tenant, name);
  const request = house.env.uuid();
  const text = canonical(config);
  let created = false;
  const control = { by, reason };
  const held = confirmed ? [] : heldPrices(domain.timeline.latest?.config.arms ?? [], config.arms);
  const key = bucketPrefix(tenant, name);
  house.refused.delete(key);
  const imagined = held.length === 0 ? await toLearnAhead(house, domain, text, control) : undefined;
  const learning = imagined && learnAhead(house, domain, imagined, ahead === 'minute' ? undefined : Infinity);
  if (learning !== undefined && ahead === 'later') {
    learning.then(() => takeOver()).catch((thrown) => house.refused.set(key, problemOf(thrown)));
    return { ...viewOf(house, domain), created: false, accepted: true };
  }
  await learning;
  return takeOver();

  async function takeOver(): Promise<Configured> {
    let anew = await countedAnew(house, domain, text, control);
    let isBehind = false;
    const make: Parameters<typeof domain.execute>[1] = ({ latest }) => {
      isBehind = false;
      created = latest === undefined;
      if (latest !== undefined && canonical(latest.config) === text) return [];
      // What rewards are worth, or which count, was changed meanwhile: they are to be counted once more.
      if (latest?.rewardKey !== anew.rewardKey || latest?.countedSince !== anew.countedSince) {
        isBehind = true;
        return [];
      }
      const isPolicy = latest !== undefined && canonical(latest.config.policy) !== canonical(config.policy);
      const held = confirmed ? [] : heldPrices(latest?.config.arms ?? [], config.arms);
      if (held.length > 0) throw priceHeld(held);
      return [
        {
          id: eventId(tenant, name, request, 'DomainConfigured'),
          type: 'DomainConfigured',
          data: { config: text, by, reason, relearn: true, shared: anew.shared },
        },
        markDraft(domain, request, isPolicy ? 'policy' : 'config', control),
      ];
    };
    for (let tries = 0; ; tries++) {
      await domain.execute(request, make);
      if (!isBehind) break;
      if (tries >= CONFLICT_RETRIES)
        throw new ReckonerError('conflict', 'Other writers of this domain were faster four times.');
      await domain.refresh();
      anew = await countedAnew(house, domain, text, control);
    }
    return { ...viewOf(house, domain), created };
  }
}

/** What a configuration would change; nothing is recorded. */
export async function previewConfiguration(
  house: House,
  tenant: string,
  name: string,
  config: DomainConfig,
  control: Control,
): Promise<ConfigurePreview> {
  const { timeline } = await house.domains.open(tenant, name);
  const { latest } = timeline;
  const imagined = latest && imaginedWith(timeline, canonical(config), control);
  return {
    domain: name,
    created: latest === undefined,
    changes: configDiff(latest?.config ?? {}, config).map(({ path, was = null, is = null }) => ({
      path,
      before: was,
      after: is,
    })),
    relearns: imagined !== undefined && imagined.lineage.turnedAt > timeline.lineage.turnedAt,
    heldPrices: heldPrices(latest?.config.arms ?? [], config.arms).map(({ arm }) => arm),
  };
}

/**
 * Where a configuration changes how is learned, its buckets learn so before it takes over.
 * @returns the domain as it makes it; undefined where it changes nothing of that
 * @throws ReckonerError conflict while another one is learned, segment_missing where events are away that are to be learned from: better now than when a bucket is to decide
 */
async function toLearnAhead(
  house: House,
  domain: DomainHandle,
  config: string,
  control: Control,
): Promise<Imagined | undefined> {
  const { timeline, tenant, name } = domain;
  refuseMeanwhile(house, domain);
  const imagined = timeline.latest && imaginedWith(timeline, config, control);
  if (imagined === undefined || imagined.lineage.turnedAt <= timeline.lineage.turnedAt) return undefined;
  await house.log.requireWhole?.(bucketPrefix(tenant, name), START);
  return imagined;
}

function imaginedWith(timeline: DomainTimeline, config: string, control: Control) {
  const data = { config, ...control, relearn: true, shared: undefined };
  return timeline.imagine({ type: 'DomainConfigured', data });
}

interface CountedAnew {
  readonly shared: SharedSums | undefined;
  /** What it was counted under. */
  readonly rewardKey: string | undefined;
  readonly countedSince: number | undefined;
}

/**
 * What a configuration makes of what the domain has shared, where it changes what rewards are worth.
 */
async function countedAnew(
  { log }: House,
  { tenant, name, timeline }: DomainHandle,
  config: string,
  control: Control,
): Promise<CountedAnew> {
  const { latest } = timeline;
  if (latest === undefined) return { shared: undefined, rewardKey: undefined, countedSince: undefined };
  const { rewardKey, countedSince } = latest;
  const imagined = imaginedWith(timeline, config, control);
  const unchanged = { shared: undefined, rewardKey, countedSince };
  if (imagined === undefined) return unchanged;
  if (imagined.state.rewardKey === rewardKey) return unchanged;
  const sharing = sharesPriors(imagined.state);
  // Where nothing was shared yet, who counts just now has to begin anew all the same.
  if (!sharing && latest.countedThrough === '') return { ...unchanged, shared: { counted: 0, through: '', arms: [] } };
  // Where nothing is counted at present, what was shared by then is still lent.
  const until = sharing ? undefined : latest.countedThrough;
  const shared = await recount(log, bucketPrefix(tenant, name), timeline, imagined.lineage, until);
  return { shared, rewardKey, countedSince };
}

/** Stops or takes up learning. Asking for what is already so records nothing. @throws ReckonerError domain_unknown */
export async function setFrozen(
  house: House,
  tenant: string,
  name: string,
  frozen: boolean,
  { by, reason }: Control,
): Promise<DomainView> {
  const domain = await domainOf(house, tenant, name);
  const request = house.env.uuid();
  await domain.execute(request, ({ latest }) => {
    if (latest?.frozen === frozen) return [];
    const type = frozen ? 'DomainFrozen' : 'DomainThawed';
    const change: Draft = { id: eventId(tenant, name, request, type), type, data: { by, reason } };
    return frozen ? [change] : [change, markDraft(domain, request, 'thaw', { by, reason })];
  });
  return viewOf(house, domain);
}

/** @throws ReckonerError domain_unknown */
export async function viewDomain(house: House, tenant: string, name: string): Promise<DomainView> {
  return viewOf(house, await domainOf(house, tenant, name));
}

export async function viewDomains(house: House, tenant: string): Promise<readonly DomainView[]> {
  const views = [];
  for (const name of await house.domains.names(tenant)) views.push(await viewDomain(house, tenant, name));
  return views;
}

function viewOf(house: House, domain: DomainHandle): DomainView {
  const state = stateOf(domain);
  const prefix = bucketPrefix(domain.tenant, domain.name);
  const [relearning, refused] = [house.relearning.get(prefix), house.refused.get(prefix)];
  return {
    domain: domain.name,
    revision: state.revision,
    frozen: state.frozen,
    config: state.config,
    exampleContext: state.schema.example,
    shared: sharedOf(state),
    counted: state.counted,
    ...(relearning === undefined ? {} : { relearning: { ...relearning } }),
    ...(refused === undefined
      ? {}
      : { refused: { code: refused.code, message: refused.message, remedy: refused.remedy } }),
  };
}

function sharedOf({ shared }: DomainState): DomainView['shared'] {
  return [...(shared?.values() ?? [])].map(({ arm, pulls, sum }) => ({
    arm,
    pulls,
    mean: pulls === 0 ? 0 : sum / pulls,
  }));
}
