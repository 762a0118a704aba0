/** Commands for a bucket, at the node that it belongs to: here, or forwarded as they came, with their id fixed before. */
import { z } from 'zod';
import { errorOf, ReckonerError } from '../../events/errors.ts';
import type { Message } from '../../events/message-bus.ts';
import { bucketPrefix } from '../../events/streams.ts';
import { run } from '../agents/run.ts';
import { decide } from '../decide.ts';
import type { DomainHandle } from '../domain/domains.ts';
import { domainOf, type House, loadedDomain, stateOf } from '../house.ts';
import { decisionId, parseDecisionId } from '../identity/decision-id.ts';
import type { DecideCommand, Decision } from '../messages/decide.ts';
import type { Run, RunCommand } from '../messages/run.ts';
import { recordSilence } from '../rewards/silence.ts';
import type { Placement } from './placement.ts';

/** A message that has it was forwarded, and is handled where it came: two nodes that disagree meet in the log, not in a circle. */
export const HOP_HEADER = 'reckoner-hop';
/** Says of a forwarded request that its id was made by the node that it came to: nobody has used it before. */
export const MADE_ID_HEADER = 'reckoner-made-id';

/** How much of the domain's stream the node knows that a request came to: its owner must not know less when it answers. */
export const KNOWN_HEADER = 'reckoner-known';

/** What deciding and recording may add to the time that a run is given, in milliseconds. */
const RUN_MARGIN_MS = 5_000;

export function isForwarded({ headers }: Message): boolean {
  return headers[HOP_HEADER] !== undefined;
}

/** Decides at the bucket's owner. @throws what `decide` throws */
export async function decideAtOwner(
  house: House,
  placement: Placement,
  message: Message,
  command: DecideCommand,
  ...[tenant, name]: [string, string]
): Promise<Decision> {
  if (isForwarded(message)) {
    await catchUp(house, message, tenant, name);
    return decide(house, tenant, name, asMade(message, command));
  }
  const owner = await ownerOf(house, placement, tenant, name, command.context);
  if (owner === placement.self) return decide(house, tenant, name, command);
  const { fixed, outward } = fix(house, hopping(house, message, tenant, name), command);
  const answer = await answerFrom<Decision>(placement, owner, outward);
  return answer ?? decide(house, tenant, name, fixed);
}

/**
 * Carries a request out at the bucket's owner, so that one that is repeated at two nodes is carried out once. Where the owner goes
 * meanwhile, it is carried out here in what is left of its time.
 * @throws what `run` throws
 */
export async function runAtOwner(
  house: House,
  placement: Placement,
  message: Message,
  command: RunCommand,
  ...[tenant, name]: [string, string]
): Promise<Run> {
  if (isForwarded(message)) {
    await catchUp(house, message, tenant, name);
    return run(house, tenant, name, asMade(message, command));
  }
  const owner = await ownerOf(house, placement, tenant, name, command.context);
  if (owner === placement.self) return run(house, tenant, name, command);
  const since = house.env.now();
  const { fixed, outward } = fix(house, hopping(house, message, tenant, name), command);
  const answer = await answerFrom<Run>(placement, owner, outward, command.timeoutMs + RUN_MARGIN_MS);
  if (answer !== undefined) return answer;
  const left = Math.max(1, command.timeoutMs - (house.env.now() - since));
  return run(house, tenant, name, { ...fixed, timeoutMs: left });
}

/**
 * What a decision's bucket is asked for, at its owner. All such commands may come twice: their events' ids follow from what they say.
 * @throws ReckonerError decision_id_invalid, and what `here` throws
 */
export async function atOwner<T>(
  house: House,
  message: Message,
  tenant: string,
  id: string,
  here: () => Promise<T>,
): Promise<T> {
  const { placement } = house;
  if (placement === undefined) return here();
  const { domain, bucketId } = parseDecisionId(house.decisionKey, tenant, id);
  if (isForwarded(message)) {
    await catchUp(house, message, tenant, domain);
    return here();
  }
  const owner = placement.ownerOf(bucketPrefix(tenant, domain) + bucketId);
  const answer =
    owner === placement.self
      ? undefined
      : await answerFrom<T>(placement, owner, hopping(house, message, tenant, domain));
  return answer ?? here();
}

