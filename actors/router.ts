/**
 * The router actor: answers what doors ask over the bus. It sheds load at the door, and drains before it closes; what each
 * request means is in the handlers it calls.
 */
import { type Actor, setup } from 'xstate';
import { z } from 'zod';
import { problemOf, ReckonerError } from '../events/errors.ts';
import type { Message, Reply } from '../events/message-bus.ts';
import { run } from './agents/run.ts';
import { atOwner, decideAtOwner, recordForwardedSilence, runAtOwner } from './cluster/forwarding.ts';
import { confirmsPrices, parseDomainConfig } from './config/domain-config.ts';
import { inOurWords, invalid } from './config/invalid.ts';
import { DomainName, tenantPattern } from './config/names.ts';
import { configure, previewConfiguration, setFrozen, viewDomain, viewDomains } from './control.ts';
import { decide } from './decide.ts';
import { explain } from './explain.ts';
import type { House } from './house.ts';
import { blendItems, showItems } from './items.ts';
import { ControlBody } from './messages/control.ts';
import { DecideBody, type DecideCommand, QuickDecideBody } from './messages/decide.ts';
import { ConfigureBody } from './messages/domain.ts';
import { BlendBody, ItemsBody } from './messages/items.ts';
import { PosteriorDiffQuery, PosteriorQuery } from './messages/posterior.ts';
import { RewardBody } from './messages/reward.ts';
import { CheckpointBody, RollbackBody, VoidBody } from './messages/rollback.ts';
import { RunBody } from './messages/run.ts';
import { DEFAULT_TENANT } from './reckoner.ts';
import { retract, reward } from './rewards/reward.ts';
import { checkpoint, previewRollback, rollBack, rollbackPoints } from './rollback/rollback.ts';
import { posteriorAt, posteriorDiff } from './rollback/time-travel.ts';
import { voidRewards } from './rollback/void-rewards.ts';

export interface RouterInput {
  readonly house: House;
  /** Requests that may be under way at once, default 4,096. */
  readonly limit?: number;
}

/** Held by reference: counting must not copy. */
export interface RouterWork {
  readonly house: House;
  readonly limit: number;
  inFlight: number;
  /** Told when the last request is answered while draining. */
  drained: (() => void) | undefined;
}

type RouterEvent =
  | { readonly type: 'drain'; readonly drained: () => void }
  /** The last request under way has been answered. */
  | { readonly type: 'idle' };

export const routerMachine = setup({
  types: { context: {} as { readonly work: RouterWork }, events: {} as RouterEvent, input: {} as RouterInput },
  guards: { busy: ({ context: { work } }) => work.inFlight > 0 },
  actions: {
    noteDrain: ({ context: { work }, event }) => {
      if (event.type === 'drain') work.drained = event.drained;
    },
    tellDrained: ({ context: { work } }) => work.drained?.(),
  },
}).createMachine({
  id: 'router',
  context: ({ input }) => ({
    work: { house: input.house, limit: input.limit ?? 4096, inFlight: 0, drained: undefined },
  }),
  initial: 'open',
  states: {
    open: {
      on: {
        drain: [
          { guard: 'busy', target: 'draining', actions: 'noteDrain' },
          { target: 'closed', actions: 'noteDrain' },
        ],
      },
    },
    draining: { on: { idle: 'closed' } },
    closed: { entry: 'tellDrained' },
  },
});

/**
 * Answers one request as far as the router's state allows. The state is asked, not sent to: no request changes it, and a machine
 * event for each would cost as much as the choice itself.
 */
export async function answer(router: Actor<typeof routerMachine>, message: Message): Promise<Reply> {
  const { value, context } = router.getSnapshot();
  const { work } = context;
  if (value !== 'open') return refusal(new ReckonerError('shutting_down', 'This node is shutting down.'));
  if (work.inFlight >= work.limit) return refusal(new ReckonerError('overloaded', 'Too many requests are under way.'));
  work.inFlight += 1;
  try {
    return { ok: true, body: await handle(work.house, message) };
  } catch (thrown) {
    return refusal(thrown);
  } finally {
    work.inFlight -= 1;
    if (work.inFlight === 0 && work.drained !== undefined) router.send({ type: 'idle' });
  }
}

function refusal(thrown: unknown): Reply {
  return { ok: false, problem: problemOf(thrown) };
}

/** What is not there and what is undefined are one: JSON knows no other. */
const DecisionRef = z.strictObject({ decisionId: z.string().max(200), body: z.unknown().optional() });
const RetractRef = z.strictObject({
  decisionId: z.string().max(200),
  rewardId: z.string().max(200),
  body: z.unknown().optional(),
});

const PosteriorRef = z.strictObject({ domain: DomainName, query: z.unknown().optional() });

/** Longest name of who asks. */
const BY_LENGTH = 256;

/** Rollback points that are listed. */
const POINTS = 200;

