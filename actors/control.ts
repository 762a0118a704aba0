/** Handles what governs a domain: configuration, freeze, thaw, and looking at it. */
import type { Draft } from '../events/catalogue.ts';
import { eventId } from '../events/ids.ts';
import { canonical } from './canonical.ts';
import type { DomainConfig } from './domain-config.ts';
import type { DomainState } from './domain-state.ts';
import type { DomainHandle } from './domains.ts';
import { domainOf, type House, stateOf } from './house.ts';
import type { DomainView } from './messages.ts';
import { heldPrices, priceHeld } from './price-guard.ts';
import { markDraft } from './rollback-points.ts';

/** Who governs, and why. */
export interface Control {
  readonly by: string;
  readonly reason: string;
}

/**
 * Creates the domain or replaces its configuration. The same configuration again records nothing.
 * @param confirmed whether prices may move as far as the configuration says
 * @throws ReckonerError price_held
 */
export async function configure(
  house: House,
  tenant: string,
  name: string,
  config: DomainConfig,
  { by, reason }: Control,
  confirmed = false,
): Promise<DomainView & { readonly created: boolean }> {
  const domain = await house.domains.open(tenant, name);
  const request = house.env.uuid();
  const text = canonical(config);
  let created = false;
  await domain.execute(request, ({ latest }) => {
    created = latest === undefined;
    if (latest !== undefined && canonical(latest.config) === text) return [];
    const isPolicy = latest !== undefined && canonical(latest.config.policy) !== canonical(config.policy);
    const held = confirmed ? [] : heldPrices(latest?.config.arms ?? [], config.arms);
    if (held.length > 0) throw priceHeld(held);
    return [
      {
        id: eventId(tenant, name, request, 'DomainConfigured'),
        type: 'DomainConfigured',
        data: { config: text, by, reason, relearn: true },
      },
      markDraft(domain, request, isPolicy ? 'policy' : 'config', { by, reason }),
    ];
  });
  return { ...viewOf(domain), created };
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
  return viewOf(domain);
}

/** @throws ReckonerError domain_unknown */
export async function viewDomain(house: House, tenant: string, name: string): Promise<DomainView> {
  return viewOf(await domainOf(house, tenant, name));
}

export async function viewDomains(house: House, tenant: string): Promise<readonly DomainView[]> {
  const views = [];
  for (const name of await house.domains.names(tenant)) views.push(await viewDomain(house, tenant, name));
  return views;
}

function viewOf(domain: DomainHandle): DomainView {
  const state = stateOf(domain);
  return {
    domain: domain.name,
    revision: state.revision,
    frozen: state.frozen,
    config: state.config,
    exampleContext: state.schema.example,
    shared: sharedOf(state),
    counted: state.counted,
  };
}

function sharedOf({ shared }: DomainState): DomainView['shared'] {
  return [...(shared?.values() ?? [])].map(({ arm, pulls, sum }) => ({
    arm,
    pulls,
    mean: pulls === 0 ? 0 : sum / pulls,
  }));
}