const SilenceRef = z.strictObject({ decisionId: z.string().max(200) });

/** Says that nothing came for a decision: the domain's owner notices, the bucket's owner records it. */
export async function silenceAtOwner(
  house: House,
  domain: DomainHandle,
  stream: string,
  revision: number,
): Promise<void> {
  const { placement } = house;
  const owner = placement?.ownerOf(stream);
  if (placement !== undefined && owner !== undefined && owner !== placement.self) {
    const { tenant, name } = domain;
    const bucketId = stream.slice(bucketPrefix(tenant, name).length);
    const id = decisionId(house.decisionKey, tenant, { domain: name, bucketId, revision });
    const message = { subject: `silence.${name}`, body: { decisionId: id }, headers: { tenant } };
    const answer = await answerFrom<object>(placement, owner, hopping(house, message, tenant, name));
    if (answer !== undefined) return;
  }
  await recordSilence(house, domain, stream, revision);
}

/** Records what the domain's owner noticed. Only nodes may ask for it: nobody else can say that nothing came. */
export async function recordForwardedSilence(house: House, message: Message, tenant: string): Promise<object> {
  const parsed = SilenceRef.safeParse(message.body);
  if (!isForwarded(message) || !parsed.success)
    throw new ReckonerError('route_unknown', 'Nothing answers this subject.');
  const { domain: name, bucketId, revision } = parseDecisionId(house.decisionKey, tenant, parsed.data.decisionId);
  const domain = await domainOf(house, tenant, name);
  await recordSilence(house, domain, bucketPrefix(tenant, name) + bucketId, revision);
  return {};
}

async function ownerOf(
  house: House,
  placement: Placement,
  tenant: string,
  name: string,
  context: DecideCommand['context'],
): Promise<string> {
  const domain = loadedDomain(house, tenant, name) ?? (await domainOf(house, tenant, name));
  const { schema } = stateOf(domain);
  const bucket = schema.bucketOf(schema.encode(context, house.env.now()));
  return placement.ownerOf(bucketPrefix(tenant, name) + bucket.id);
}

/** The request under an id that holds wherever it is handled, here and as it goes out. */
function fix<T extends DecideCommand>(house: House, out: Message, command: T) {
  if (command.requestId !== undefined) return { fixed: command, outward: out };
  const requestId = house.env.uuid();
  const body = { ...(out.body as object), requestId }; // it was parsed as one
  return {
    fixed: { ...command, requestId, made: true },
    outward: { ...out, body, headers: { ...out.headers, [MADE_ID_HEADER]: '1' } },
  };
}

function hopping(house: House, message: Message, tenant: string, name: string): Message {
  const known = String(loadedDomain(house, tenant, name)?.timeline.length ?? 0);
  return { ...message, headers: { ...message.headers, [HOP_HEADER]: '1', [KNOWN_HEADER]: known } };
}

/** Whoever has just configured or frozen a domain at one node is not answered by another that has not heard of it. */
async function catchUp(house: House, { headers }: Message, tenant: string, name: string): Promise<void> {
  const known = Number(headers[KNOWN_HEADER] ?? 0);
  const domain = loadedDomain(house, tenant, name);
  if (domain !== undefined && domain.timeline.length < known) await domain.refresh();
}

/** Marked only where it is one: the mark of a caller's own request must be the same on every node. */
function asMade<T extends DecideCommand>({ headers }: Message, command: T): T {
  return headers[MADE_ID_HEADER] === undefined ? command : { ...command, made: true };
}

async function answerFrom<T>(
  placement: Placement,
  owner: string,
  message: Message,
  timeoutMs?: number,
): Promise<T | undefined> {
  const reply = await placement.forward(owner, message, timeoutMs);
  if (reply === undefined) return undefined;
  if (!reply.ok) throw errorOf(reply.problem);
  return reply.body as T; // each subject has one answer type: the handlers in router.ts
}
