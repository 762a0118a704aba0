/** Domains: configured, listed, frozen and thawed. */
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import type { ControlCommand } from '../../actors/messages/control.ts';
import * as answers from './answers.ts';
import * as bodies from './bodies.ts';
import * as examples from './examples.ts';
import type { Route } from './route.ts';

const GROUP = 'Domains';

const configure: Route<DomainConfigInput> = {
  method: 'PUT',
  path: '/v1/domains/{domain}',
  group: GROUP,
  summary: 'Create or replace a domain',
  description:
    'A domain is one decision problem: its arms, the features of a request, what makes a bucket, the policy and the meaning of ' +
    'a reward. Everything but the arms has a default. The same configuration again changes nothing. One that moves the declared price ' +
    'of an arm by more than 10 times is held until it is confirmed. Where it changes the policy or what rewards are worth, the buckets first ' +
    'learn anew from the log, for a minute at most: the domain shows how far they are. With the header `Prefer: respond-async` that is not ' +
    'waited for, and takes as long as it takes.',
  request: { schema: bodies.DomainConfig, example: examples.domainExample },
  answers: {
    200: { description: 'It was there and now has this configuration.', schema: answers.ConfiguredDomain },
    201: { description: 'It is created.', schema: answers.ConfiguredDomain },
    202: {
      description:
        'It takes over when its buckets have learned anew: the domain, at `Location`, shows how far they are.',
      schema: answers.ConfiguredDomain,
    },
  },
  errors: ['config_invalid', 'price_held', 'conflict', 'segment_missing'],
  async handle({ reckoner, path, body, caller, prefers }) {
    const isAsync = prefers('respond-async');
    const view = await reckoner.configure(path.domain, body, caller, isAsync ? { ahead: 'later' } : {});
    if (view.accepted === true) {
      const headers = { location: `/v1/domains/${path.domain}`, 'preference-applied': 'respond-async' };
      return { status: 202, json: view, headers };
    }
    return { status: view.created ? 201 : 200, json: view };
  },
};

const show: Route<unknown> = {
  method: 'GET',
  path: '/v1/domains/{domain}',
  group: GROUP,
  summary: 'Show a domain',
  description:
    'Its configuration with every default filled in, a context that is valid for it, and what its buckets share.',
  answers: { 200: { description: 'The domain.', schema: answers.DomainView } },
  errors: ['domain_unknown'],
  async handle({ reckoner, path, caller }) {
    return { status: 200, json: await reckoner.domain(path.domain, caller) };
  },
};

const list: Route<unknown> = {
  method: 'GET',
  path: '/v1/domains',
  group: GROUP,
  summary: 'List the domains',
  description: 'Every domain of the tenant.',
  answers: { 200: { description: 'The domains.', schema: answers.DomainList } },
  errors: [],
  async handle({ reckoner, caller }) {
    return { status: 200, json: { domains: await reckoner.domains(caller) } };
  },
};

const freeze: Route<Partial<ControlCommand>> = {
  method: 'POST',
  path: '/v1/domains/{domain}/freeze',
  group: GROUP,
  summary: 'Freeze a domain',
  description: 'It goes on deciding and recording rewards, and learns nothing from them until it is thawed.',
  request: { schema: bodies.ControlBody, optional: true, example: examples.controlExample },
  answers: { 200: { description: 'The domain, frozen.', schema: answers.DomainView } },
  errors: ['domain_unknown', 'conflict'],
  async handle({ reckoner, path, body, caller }) {
    return { status: 200, json: await reckoner.freeze(path.domain, body, caller) };
  },
};

const thaw: Route<Partial<ControlCommand>> = {
  method: 'POST',
  path: '/v1/domains/{domain}/thaw',
  group: GROUP,
  summary: 'Thaw a domain',
  description: 'It learns again, from the rewards that come from now on.',
  request: { schema: bodies.ControlBody, optional: true, example: { reason: 'the new model is in' } },
  answers: { 200: { description: 'The domain, learning.', schema: answers.DomainView } },
  errors: ['domain_unknown', 'conflict'],
  async handle({ reckoner, path, body, caller }) {
    return { status: 200, json: await reckoner.thaw(path.domain, body, caller) };
  },
};

export const domainRoutes: readonly Route<unknown>[] = [configure, show, list, freeze, thaw];
