/** The house over its bus: what doors hold. Turns method calls into requests, and problems back into exceptions. */
import { errorOf, ReckonerError } from '../events/errors.ts';
import type { MessageBus } from '../events/message-bus.ts';
import { DomainName } from './config/names.ts';
import type { ConfigureOptions } from './messages/domain.ts';
import type { Health } from './messages/health.ts';
import { RUN_TIMEOUT } from './messages/run.ts';
import { type Caller, DEFAULT_TENANT, type Reckoner } from './reckoner.ts';

/** Milliseconds for an explanation: it may have to read a million events, and waits for others. */
const EXPLAIN_MS = 60_000;

/** Milliseconds for the dry run of a rollback, and for voiding: they read all that counts no more. */
const PREVIEW_MS = 600_000;

/** The same for learning anew from all of a long log: a day. */
const RELEARN_MS = 86_400_000;

/** What deciding and recording may add to the time that a run is given, in milliseconds. */
const RUN_MARGIN_MS = 5_000;

const ANYONE: Caller = { tenant: DEFAULT_TENANT, by: 'anonymous' };

/** @param health how the node is; asked without the bus, so that it answers when the bus does not */
export function createClient(bus: MessageBus, health: () => Health): Reckoner {
  /** @param subject made within, so that a name that fits into none rejects like everything else */
  const request = async <T>(
    subject: () => string,
    body: unknown,
    caller: Caller = ANYONE,
    timeoutMs?: number,
  ): Promise<T> => {
    const headers = { tenant: caller.tenant, by: caller.by };
    const reply = await bus.request(subject(), body, { headers, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    if (!reply.ok) throw errorOf(reply.problem);
    return reply.body as T; // each subject has one answer type: the handlers in router.ts
  };

  return {
    decide: (domain, body, caller) => request(() => `decide.${nameOf(domain)}`, body, caller),
    run: (domain, body, caller) =>
      request(
        () => `run.${nameOf(domain)}`,
        body,
        caller,
        Math.min(body.timeoutMs ?? RUN_TIMEOUT.default, RUN_TIMEOUT.most) + RUN_MARGIN_MS,
      ),
    reward: (decisionId, body, caller) => request(() => `reward.${domainIn(decisionId)}`, { decisionId, body }, caller),
    retract: (decisionId, rewardId, body = {}, caller) =>
      request(() => `retract.${domainIn(decisionId)}`, { decisionId, rewardId, body }, caller),
    showItems: (decisionId, body, caller) =>
      request(() => `items.${domainIn(decisionId)}`, { decisionId, body }, caller),
    blend: (decisionId, body, caller) => request(() => `blend.${domainIn(decisionId)}`, { decisionId, body }, caller),
    explain: (decisionId, caller) =>
      request(() => 'query.decision', { decisionId, body: undefined }, caller, EXPLAIN_MS),
    configure: (domain, config, caller, options = {}) =>
      request(() => `control.${newNameOf(domain)}.set`, { ...options, config }, caller, limitOf(options.ahead)),
    previewConfiguration: (domain, config, caller) =>
      request(() => `control.${newNameOf(domain)}.set`, { config, dryRun: true }, caller),
    domain: async (domain, caller) => request(() => 'query.domain', nameOf(domain), caller),
    domains: (caller) => request(() => 'query.domains', {}, caller),
    freeze: (domain, body = {}, caller) => request(() => `control.${nameOf(domain)}.freeze`, body, caller),
    thaw: (domain, body = {}, caller) => request(() => `control.${nameOf(domain)}.thaw`, body, caller),
    rollBack: (domain, body, caller) => request(() => `control.${nameOf(domain)}.rollback`, body, caller, PREVIEW_MS),
    previewRollback: (domain, body, caller) =>
      request(() => `control.${nameOf(domain)}.rollback`, { ...body, dryRun: true }, caller, PREVIEW_MS),
    voidRewards: (domain, body, caller) => request(() => `control.${nameOf(domain)}.void`, body, caller, PREVIEW_MS),
    checkpoint: (domain, body, caller) => request(() => `control.${nameOf(domain)}.checkpoint`, body, caller),
    posterior: async (domain, query, caller) =>
      request(() => 'query.posterior', { domain: nameOf(domain), query }, caller, EXPLAIN_MS),
    posteriorDiff: async (domain, query, caller) =>
      request(() => 'query.posteriorDiff', { domain: nameOf(domain), query }, caller, EXPLAIN_MS),
    rollbackPoints: async (domain, caller) => request(() => 'query.rollbackPoints', nameOf(domain), caller),
    health: async () => health(),
  };
}

/** Whoever has all learned first is not told before that is done that nobody knows what came of it. */
function limitOf(ahead: ConfigureOptions['ahead']): number {
  return ahead === 'all' ? RELEARN_MS : PREVIEW_MS;
}

/** A name goes into a subject, so it is checked before. */
function nameOf(domain: string): string {
  if (DomainName.safeParse(domain).success) return domain;
  throw new ReckonerError('domain_unknown', 'This is not the name of a domain: 1 to 24 of a-z, 0-9 and _.');
}

/** A domain that is configured need not be there: what is wrong with its name is the name. */
function newNameOf(domain: string): string {
  if (DomainName.safeParse(domain).success) return domain;
  throw new ReckonerError('request_invalid', 'A domain cannot have this name: names are 1 to 24 of a-z, 0-9 and _.', {
    remedy: 'Send it again under another name, such as my_domain.',
  });
}

function domainIn(decisionId: string): string {
  const domain = decisionId.split('.', 1)[0] ?? '';
  if (DomainName.safeParse(domain).success) return domain;
  throw new ReckonerError('decision_id_invalid', 'This is not a decision id of this installation.');
}