/** Subjects: `decide|run.{domain}`, `reward|retract|items|blend.{domain}`, `control.{domain}.{verb}`, `query.{what}`. */
function handle(house: House, message: Message): Promise<unknown> {
  const { subject, body, headers } = message;
  const [verb, name = '', action] = subject.split('.');
  const { tenant = DEFAULT_TENANT, by = 'bus' } = headers;
  if (!tenantPattern.test(tenant))
    throw new ReckonerError('request_invalid', 'This is not the name of a tenant: 1 to 24 of a-z, 0-9 and _.');
  // It is recorded, and whoever reaches the bus may say what they like.
  if (by.length > BY_LENGTH)
    throw new ReckonerError('request_invalid', `Who asks is told in at most ${BY_LENGTH} characters.`);
  switch (verb) {
    case 'decide':
      return house.placement === undefined
        ? decide(house, tenant, name, parseDecideBody(body))
        : decideAtOwner(house, house.placement, message, parseDecideBody(body), tenant, name);
    case 'run':
      return house.placement === undefined
        ? run(house, tenant, name, parse(RunBody, body))
        : runAtOwner(house, house.placement, message, parse(RunBody, body), tenant, name);
    case 'reward': {
      const ref = parse(DecisionRef, body);
      const command = parse(RewardBody, ref.body);
      return atOwner(house, message, tenant, ref.decisionId, () => reward(house, tenant, ref.decisionId, command));
    }
    case 'retract': {
      const ref = parse(RetractRef, body);
      const control = { ...parse(ControlBody, ref.body), by };
      return atOwner(house, message, tenant, ref.decisionId, () =>
        retract(house, tenant, ref.decisionId, ref.rewardId, control),
      );
    }
    case 'items': {
      const ref = parse(DecisionRef, body);
      const command = parse(ItemsBody, ref.body);
      return atOwner(house, message, tenant, ref.decisionId, () => showItems(house, tenant, ref.decisionId, command));
    }
    case 'blend': {
      const ref = parse(DecisionRef, body);
      const command = parse(BlendBody, ref.body);
      return atOwner(house, message, tenant, ref.decisionId, () => blendItems(house, tenant, ref.decisionId, command));
    }
    case 'silence':
      return recordForwardedSilence(house, message, tenant);
    case 'control': {
      if (action === 'configure')
        return configure(
          house,
          tenant,
          parse(DomainName, name),
          parseDomainConfig(body),
          { by, reason: '' },
          confirmsPrices(body),
        );
      if (action === 'set') {
        const { config, reason, dryRun, ahead } = parse(ConfigureBody, body);
        const parsed = parseDomainConfig(config);
        const [domain, control] = [parse(DomainName, name), { by, reason }];
        if (dryRun) return previewConfiguration(house, tenant, domain, parsed, control);
        return configure(house, tenant, domain, parsed, control, confirmsPrices(config), ahead);
      }
      if (action === 'rollback') {
        const command = parse(RollbackBody, body);
        const control = { by, reason: command.reason };
        if (!command.dryRun) return rollBack(house, tenant, parse(DomainName, name), command, control);
        return house.explaining.run(() => previewRollback(house, tenant, parse(DomainName, name), command, control));
      }
      if (action === 'void') {
        const command = parse(VoidBody, body);
        const control = { by, reason: command.reason };
        return house.explaining.run(() => voidRewards(house, tenant, parse(DomainName, name), command, control));
      }
      if (action === 'checkpoint') {
        const command = parse(CheckpointBody, body);
        return checkpoint(house, tenant, parse(DomainName, name), command, { by, reason: command.reason });
      }
      const frozen = { freeze: true, thaw: false }[action ?? ''];
      if (frozen !== undefined) return setFrozen(house, tenant, name, frozen, { ...parse(ControlBody, body), by });
      break;
    }
    case 'query':
      if (name === 'decision') {
        const { decisionId } = parse(DecisionRef, body);
        return house.explaining.run(() => explain(house, tenant, decisionId));
      }
      if (name === 'domain') return viewDomain(house, tenant, parse(DomainName, body));
      if (name === 'rollbackPoints') return rollbackPoints(house, tenant, parse(DomainName, body), POINTS);
      if (name === 'posterior' || name === 'posteriorDiff') {
        const { domain, query } = parse(PosteriorRef, body);
        // It may have to read the whole log: few at a time.
        if (name === 'posterior')
          return house.explaining.run(() => posteriorAt(house, tenant, domain, parse(PosteriorQuery, query)));
        return house.explaining.run(() => posteriorDiff(house, tenant, domain, parse(PosteriorDiffQuery, query)));
      }
      if (name === 'domains') return viewDomains(house, tenant);
      break;
  }
  throw new ReckonerError('route_unknown', 'Nothing answers this subject.');
}

function parseDecideBody(body: unknown): DecideCommand {
  const quick = QuickDecideBody.safeParse(body);
  return quick.success ? quick.data : parse(DecideBody, body);
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body, inOurWords);
  if (!parsed.success) throw invalid('request_invalid', 'The request is not valid.', parsed.error);
  return parsed.data;
}
