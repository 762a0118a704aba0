// Generated from proto/events.proto by `npm run generate`. Do not edit.
import { type Reader, type Writer } from 'protobufjs/minimal.js';
import { recurringText } from '../recurring-text.ts';

const EMPTY = new Uint8Array(0);

function packDoubles(values: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(values.length * 8);
  for (let at = 0; at < values.length; at++) bytes.writeDoubleLE(values[at] ?? 0, at * 8);
  return bytes;
}

/** What every event carries beside its data. */
export interface Metadata {
  /** Id of the request that set this off, the same for everything that followed from it. */
  readonly correlationId: string;
  /** Id of the event that directly caused this one, empty where a request did. */
  readonly causationId: string;
  /** When the writer recorded it, milliseconds since 1970-01-01 UTC. */
  readonly time: number;
  /** Name of the node that wrote it. */
  readonly writer: string;
  /** Version of this event type's schema; older ones are upcast on read. */
  readonly schemaVersion: number;
  /** Version of the engine whose arithmetic made it. */
  readonly engine: string;
  /** SHA-256 over the stored bytes of the event before it in its stream; empty for the first. */
  readonly previousHash: Uint8Array;
  /** CRC-32 over stream, revision, id, type, data and all of this before it: an event whose bytes were damaged is found by itself. The last field; absent in the first logs. */
  readonly checksum: number | undefined;
}

export function writeMetadata(message: Metadata, w: Writer): Writer {
  if (message.correlationId !== '') {
    w.uint32(10).string(message.correlationId);
  }
  if (message.causationId !== '') {
    w.uint32(18).string(message.causationId);
  }
  if (!Object.is(message.time, 0)) {
    w.uint32(25).double(message.time);
  }
  if (message.writer !== '') {
    w.uint32(34).string(message.writer);
  }
  if (message.schemaVersion !== 0) {
    w.uint32(40).uint32(message.schemaVersion);
  }
  if (message.engine !== '') {
    w.uint32(50).string(message.engine);
  }
  if (message.previousHash.length > 0) {
    w.uint32(58).bytes(message.previousHash);
  }
  if (message.checksum !== undefined) {
    w.uint32(69).fixed32(message.checksum);
  }
  return w;
}

export function readMetadata(r: Reader, end: number): Metadata {
  let correlationId: string = '';
  let causationId: string = '';
  let time: number = 0;
  let writer: string = '';
  let schemaVersion: number = 0;
  let engine: string = '';
  let previousHash: Uint8Array = EMPTY;
  let checksum: number | undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        correlationId = r.string();
        break;
      case 18:
        causationId = r.string();
        break;
      case 25:
        time = r.double();
        break;
      case 34:
        writer = recurringText(r);
        break;
      case 40:
        schemaVersion = r.uint32();
        break;
      case 50:
        engine = recurringText(r);
        break;
      case 58:
        previousHash = r.bytes();
        break;
      case 69:
        checksum = r.fixed32();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { correlationId, causationId, time, writer, schemaVersion, engine, previousHash, checksum };
}

/** A domain was created, or its configuration changed. */
export interface DomainConfigured {
  /** The whole validated configuration as canonical JSON, defaults filled in. */
  readonly config: string;
  /** Who asked for it. */
  readonly by: string;
  readonly reason: string;
  /** True where what this changes is learned anew from all that the domain was taught so far: a policy that takes over, and what rewards are worth. False in the first logs, where a policy begins anew and rewards stay worth what they were. */
  readonly relearn: boolean;
  /** What the domain has shared by what rewards are worth now; absent where that did not change, or nothing is shared. */
  readonly shared: SharedSums | undefined;
}

export function writeDomainConfigured(message: DomainConfigured, w: Writer): Writer {
  if (message.config !== '') {
    w.uint32(10).string(message.config);
  }
  if (message.by !== '') {
    w.uint32(18).string(message.by);
  }
  if (message.reason !== '') {
    w.uint32(26).string(message.reason);
  }
  if (message.relearn) {
    w.uint32(32).bool(message.relearn);
  }
  if (message.shared !== undefined) {
    w.uint32(42).fork();
    writeSharedSums(message.shared, w);
    w.ldelim();
  }
  return w;
}

export function readDomainConfigured(r: Reader, end: number): DomainConfigured {
  let config: string = '';
  let by: string = '';
  let reason: string = '';
  let relearn: boolean = false;
  let shared: SharedSums | undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        config = r.string();
        break;
      case 18:
        by = r.string();
        break;
      case 26:
        reason = r.string();
        break;
      case 32:
        relearn = r.bool();
        break;
      case 42:
        shared = readSharedSums(r, r.uint32() + r.pos);
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { config, by, reason, relearn, shared };
}

/** What a domain has shared, counted anew. */
export interface SharedSums {
  /** Rewards and retractions counted since the domain began. */
  readonly counted: number;
  readonly arms: readonly SharedArm[];
  /** Id of the last event that was counted: counting goes on after it. */
  readonly through: string;
}

export function writeSharedSums(message: SharedSums, w: Writer): Writer {
  if (!Object.is(message.counted, 0)) {
    w.uint32(9).double(message.counted);
  }
  for (const item of message.arms) {
    w.uint32(18).fork();
    writeSharedArm(item, w);
    w.ldelim();
  }
  if (message.through !== '') {
    w.uint32(26).string(message.through);
  }
  return w;
}

export function readSharedSums(r: Reader, end: number): SharedSums {
  let counted: number = 0;
  const arms: SharedArm[] = [];
  let through: string = '';
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 9:
        counted = r.double();
        break;
      case 18:
        arms.push(readSharedArm(r, r.uint32() + r.pos));
        break;
      case 26:
        through = r.string();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { counted, arms, through };
}

/** Learning was stopped: decisions go on from the posterior as it stands, rewards are recorded but move nothing, now or later. Taking back a reward that was learned before still does. */
export interface DomainFrozen {
  readonly by: string;
  readonly reason: string;
}

export function writeDomainFrozen(message: DomainFrozen, w: Writer): Writer {
  if (message.by !== '') {
    w.uint32(10).string(message.by);
  }
  if (message.reason !== '') {
    w.uint32(18).string(message.reason);
  }
  return w;
}

export function readDomainFrozen(r: Reader, end: number): DomainFrozen {
  let by: string = '';
  let reason: string = '';
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        by = r.string();
        break;
      case 18:
        reason = r.string();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { by, reason };
}

/** Learning was taken up again. */
export interface DomainThawed {
  readonly by: string;
  readonly reason: string;
}

export function writeDomainThawed(message: DomainThawed, w: Writer): Writer {
  if (message.by !== '') {
    w.uint32(10).string(message.by);
  }
  if (message.reason !== '') {
    w.uint32(18).string(message.reason);
  }
  return w;
}

export function readDomainThawed(r: Reader, end: number): DomainThawed {
  let by: string = '';
  let reason: string = '';
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        by = r.string();
        break;
      case 18:
        reason = r.string();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { by, reason };
}

/** What one arm earned over all buckets of a domain. */
export interface SharedArm {
  readonly arm: string;
  /** Sum of shares of pulls. */
  readonly pulls: number;
  /** Sum of share times reward. */
  readonly sum: number;
}

export function writeSharedArm(message: SharedArm, w: Writer): Writer {
  if (message.arm !== '') {
    w.uint32(10).string(message.arm);
  }
  if (!Object.is(message.pulls, 0)) {
    w.uint32(17).double(message.pulls);
  }
  if (!Object.is(message.sum, 0)) {
    w.uint32(25).double(message.sum);
  }
  return w;
}

export function readSharedArm(r: Reader, end: number): SharedArm {
  let arm: string = '';
  let pulls: number = 0;
  let sum: number = 0;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        arm = recurringText(r);
        break;
      case 17:
        pulls = r.double();
        break;
      case 25:
        sum = r.double();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { arm, pulls, sum };
}

/** The domain shared what all its buckets learned; buckets shrink towards it. Made after every N rewards, in the order of the log. */
export interface PriorShared {
  /** Rewards and retractions counted since the domain began. */
  readonly counted: number;
  readonly arms: readonly SharedArm[];
  /** Id of the last event that was counted: counting goes on after it. */
  readonly through: string;
}

export function writePriorShared(message: PriorShared, w: Writer): Writer {
  if (!Object.is(message.counted, 0)) {
    w.uint32(9).double(message.counted);
  }
  for (const item of message.arms) {
    w.uint32(18).fork();
    writeSharedArm(item, w);
    w.ldelim();
  }
  if (message.through !== '') {
    w.uint32(26).string(message.through);
  }
  return w;
}

export function readPriorShared(r: Reader, end: number): PriorShared {
  let counted: number = 0;
  const arms: SharedArm[] = [];
  let through: string = '';
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 9:
        counted = r.double();
        break;
      case 18:
        arms.push(readSharedArm(r, r.uint32() + r.pos));
        break;
      case 26:
        through = r.string();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { counted, arms, through };
}

/** The revision before this one was marked as one to return to: it ends here, so that the moment of this event is what is restored. */
export interface RollbackPointMarked {
  readonly name: string;
  /** Why it was marked: config, policy, thaw, daily, manual, rollback, void. */
  readonly cause: string;
  readonly by: string;
  readonly reason: string;
}

export function writeRollbackPointMarked(message: RollbackPointMarked, w: Writer): Writer {
  if (message.name !== '') {
    w.uint32(10).string(message.name);
  }
  if (message.cause !== '') {
    w.uint32(18).string(message.cause);
  }
  if (message.by !== '') {
    w.uint32(26).string(message.by);
  }
  if (message.reason !== '') {
    w.uint32(34).string(message.reason);
  }
  return w;
}

export function readRollbackPointMarked(r: Reader, end: number): RollbackPointMarked {
  let name: string = '';
  let cause: string = '';
  let by: string = '';
  let reason: string = '';
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        name = recurringText(r);
        break;
      case 18:
        cause = r.string();
        break;
      case 26:
        by = r.string();
        break;
      case 34:
        reason = r.string();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { name, cause, by, reason };
}

/** The domain was returned to how it stood at the end of one of its revisions: in every bucket what was learned, and the configuration. What came between stays in the log. Copies what it restores: folding it reads no other event. */
export interface RolledBack {
  /** The revision that is restored; what later revisions up to this event recorded is set aside. */
  readonly toDomainRevision: number;
  readonly by: string;
  readonly reason: string;
  /** The configuration in force from here on, as in DomainConfigured. */
  readonly config: string;
  /** True where that is the one before the rollback, because only what was learned was to go back. */
  readonly configKept: boolean;
  /** What the domain had shared by the end of the restored revision, and where counting goes on. */
  readonly counted: number;
  readonly arms: readonly SharedArm[];
  readonly through: string;
  /** True where what is kept and is not the restored configuration's is learned anew from all that counts: a policy, which else begins anew, and what rewards are worth. */
  readonly relearn: boolean;
}

export function writeRolledBack(message: RolledBack, w: Writer): Writer {
  if (message.toDomainRevision !== 0) {
    w.uint32(8).uint32(message.toDomainRevision);
  }
  if (message.by !== '') {
    w.uint32(18).string(message.by);
  }
  if (message.reason !== '') {
    w.uint32(26).string(message.reason);
  }
  if (message.config !== '') {
    w.uint32(34).string(message.config);
  }
  if (message.configKept) {
    w.uint32(40).bool(message.configKept);
  }
  if (!Object.is(message.counted, 0)) {
    w.uint32(49).double(message.counted);
  }
  for (const item of message.arms) {
    w.uint32(58).fork();
    writeSharedArm(item, w);
    w.ldelim();
  }
  if (message.through !== '') {
    w.uint32(66).string(message.through);
  }
  if (message.relearn) {
    w.uint32(72).bool(message.relearn);
  }
  return w;
}

export function readRolledBack(r: Reader, end: number): RolledBack {
  let toDomainRevision: number = 0;
  let by: string = '';
  let reason: string = '';
  let config: string = '';
  let configKept: boolean = false;
  let counted: number = 0;
  const arms: SharedArm[] = [];
  let through: string = '';
  let relearn: boolean = false;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 8:
        toDomainRevision = r.uint32();
        break;
      case 18:
        by = r.string();
        break;
      case 26:
        reason = r.string();
        break;
      case 34:
        config = r.string();
        break;
      case 40:
        configKept = r.bool();
        break;
      case 49:
        counted = r.double();
        break;
      case 58:
        arms.push(readSharedArm(r, r.uint32() + r.pos));
        break;
      case 66:
        through = r.string();
        break;
      case 72:
        relearn = r.bool();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { toDomainRevision, by, reason, config, configKept, counted, arms, through, relearn };
}

/** Rewards that were recorded before this event count no more: those of one person, of a span of time, or both. */
export interface RewardVoided {
  /** Pseudonym of the person; empty for everybody. */
  readonly subject: string;
  /** Recorded at this time or later, milliseconds since 1970; absent for no limit. */
  readonly fromTime: number | undefined;
  /** Recorded before this time; absent for no limit. */
  readonly toTime: number | undefined;
  readonly by: string;
  readonly reason: string;
  /** How many rewards that were, when it was recorded. */
  readonly rewards: number;
  /** What the domain has shared without them, and where counting goes on. */
  readonly counted: number;
  readonly arms: readonly SharedArm[];
  readonly through: string;
}

export function writeRewardVoided(message: RewardVoided, w: Writer): Writer {
  if (message.subject !== '') {
    w.uint32(10).string(message.subject);
  }
  if (message.fromTime !== undefined) {
    w.uint32(17).double(message.fromTime);
  }
  if (message.toTime !== undefined) {
    w.uint32(25).double(message.toTime);
  }
  if (message.by !== '') {
    w.uint32(34).string(message.by);
  }
  if (message.reason !== '') {
    w.uint32(42).string(message.reason);
  }
  if (!Object.is(message.rewards, 0)) {
    w.uint32(49).double(message.rewards);
  }
  if (!Object.is(message.counted, 0)) {
    w.uint32(57).double(message.counted);
  }
  for (const item of message.arms) {
    w.uint32(66).fork();
    writeSharedArm(item, w);
    w.ldelim();
  }
  if (message.through !== '') {
    w.uint32(74).string(message.through);
  }
  return w;
}

export function readRewardVoided(r: Reader, end: number): RewardVoided {
  let subject: string = '';
  let fromTime: number | undefined;
  let toTime: number | undefined;
  let by: string = '';
  let reason: string = '';
  let rewards: number = 0;
  let counted: number = 0;
  const arms: SharedArm[] = [];
  let through: string = '';
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        subject = r.string();
        break;
      case 17:
        fromTime = r.double();
        break;
      case 25:
        toTime = r.double();
        break;
      case 34:
        by = r.string();
        break;
      case 42:
        reason = r.string();
        break;
      case 49:
        rewards = r.double();
        break;
      case 57:
        counted = r.double();
        break;
      case 66:
        arms.push(readSharedArm(r, r.uint32() + r.pos));
        break;
      case 74:
        through = r.string();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { subject, fromTime, toTime, by, reason, rewards, counted, arms, through };
}

/** A candidate that was set aside before the choice. */
export interface Exclusion {
  readonly arm: string;
  /** The first constraint it broke: maxCostUsd, maxLatencyMs, minQuality, minReliability, capabilities, contextWindow, tenants; budget; conservative where the domain could not afford to try it yet. */
  readonly constraint: string;
  /** What that constraint was: a number, the missing capability, the request's tokens, the tenant, the reward that was owed. */
  readonly limit: string;
}

export function writeExclusion(message: Exclusion, w: Writer): Writer {
  if (message.arm !== '') {
    w.uint32(10).string(message.arm);
  }
  if (message.constraint !== '') {
    w.uint32(18).string(message.constraint);
  }
  if (message.limit !== '') {
    w.uint32(26).string(message.limit);
  }
  return w;
}

export function readExclusion(r: Reader, end: number): Exclusion {
  let arm: string = '';
  let constraint: string = '';
  let limit: string = '';
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        arm = recurringText(r);
        break;
      case 18:
        constraint = recurringText(r);
        break;
      case 26:
        limit = r.string();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { arm, constraint, limit };
}

/** One place of a slate. */
export interface SlateEntry {
  readonly arm: string;
  /** The arm's confidence, normalised over the slate. */
  readonly weight: number;
  /** P(this arm is ranked at this place); absent where it is left to be computed from the log. */
  readonly rankPropensity: number | undefined;
}

export function writeSlateEntry(message: SlateEntry, w: Writer): Writer {
  if (message.arm !== '') {
    w.uint32(10).string(message.arm);
  }
  if (!Object.is(message.weight, 0)) {
    w.uint32(17).double(message.weight);
  }
  if (message.rankPropensity !== undefined) {
    w.uint32(25).double(message.rankPropensity);
  }
  return w;
}

export function readSlateEntry(r: Reader, end: number): SlateEntry {
  let arm: string = '';
  let weight: number = 0;
  let rankPropensity: number | undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        arm = recurringText(r);
        break;
      case 17:
        weight = r.double();
        break;
      case 25:
        rankPropensity = r.double();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { arm, weight, rankPropensity };
}

/** One of the numbers that a candidate's score shift is the sum of. */
export interface ShiftTerm {
  readonly name: string;
  /** For each candidate, in units of reward. */
  readonly values: readonly number[];
}

export function writeShiftTerm(message: ShiftTerm, w: Writer): Writer {
  if (message.name !== '') {
    w.uint32(10).string(message.name);
  }
  if (message.values.length > 0) {
    w.uint32(18).bytes(packDoubles(message.values));
  }
  return w;
}

export function readShiftTerm(r: Reader, end: number): ShiftTerm {
  let name: string = '';
  const values: number[] = [];
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        name = recurringText(r);
        break;
      case 18:
        for (const stop = r.uint32() + r.pos; r.pos < stop; ) values.push(r.double());
        break;
      case 17:
        values.push(r.double());
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { name, values };
}

/** A decision under a budget: what its pacer is charged with. */
export interface Pace {
  /** The ceiling in force: dollars a request on average. */
  readonly perRequestUsd: number;
  /** What the chosen arm was expected to cost, dollars. */
  readonly chargedUsd: number;
  /** What a dollar was worth, in units of reward. */
  readonly price: number;
  /** The range that the price is held in, by what the arms were expected to cost. */
  readonly leastPrice: number;
  readonly mostPrice: number;
  /** Hash of the categories of the context that it was expected in; empty where there are none. */
  readonly context: string;
}

export function writePace(message: Pace, w: Writer): Writer {
  if (!Object.is(message.perRequestUsd, 0)) {
    w.uint32(9).double(message.perRequestUsd);
  }
  if (!Object.is(message.chargedUsd, 0)) {
    w.uint32(17).double(message.chargedUsd);
  }
  if (!Object.is(message.price, 0)) {
    w.uint32(25).double(message.price);
  }
  if (!Object.is(message.leastPrice, 0)) {
    w.uint32(33).double(message.leastPrice);
  }
  if (!Object.is(message.mostPrice, 0)) {
    w.uint32(41).double(message.mostPrice);
  }
  if (message.context !== '') {
    w.uint32(50).string(message.context);
  }
  return w;
}

export function readPace(r: Reader, end: number): Pace {
  let perRequestUsd: number = 0;
  let chargedUsd: number = 0;
  let price: number = 0;
  let leastPrice: number = 0;
  let mostPrice: number = 0;
  let context: string = '';
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 9:
        perRequestUsd = r.double();
        break;
      case 17:
        chargedUsd = r.double();
        break;
      case 25:
        price = r.double();
        break;
      case 33:
        leastPrice = r.double();
        break;
      case 41:
        mostPrice = r.double();
        break;
      case 50:
        context = r.string();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { perRequestUsd, chargedUsd, price, leastPrice, mostPrice, context };
}

/** One arm was chosen for one request. Holds everything the choice depended on beside the posterior. */
export interface DecisionMade {
  readonly domainRevision: number;
  readonly requestId: string;
  /** First 16 bytes of the SHA-256 of the canonical request: tells a repetition from a reused id. */
  readonly requestHash: Uint8Array;
  /** The arms that could be chosen, after filters, in order. */
  readonly candidates: readonly string[];
  /** Added to each candidate's score; empty for all zero. */
  readonly shifts: readonly number[];
  /** What the domain lent: the policy's prior numbers for each candidate. */
  readonly prior: readonly number[];
  /** The context as doubles in the order of the domain's schema. */
  readonly features: readonly number[];
  /** Probability spread evenly over the candidates. */
  readonly floor: number;
  /** Randomness of the choice. */
  readonly seed: number;
  /** Revision of the last event of this stream that moved the posterior; -1 where none did. */
  readonly posteriorRevision: number;
  readonly policy: string;
  readonly policyVersion: number;
  readonly arm: string;
  /** P(arm), exact; absent where it is left to be computed from the log. */
  readonly propensity: number | undefined;
  /** 1 - width of the chosen arm's 95 % credible interval. */
  readonly confidence: number;
  /** autonomous, supervised or escalated; empty where the domain does not gate. */
  readonly mode: string;
  readonly expectedReward: number;
  readonly expectedCostUsd: number | undefined;
  readonly expectedLatencyMs: number | undefined;
  /** The ranked arms where the caller asked for k of them, else empty. */
  readonly slate: readonly SlateEntry[];
  readonly excluded: readonly Exclusion[];
  /** Pseudonym of the person it was for, else empty. */
  readonly subject: string;
  readonly taskType: string;
  readonly complexity: number | undefined;
  readonly tokens: number | undefined;
  /** True where no candidate met the constraints and the domain's fallback arm was taken without asking the policy. */
  readonly fallback: boolean;
  /** True where the arm was to be carried out too: a call that names this decision tells which arm answered. */
  readonly run: boolean;
  /** What the shifts are the sum of, in this order; empty where that is nothing but the arms' configured shift. */
  readonly terms: readonly ShiftTerm[];
  /** What the domain's budget is charged with for it; absent where it has none. */
  readonly pace: Pace | undefined;
}

export function writeDecisionMade(message: DecisionMade, w: Writer): Writer {
  if (message.domainRevision !== 0) {
    w.uint32(8).uint32(message.domainRevision);
  }
  if (message.requestId !== '') {
    w.uint32(18).string(message.requestId);
  }
  if (message.requestHash.length > 0) {
    w.uint32(26).bytes(message.requestHash);
  }
  for (const item of message.candidates) {
    w.uint32(34).string(item);
  }
  if (message.shifts.length > 0) {
    w.uint32(42).bytes(packDoubles(message.shifts));
  }
  if (message.prior.length > 0) {
    w.uint32(50).bytes(packDoubles(message.prior));
  }
  if (message.features.length > 0) {
    w.uint32(58).bytes(packDoubles(message.features));
  }
  if (!Object.is(message.floor, 0)) {
    w.uint32(65).double(message.floor);
  }
  if (message.seed !== 0) {
    w.uint32(77).fixed32(message.seed);
  }
  if (message.posteriorRevision !== 0) {
    w.uint32(80).sint32(message.posteriorRevision);
  }
  if (message.policy !== '') {
    w.uint32(90).string(message.policy);
  }
  if (message.policyVersion !== 0) {
    w.uint32(96).uint32(message.policyVersion);
  }
  if (message.arm !== '') {
    w.uint32(106).string(message.arm);
  }
  if (message.propensity !== undefined) {
    w.uint32(113).double(message.propensity);
  }
  if (!Object.is(message.confidence, 0)) {
    w.uint32(121).double(message.confidence);
  }
  if (message.mode !== '') {
    w.uint32(130).string(message.mode);
  }
  if (!Object.is(message.expectedReward, 0)) {
    w.uint32(137).double(message.expectedReward);
  }
  if (message.expectedCostUsd !== undefined) {
    w.uint32(145).double(message.expectedCostUsd);
  }
  if (message.expectedLatencyMs !== undefined) {
    w.uint32(153).double(message.expectedLatencyMs);
  }
  for (const item of message.slate) {
    w.uint32(162).fork();
    writeSlateEntry(item, w);
    w.ldelim();
  }
  for (const item of message.excluded) {
    w.uint32(170).fork();
    writeExclusion(item, w);
    w.ldelim();
  }
  if (message.subject !== '') {
    w.uint32(178).string(message.subject);
  }
  if (message.taskType !== '') {
    w.uint32(186).string(message.taskType);
  }
  if (message.complexity !== undefined) {
    w.uint32(193).double(message.complexity);
  }
  if (message.tokens !== undefined) {
    w.uint32(201).double(message.tokens);
  }
  if (message.fallback) {
    w.uint32(208).bool(message.fallback);
  }
  if (message.run) {
    w.uint32(216).bool(message.run);
  }
  for (const item of message.terms) {
    w.uint32(226).fork();
    writeShiftTerm(item, w);
    w.ldelim();
  }
  if (message.pace !== undefined) {
    w.uint32(234).fork();
    writePace(message.pace, w);
    w.ldelim();
  }
  return w;
}

export function readDecisionMade(r: Reader, end: number): DecisionMade {
  let domainRevision: number = 0;
  let requestId: string = '';
  let requestHash: Uint8Array = EMPTY;
  const candidates: string[] = [];
  const shifts: number[] = [];
  const prior: number[] = [];
  const features: number[] = [];
  let floor: number = 0;
  let seed: number = 0;
  let posteriorRevision: number = 0;
  let policy: string = '';
  let policyVersion: number = 0;
  let arm: string = '';
  let propensity: number | undefined;
  let confidence: number = 0;
  let mode: string = '';
  let expectedReward: number = 0;
  let expectedCostUsd: number | undefined;
  let expectedLatencyMs: number | undefined;
  const slate: SlateEntry[] = [];
  const excluded: Exclusion[] = [];
  let subject: string = '';
  let taskType: string = '';
  let complexity: number | undefined;
  let tokens: number | undefined;
  let fallback: boolean = false;
  let run: boolean = false;
  const terms: ShiftTerm[] = [];
  let pace: Pace | undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 8:
        domainRevision = r.uint32();
        break;
      case 18:
        requestId = r.string();
        break;
      case 26:
        requestHash = r.bytes();
        break;
      case 34:
        candidates.push(recurringText(r));
        break;
      case 42:
        for (const stop = r.uint32() + r.pos; r.pos < stop; ) shifts.push(r.double());
        break;
      case 41:
        shifts.push(r.double());
        break;
      case 50:
        for (const stop = r.uint32() + r.pos; r.pos < stop; ) prior.push(r.double());
        break;
      case 49:
        prior.push(r.double());
        break;
      case 58:
        for (const stop = r.uint32() + r.pos; r.pos < stop; ) features.push(r.double());
        break;
      case 57:
        features.push(r.double());
        break;
      case 65:
        floor = r.double();
        break;
      case 77:
        seed = r.fixed32();
        break;
      case 80:
        posteriorRevision = r.sint32();
        break;
      case 90:
        policy = recurringText(r);
        break;
      case 96:
        policyVersion = r.uint32();
        break;
      case 106:
        arm = recurringText(r);
        break;
      case 113:
        propensity = r.double();
        break;
      case 121:
        confidence = r.double();
        break;
      case 130:
        mode = recurringText(r);
        break;
      case 137:
        expectedReward = r.double();
        break;
      case 145:
        expectedCostUsd = r.double();
        break;
      case 153:
        expectedLatencyMs = r.double();
        break;
      case 162:
        slate.push(readSlateEntry(r, r.uint32() + r.pos));
        break;
      case 170:
        excluded.push(readExclusion(r, r.uint32() + r.pos));
        break;
      case 178:
        subject = r.string();
        break;
      case 186:
        taskType = recurringText(r);
        break;
      case 193:
        complexity = r.double();
        break;
      case 201:
        tokens = r.double();
        break;
      case 208:
        fallback = r.bool();
        break;
      case 216:
        run = r.bool();
        break;
      case 226:
        terms.push(readShiftTerm(r, r.uint32() + r.pos));
        break;
      case 234:
        pace = readPace(r, r.uint32() + r.pos);
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { domainRevision, requestId, requestHash, candidates, shifts, prior, features, floor, seed, posteriorRevision, policy, policyVersion, arm, propensity, confidence, mode, expectedReward, expectedCostUsd, expectedLatencyMs, slate, excluded, subject, taskType, complexity, tokens, fallback, run, terms, pace };
}

/** One item that was shown, and the arm it came from. */
export interface ShownItem {
  readonly item: string;
  readonly arm: string;
  /** Place in the list, from 0. */
  readonly position: number;
}

export function writeShownItem(message: ShownItem, w: Writer): Writer {
  if (message.item !== '') {
    w.uint32(10).string(message.item);
  }
  if (message.arm !== '') {
    w.uint32(18).string(message.arm);
  }
  if (message.position !== 0) {
    w.uint32(24).uint32(message.position);
  }
  return w;
}

export function readShownItem(r: Reader, end: number): ShownItem {
  let item: string = '';
  let arm: string = '';
  let position: number = 0;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        item = r.string();
        break;
      case 18:
        arm = recurringText(r);
        break;
      case 24:
        position = r.uint32();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { item, arm, position };
}

/** Items that came from a slate's arms were shown. */
export interface ItemsShown {
  readonly domainRevision: number;
  readonly decisionRevision: number;
  readonly items: readonly ShownItem[];
  readonly requestHash: Uint8Array;
}

export function writeItemsShown(message: ItemsShown, w: Writer): Writer {
  if (message.domainRevision !== 0) {
    w.uint32(8).uint32(message.domainRevision);
  }
  if (message.decisionRevision !== 0) {
    w.uint32(16).uint32(message.decisionRevision);
  }
  for (const item of message.items) {
    w.uint32(26).fork();
    writeShownItem(item, w);
    w.ldelim();
  }
  if (message.requestHash.length > 0) {
    w.uint32(34).bytes(message.requestHash);
  }
  return w;
}

export function readItemsShown(r: Reader, end: number): ItemsShown {
  let domainRevision: number = 0;
  let decisionRevision: number = 0;
  const items: ShownItem[] = [];
  let requestHash: Uint8Array = EMPTY;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 8:
        domainRevision = r.uint32();
        break;
      case 16:
        decisionRevision = r.uint32();
        break;
      case 26:
        items.push(readShownItem(r, r.uint32() + r.pos));
        break;
      case 34:
        requestHash = r.bytes();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { domainRevision, decisionRevision, items, requestHash };
}

/** The measured parts of a reward, each in [0, 1]. */
export interface Components {
  readonly quality: number | undefined;
  readonly cost: number | undefined;
  readonly latency: number | undefined;
  readonly feedback: number | undefined;
}

export function writeComponents(message: Components, w: Writer): Writer {
  if (message.quality !== undefined) {
    w.uint32(9).double(message.quality);
  }
  if (message.cost !== undefined) {
    w.uint32(17).double(message.cost);
  }
  if (message.latency !== undefined) {
    w.uint32(25).double(message.latency);
  }
  if (message.feedback !== undefined) {
    w.uint32(33).double(message.feedback);
  }
  return w;
}

export function readComponents(r: Reader, end: number): Components {
  let quality: number | undefined;
  let cost: number | undefined;
  let latency: number | undefined;
  let feedback: number | undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 9:
        quality = r.double();
        break;
      case 17:
        cost = r.double();
        break;
      case 25:
        latency = r.double();
        break;
      case 33:
        feedback = r.double();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { quality, cost, latency, feedback };
}

/** A reward came back for a decision. Copies what learning needs: folding it reads no other event. */
export interface RewardObserved {
  readonly domainRevision: number;
  readonly decisionRevision: number;
  readonly arm: string;
  readonly features: readonly number[];
  /** The decision's propensity as logged; absent where it was left to be computed, and for an arm that stood in for the chosen one. */
  readonly propensity: number | undefined;
  /** The reward in [0, 1]. */
  readonly value: number;
  /** The part of one pull that it is, in [0, 1]; 0 for neutral feedback, which moves nothing. */
  readonly share: number;
  /** explicit, implicit, behavioural or outcome. */
  readonly kind: string;
  readonly components: Components | undefined;
  /** click, thumbs_up, thumbs_down or rating:<n>; failed where the arm's agent was asked and did not answer; silence where nothing had come when the decision's window closed; empty where a value was given. */
  readonly feedback: string;
  /** The item it was for, else empty. */
  readonly item: string;
  readonly subject: string;
  /** Dollars that the decision's call has cost; absent where nobody said so. Taking the reward back does not take it back. */
  readonly costUsd: number | undefined;
  /** Dollars that the arm was declared to cost when it was chosen; only where the domain has a budget. */
  readonly declaredUsd: number | undefined;
  /** True where its decision is from before what the bucket's last restart took for a change: it moves nothing. */
  readonly outdated: boolean;
  /** True where its decision was set aside by a rollback, and the domain ignores what comes late for those: it moves nothing. */
  readonly setAside: boolean;
  /** True where the value was given beside feedback or components, or the share is none because nobody answered: no definition made it. Absent in the first logs. */
  readonly given: boolean;
}

export function writeRewardObserved(message: RewardObserved, w: Writer): Writer {
  if (message.domainRevision !== 0) {
    w.uint32(8).uint32(message.domainRevision);
  }
  if (message.decisionRevision !== 0) {
    w.uint32(16).uint32(message.decisionRevision);
  }
  if (message.arm !== '') {
    w.uint32(26).string(message.arm);
  }
  if (message.features.length > 0) {
    w.uint32(34).bytes(packDoubles(message.features));
  }
  if (message.propensity !== undefined) {
    w.uint32(41).double(message.propensity);
  }
  if (!Object.is(message.value, 0)) {
    w.uint32(49).double(message.value);
  }
  if (!Object.is(message.share, 0)) {
    w.uint32(57).double(message.share);
  }
  if (message.kind !== '') {
    w.uint32(66).string(message.kind);
  }
  if (message.components !== undefined) {
    w.uint32(74).fork();
    writeComponents(message.components, w);
    w.ldelim();
  }
  if (message.feedback !== '') {
    w.uint32(82).string(message.feedback);
  }
  if (message.item !== '') {
    w.uint32(90).string(message.item);
  }
  if (message.subject !== '') {
    w.uint32(98).string(message.subject);
  }
  if (message.costUsd !== undefined) {
    w.uint32(105).double(message.costUsd);
  }
  if (message.declaredUsd !== undefined) {
    w.uint32(113).double(message.declaredUsd);
  }
  if (message.outdated) {
    w.uint32(120).bool(message.outdated);
  }
  if (message.setAside) {
    w.uint32(128).bool(message.setAside);
  }
  if (message.given) {
    w.uint32(136).bool(message.given);
  }
  return w;
}

export function readRewardObserved(r: Reader, end: number): RewardObserved {
  let domainRevision: number = 0;
  let decisionRevision: number = 0;
  let arm: string = '';
  const features: number[] = [];
  let propensity: number | undefined;
  let value: number = 0;
  let share: number = 0;
  let kind: string = '';
  let components: Components | undefined;
  let feedback: string = '';
  let item: string = '';
  let subject: string = '';
  let costUsd: number | undefined;
  let declaredUsd: number | undefined;
  let outdated: boolean = false;
  let setAside: boolean = false;
  let given: boolean = false;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 8:
        domainRevision = r.uint32();
        break;
      case 16:
        decisionRevision = r.uint32();
        break;
      case 26:
        arm = recurringText(r);
        break;
      case 34:
        for (const stop = r.uint32() + r.pos; r.pos < stop; ) features.push(r.double());
        break;
      case 33:
        features.push(r.double());
        break;
      case 41:
        propensity = r.double();
        break;
      case 49:
        value = r.double();
        break;
      case 57:
        share = r.double();
        break;
      case 66:
        kind = recurringText(r);
        break;
      case 74:
        components = readComponents(r, r.uint32() + r.pos);
        break;
      case 82:
        feedback = r.string();
        break;
      case 90:
        item = r.string();
        break;
      case 98:
        subject = r.string();
        break;
      case 105:
        costUsd = r.double();
        break;
      case 113:
        declaredUsd = r.double();
        break;
      case 120:
        outdated = r.bool();
        break;
      case 128:
        setAside = r.bool();
        break;
      case 136:
        given = r.bool();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { domainRevision, decisionRevision, arm, features, propensity, value, share, kind, components, feedback, item, subject, costUsd, declaredUsd, outdated, setAside, given };
}

/** A reward was taken back. Copies the reward it undoes. */
export interface RewardRetracted {
  readonly domainRevision: number;
  readonly decisionRevision: number;
  readonly rewardId: string;
  readonly rewardRevision: number;
  readonly arm: string;
  readonly features: readonly number[];
  readonly propensity: number | undefined;
  readonly value: number;
  readonly share: number;
  readonly kind: string;
  /** True where the reward had moved the posterior. */
  readonly learned: boolean;
  readonly by: string;
  readonly reason: string;
}

export function writeRewardRetracted(message: RewardRetracted, w: Writer): Writer {
  if (message.domainRevision !== 0) {
    w.uint32(8).uint32(message.domainRevision);
  }
  if (message.decisionRevision !== 0) {
    w.uint32(16).uint32(message.decisionRevision);
  }
  if (message.rewardId !== '') {
    w.uint32(26).string(message.rewardId);
  }
  if (message.rewardRevision !== 0) {
    w.uint32(32).uint32(message.rewardRevision);
  }
  if (message.arm !== '') {
    w.uint32(42).string(message.arm);
  }
  if (message.features.length > 0) {
    w.uint32(50).bytes(packDoubles(message.features));
  }
  if (message.propensity !== undefined) {
    w.uint32(57).double(message.propensity);
  }
  if (!Object.is(message.value, 0)) {
    w.uint32(65).double(message.value);
  }
  if (!Object.is(message.share, 0)) {
    w.uint32(73).double(message.share);
  }
  if (message.kind !== '') {
    w.uint32(82).string(message.kind);
  }
  if (message.learned) {
    w.uint32(88).bool(message.learned);
  }
  if (message.by !== '') {
    w.uint32(98).string(message.by);
  }
  if (message.reason !== '') {
    w.uint32(106).string(message.reason);
  }
  return w;
}

export function readRewardRetracted(r: Reader, end: number): RewardRetracted {
  let domainRevision: number = 0;
  let decisionRevision: number = 0;
  let rewardId: string = '';
  let rewardRevision: number = 0;
  let arm: string = '';
  const features: number[] = [];
  let propensity: number | undefined;
  let value: number = 0;
  let share: number = 0;
  let kind: string = '';
  let learned: boolean = false;
  let by: string = '';
  let reason: string = '';
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 8:
        domainRevision = r.uint32();
        break;
      case 16:
        decisionRevision = r.uint32();
        break;
      case 26:
        rewardId = r.string();
        break;
      case 32:
        rewardRevision = r.uint32();
        break;
      case 42:
        arm = recurringText(r);
        break;
      case 50:
        for (const stop = r.uint32() + r.pos; r.pos < stop; ) features.push(r.double());
        break;
      case 49:
        features.push(r.double());
        break;
      case 57:
        propensity = r.double();
        break;
      case 65:
        value = r.double();
        break;
      case 73:
        share = r.double();
        break;
      case 82:
        kind = recurringText(r);
        break;
      case 88:
        learned = r.bool();
        break;
      case 98:
        by = r.string();
        break;
      case 106:
        reason = r.string();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { domainRevision, decisionRevision, rewardId, rewardRevision, arm, features, propensity, value, share, kind, learned, by, reason };
}

/** What an arm earns has changed, as far as its rewards tell: the bucket learns from nothing again. */
export interface BucketRestarted {
  readonly domainRevision: number;
  /** The reward that made it sure. */
  readonly rewardId: string;
  readonly arm: string;
  /** glr or page_hinkley. */
  readonly detector: string;
  readonly statistic: number;
  /** What the statistic had to exceed. */
  readonly threshold: number;
  /** Mean reward of the arm before the change and after it. */
  readonly meanBefore: number;
  readonly meanAfter: number;
  /** Pulls of the arm that were looked at. */
  readonly pulls: number;
  /** Rewards of decisions before this revision of the stream move nothing from here on: they tell of what was before the change. */
  readonly decisionsSince: number;
  /** What the domain had shared by then: from here on only what it learned after that is lent to the bucket. */
  readonly lent: readonly SharedArm[];
}

export function writeBucketRestarted(message: BucketRestarted, w: Writer): Writer {
  if (message.domainRevision !== 0) {
    w.uint32(8).uint32(message.domainRevision);
  }
  if (message.rewardId !== '') {
    w.uint32(18).string(message.rewardId);
  }
  if (message.arm !== '') {
    w.uint32(26).string(message.arm);
  }
  if (message.detector !== '') {
    w.uint32(34).string(message.detector);
  }
  if (!Object.is(message.statistic, 0)) {
    w.uint32(41).double(message.statistic);
  }
  if (!Object.is(message.threshold, 0)) {
    w.uint32(49).double(message.threshold);
  }
  if (!Object.is(message.meanBefore, 0)) {
    w.uint32(57).double(message.meanBefore);
  }
  if (!Object.is(message.meanAfter, 0)) {
    w.uint32(65).double(message.meanAfter);
  }
  if (!Object.is(message.pulls, 0)) {
    w.uint32(73).double(message.pulls);
  }
  if (message.decisionsSince !== 0) {
    w.uint32(80).uint32(message.decisionsSince);
  }
  for (const item of message.lent) {
    w.uint32(90).fork();
    writeSharedArm(item, w);
    w.ldelim();
  }
  return w;
}

export function readBucketRestarted(r: Reader, end: number): BucketRestarted {
  let domainRevision: number = 0;
  let rewardId: string = '';
  let arm: string = '';
  let detector: string = '';
  let statistic: number = 0;
  let threshold: number = 0;
  let meanBefore: number = 0;
  let meanAfter: number = 0;
  let pulls: number = 0;
  let decisionsSince: number = 0;
  const lent: SharedArm[] = [];
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 8:
        domainRevision = r.uint32();
        break;
      case 18:
        rewardId = r.string();
        break;
      case 26:
        arm = recurringText(r);
        break;
      case 34:
        detector = recurringText(r);
        break;
      case 41:
        statistic = r.double();
        break;
      case 49:
        threshold = r.double();
        break;
      case 57:
        meanBefore = r.double();
        break;
      case 65:
        meanAfter = r.double();
        break;
      case 73:
        pulls = r.double();
        break;
      case 80:
        decisionsSince = r.uint32();
        break;
      case 90:
        lent.push(readSharedArm(r, r.uint32() + r.pos));
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { domainRevision, rewardId, arm, detector, statistic, threshold, meanBefore, meanAfter, pulls, decisionsSince, lent };
}

/** A message of a stream was put aside: nobody could make anything of it, however often it came. What it said is not kept here: it may hold what a person wrote. A reward lies in its stream until that one's limit, and can be read again by its number. */
export interface DeadLettered {
  /** Where it was published, such as reward.model_routing. */
  readonly subject: string;
  /** Its Nats-Msg-Id; empty where it had none. */
  readonly messageId: string;
  /** Code of the problem that it met last. */
  readonly reason: string;
  /** How often it was delivered. */
  readonly deliveries: number;
  /** HMAC-SHA256 of its payload under the installation's key. */
  readonly payloadHash: Uint8Array;
  /** Length of its payload in bytes. */
  readonly payloadBytes: number;
  /** The stream of the bus that it lies in. */
  readonly busStream: string;
  /** Its number there. */
  readonly sequence: number;
  /** When the bus took it, milliseconds since 1970-01-01 UTC by the bus's clock. */
  readonly published: number;
}

export function writeDeadLettered(message: DeadLettered, w: Writer): Writer {
  if (message.subject !== '') {
    w.uint32(10).string(message.subject);
  }
  if (message.messageId !== '') {
    w.uint32(18).string(message.messageId);
  }
  if (message.reason !== '') {
    w.uint32(26).string(message.reason);
  }
  if (message.deliveries !== 0) {
    w.uint32(32).uint32(message.deliveries);
  }
  if (message.payloadHash.length > 0) {
    w.uint32(42).bytes(message.payloadHash);
  }
  if (message.payloadBytes !== 0) {
    w.uint32(48).uint32(message.payloadBytes);
  }
  if (message.busStream !== '') {
    w.uint32(58).string(message.busStream);
  }
  if (!Object.is(message.sequence, 0)) {
    w.uint32(65).double(message.sequence);
  }
  if (!Object.is(message.published, 0)) {
    w.uint32(73).double(message.published);
  }
  return w;
}

export function readDeadLettered(r: Reader, end: number): DeadLettered {
  let subject: string = '';
  let messageId: string = '';
  let reason: string = '';
  let deliveries: number = 0;
  let payloadHash: Uint8Array = EMPTY;
  let payloadBytes: number = 0;
  let busStream: string = '';
  let sequence: number = 0;
  let published: number = 0;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        subject = r.string();
        break;
      case 18:
        messageId = r.string();
        break;
      case 26:
        reason = r.string();
        break;
      case 32:
        deliveries = r.uint32();
        break;
      case 42:
        payloadHash = r.bytes();
        break;
      case 48:
        payloadBytes = r.uint32();
        break;
      case 58:
        busStream = r.string();
        break;
      case 65:
        sequence = r.double();
        break;
      case 73:
        published = r.double();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { subject, messageId, reason, deliveries, payloadHash, payloadBytes, busStream, sequence, published };
}

/** An agent carried its arm out. */
export interface AgentCallSucceeded {
  readonly agent: string;
  readonly decisionId: string;
  readonly latencyMs: number;
  readonly costUsd: number;
  readonly quality: number | undefined;
  /** simulated, recorded or live. */
  readonly source: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The arm that was carried out; empty in the first logs. */
  readonly arm: string;
  /** Calls that its open breaker turned away since the event before: those have none of their own. */
  readonly turnedAway: number;
}

export function writeAgentCallSucceeded(message: AgentCallSucceeded, w: Writer): Writer {
  if (message.agent !== '') {
    w.uint32(10).string(message.agent);
  }
  if (message.decisionId !== '') {
    w.uint32(18).string(message.decisionId);
  }
  if (!Object.is(message.latencyMs, 0)) {
    w.uint32(25).double(message.latencyMs);
  }
  if (!Object.is(message.costUsd, 0)) {
    w.uint32(33).double(message.costUsd);
  }
  if (message.quality !== undefined) {
    w.uint32(41).double(message.quality);
  }
  if (message.source !== '') {
    w.uint32(50).string(message.source);
  }
  if (message.inputTokens !== 0) {
    w.uint32(56).uint32(message.inputTokens);
  }
  if (message.outputTokens !== 0) {
    w.uint32(64).uint32(message.outputTokens);
  }
  if (message.arm !== '') {
    w.uint32(74).string(message.arm);
  }
  if (message.turnedAway !== 0) {
    w.uint32(80).uint32(message.turnedAway);
  }
  return w;
}

export function readAgentCallSucceeded(r: Reader, end: number): AgentCallSucceeded {
  let agent: string = '';
  let decisionId: string = '';
  let latencyMs: number = 0;
  let costUsd: number = 0;
  let quality: number | undefined;
  let source: string = '';
  let inputTokens: number = 0;
  let outputTokens: number = 0;
  let arm: string = '';
  let turnedAway: number = 0;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        agent = recurringText(r);
        break;
      case 18:
        decisionId = r.string();
        break;
      case 25:
        latencyMs = r.double();
        break;
      case 33:
        costUsd = r.double();
        break;
      case 41:
        quality = r.double();
        break;
      case 50:
        source = recurringText(r);
        break;
      case 56:
        inputTokens = r.uint32();
        break;
      case 64:
        outputTokens = r.uint32();
        break;
      case 74:
        arm = recurringText(r);
        break;
      case 80:
        turnedAway = r.uint32();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { agent, decisionId, latencyMs, costUsd, quality, source, inputTokens, outputTokens, arm, turnedAway };
}

/** An agent failed to. */
export interface AgentCallFailed {
  readonly agent: string;
  readonly decisionId: string;
  readonly latencyMs: number;
  /** timeout, overloaded, refused or failed. */
  readonly category: string;
  readonly source: string;
  /** The agent's state after it: healthy, degraded, open. */
  readonly state: string;
  /** The arm that was to be carried out; empty in the first logs. */
  readonly arm: string;
  /** Calls that its open breaker turned away since the event before: those have none of their own, but in the first logs. */
  readonly turnedAway: number;
}

export function writeAgentCallFailed(message: AgentCallFailed, w: Writer): Writer {
  if (message.agent !== '') {
    w.uint32(10).string(message.agent);
  }
  if (message.decisionId !== '') {
    w.uint32(18).string(message.decisionId);
  }
  if (!Object.is(message.latencyMs, 0)) {
    w.uint32(25).double(message.latencyMs);
  }
  if (message.category !== '') {
    w.uint32(34).string(message.category);
  }
  if (message.source !== '') {
    w.uint32(42).string(message.source);
  }
  if (message.state !== '') {
    w.uint32(50).string(message.state);
  }
  if (message.arm !== '') {
    w.uint32(58).string(message.arm);
  }
  if (message.turnedAway !== 0) {
    w.uint32(64).uint32(message.turnedAway);
  }
  return w;
}

export function readAgentCallFailed(r: Reader, end: number): AgentCallFailed {
  let agent: string = '';
  let decisionId: string = '';
  let latencyMs: number = 0;
  let category: string = '';
  let source: string = '';
  let state: string = '';
  let arm: string = '';
  let turnedAway: number = 0;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        agent = recurringText(r);
        break;
      case 18:
        decisionId = r.string();
        break;
      case 25:
        latencyMs = r.double();
        break;
      case 34:
        category = recurringText(r);
        break;
      case 42:
        source = recurringText(r);
        break;
      case 50:
        state = recurringText(r);
        break;
      case 58:
        arm = recurringText(r);
        break;
      case 64:
        turnedAway = r.uint32();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { agent, decisionId, latencyMs, category, source, state, arm, turnedAway };
}

/** What is known of the costs of one arm. */
export interface ArmCostState {
  readonly arm: string;
  /** Reports that the mean is made of. */
  readonly reports: number;
  /** Dollars a call. */
  readonly mean: number;
  /** Dollars that were declared at the last report, 0 where none were. */
  readonly basis: number;
  /** Reports in a row that were too far off to be believed: above 0 for high ones, below for low ones. */
  readonly held: number;
  readonly heldUsd: number;
}

export function writeArmCostState(message: ArmCostState, w: Writer): Writer {
  if (message.arm !== '') {
    w.uint32(10).string(message.arm);
  }
  if (!Object.is(message.reports, 0)) {
    w.uint32(17).double(message.reports);
  }
  if (!Object.is(message.mean, 0)) {
    w.uint32(25).double(message.mean);
  }
  if (!Object.is(message.basis, 0)) {
    w.uint32(33).double(message.basis);
  }
  if (message.held !== 0) {
    w.uint32(40).sint32(message.held);
  }
  if (!Object.is(message.heldUsd, 0)) {
    w.uint32(49).double(message.heldUsd);
  }
  return w;
}

export function readArmCostState(r: Reader, end: number): ArmCostState {
  let arm: string = '';
  let reports: number = 0;
  let mean: number = 0;
  let basis: number = 0;
  let held: number = 0;
  let heldUsd: number = 0;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        arm = recurringText(r);
        break;
      case 17:
        reports = r.double();
        break;
      case 25:
        mean = r.double();
        break;
      case 33:
        basis = r.double();
        break;
      case 40:
        held = r.sint32();
        break;
      case 49:
        heldUsd = r.double();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { arm, reports, mean, basis, held, heldUsd };
}

/** What an arm's calls cost in one kind of context. */
export interface ContextCostState {
  readonly context: string;
  readonly arm: string;
  /** Reports that the mean is made of. */
  readonly reports: number;
  /** Cost of a call as a part of the arm's mean. */
  readonly relative: number;
}

export function writeContextCostState(message: ContextCostState, w: Writer): Writer {
  if (message.context !== '') {
    w.uint32(10).string(message.context);
  }
  if (message.arm !== '') {
    w.uint32(18).string(message.arm);
  }
  if (!Object.is(message.reports, 0)) {
    w.uint32(25).double(message.reports);
  }
  if (!Object.is(message.relative, 0)) {
    w.uint32(33).double(message.relative);
  }
  return w;
}

export function readContextCostState(r: Reader, end: number): ContextCostState {
  let context: string = '';
  let arm: string = '';
  let reports: number = 0;
  let relative: number = 0;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        context = r.string();
        break;
      case 18:
        arm = recurringText(r);
        break;
      case 25:
        reports = r.double();
        break;
      case 33:
        relative = r.double();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { context, arm, reports, relative };
}

/** A bucket's pacer. */
export interface PacerState {
  /** What a dollar is worth, in units of reward. */
  readonly price: number;
  /** Dollars that are left. */
  readonly balance: number;
  readonly arms: readonly ArmCostState[];
  /** Decisions whose cost is not known yet, oldest first, and what was charged for each. */
  readonly open: readonly number[];
  readonly charged: readonly number[];
  /** The contexts that these were charged in. */
  readonly chargedIn: readonly string[];
  /** What arms cost in contexts, the one that was reported on last at the end. */
  readonly contexts: readonly ContextCostState[];
}

export function writePacerState(message: PacerState, w: Writer): Writer {
  if (!Object.is(message.price, 0)) {
    w.uint32(9).double(message.price);
  }
  if (!Object.is(message.balance, 0)) {
    w.uint32(17).double(message.balance);
  }
  for (const item of message.arms) {
    w.uint32(26).fork();
    writeArmCostState(item, w);
    w.ldelim();
  }
  if (message.open.length > 0) {
    w.uint32(34).fork();
    for (const item of message.open) w.uint32(item);
    w.ldelim();
  }
  if (message.charged.length > 0) {
    w.uint32(42).bytes(packDoubles(message.charged));
  }
  for (const item of message.chargedIn) {
    w.uint32(50).string(item);
  }
  for (const item of message.contexts) {
    w.uint32(58).fork();
    writeContextCostState(item, w);
    w.ldelim();
  }
  return w;
}

export function readPacerState(r: Reader, end: number): PacerState {
  let price: number = 0;
  let balance: number = 0;
  const arms: ArmCostState[] = [];
  const open: number[] = [];
  const charged: number[] = [];
  const chargedIn: string[] = [];
  const contexts: ContextCostState[] = [];
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 9:
        price = r.double();
        break;
      case 17:
        balance = r.double();
        break;
      case 26:
        arms.push(readArmCostState(r, r.uint32() + r.pos));
        break;
      case 34:
        for (const stop = r.uint32() + r.pos; r.pos < stop; ) open.push(r.uint32());
        break;
      case 32:
        open.push(r.uint32());
        break;
      case 42:
        for (const stop = r.uint32() + r.pos; r.pos < stop; ) charged.push(r.double());
        break;
      case 41:
        charged.push(r.double());
        break;
      case 50:
        chargedIn.push(r.string());
        break;
      case 58:
        contexts.push(readContextCostState(r, r.uint32() + r.pos));
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { price, balance, arms, open, charged, chargedIn, contexts };
}

/** A bucket's state at a revision, kept as a cache: dropped whenever a version in it differs. */
export interface BucketSnapshot {
  readonly domainRevision: number;
  /** Revision at which the posterior began. */
  readonly posteriorSince: number;
  /** Revision of the last event that moved it, -1 where none did. */
  readonly posteriorRevision: number;
  readonly policyKey: string;
  readonly posterior: Uint8Array;
  readonly headHash: Uint8Array;
  /** The last event ids of the stream, oldest first. */
  readonly recentIds: readonly string[];
  /** Revisions of the decisions whose reward windows are open, oldest first. */
  readonly openWindows: readonly number[];
  /** What its budget has come to; absent where no decision was made under one. */
  readonly pacer: PacerState | undefined;
  /** What each arm was chosen for and earned, where the domain is conservative; and the revision since which that is counted. */
  readonly earnings: readonly ArmEarned[];
  readonly earningsSince: number;
  /** Revision from which on a decision's features are what the posterior is about. */
  readonly featuresSince: number;
  /** What is known of changes; absent where there is nothing. */
  readonly changes: BucketChanges | undefined;
  /** Revision of the domain that it holds under, and under all that descend from it; at least domain_revision. */
  readonly underRevision: number;
  /** Made ahead of a change by which all was to be learned anew: as what. It holds under a revision that learned so, and no other. */
  readonly taughtAs: string;
  /** Revision of the newest retraction after it by which something was left out of it, 0 where there is none. */
  readonly amendedThrough: number;
}

export function writeBucketSnapshot(message: BucketSnapshot, w: Writer): Writer {
  if (message.domainRevision !== 0) {
    w.uint32(8).uint32(message.domainRevision);
  }
  if (message.posteriorSince !== 0) {
    w.uint32(16).uint32(message.posteriorSince);
  }
  if (message.posteriorRevision !== 0) {
    w.uint32(24).sint32(message.posteriorRevision);
  }
  if (message.policyKey !== '') {
    w.uint32(34).string(message.policyKey);
  }
  if (message.posterior.length > 0) {
    w.uint32(42).bytes(message.posterior);
  }
  if (message.headHash.length > 0) {
    w.uint32(50).bytes(message.headHash);
  }
  for (const item of message.recentIds) {
    w.uint32(58).string(item);
  }
  if (message.openWindows.length > 0) {
    w.uint32(66).fork();
    for (const item of message.openWindows) w.uint32(item);
    w.ldelim();
  }
  if (message.pacer !== undefined) {
    w.uint32(74).fork();
    writePacerState(message.pacer, w);
    w.ldelim();
  }
  for (const item of message.earnings) {
    w.uint32(82).fork();
    writeArmEarned(item, w);
    w.ldelim();
  }
  if (message.earningsSince !== 0) {
    w.uint32(88).uint32(message.earningsSince);
  }
  if (message.featuresSince !== 0) {
    w.uint32(96).uint32(message.featuresSince);
  }
  if (message.changes !== undefined) {
    w.uint32(106).fork();
    writeBucketChanges(message.changes, w);
    w.ldelim();
  }
  if (message.underRevision !== 0) {
    w.uint32(112).uint32(message.underRevision);
  }
  if (message.taughtAs !== '') {
    w.uint32(122).string(message.taughtAs);
  }
  if (message.amendedThrough !== 0) {
    w.uint32(128).uint32(message.amendedThrough);
  }
  return w;
}

export function readBucketSnapshot(r: Reader, end: number): BucketSnapshot {
  let domainRevision: number = 0;
  let posteriorSince: number = 0;
  let posteriorRevision: number = 0;
  let policyKey: string = '';
  let posterior: Uint8Array = EMPTY;
  let headHash: Uint8Array = EMPTY;
  const recentIds: string[] = [];
  const openWindows: number[] = [];
  let pacer: PacerState | undefined;
  const earnings: ArmEarned[] = [];
  let earningsSince: number = 0;
  let featuresSince: number = 0;
  let changes: BucketChanges | undefined;
  let underRevision: number = 0;
  let taughtAs: string = '';
  let amendedThrough: number = 0;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 8:
        domainRevision = r.uint32();
        break;
      case 16:
        posteriorSince = r.uint32();
        break;
      case 24:
        posteriorRevision = r.sint32();
        break;
      case 34:
        policyKey = r.string();
        break;
      case 42:
        posterior = r.bytes();
        break;
      case 50:
        headHash = r.bytes();
        break;
      case 58:
        recentIds.push(r.string());
        break;
      case 66:
        for (const stop = r.uint32() + r.pos; r.pos < stop; ) openWindows.push(r.uint32());
        break;
      case 64:
        openWindows.push(r.uint32());
        break;
      case 74:
        pacer = readPacerState(r, r.uint32() + r.pos);
        break;
      case 82:
        earnings.push(readArmEarned(r, r.uint32() + r.pos));
        break;
      case 88:
        earningsSince = r.uint32();
        break;
      case 96:
        featuresSince = r.uint32();
        break;
      case 106:
        changes = readBucketChanges(r, r.uint32() + r.pos);
        break;
      case 112:
        underRevision = r.uint32();
        break;
      case 122:
        taughtAs = r.string();
        break;
      case 128:
        amendedThrough = r.uint32();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { domainRevision, posteriorSince, posteriorRevision, policyKey, posterior, headHash, recentIds, openWindows, pacer, earnings, earningsSince, featuresSince, changes, underRevision, taughtAs, amendedThrough };
}

/** What one arm was chosen for and earned in a bucket. */
export interface ArmEarned {
  readonly arm: string;
  /** Decisions that chose it. */
  readonly decided: number;
  /** Sum of shares of pulls that were rewarded. */
  readonly pulls: number;
  /** Sum of share times reward. */
  readonly sum: number;
}

export function writeArmEarned(message: ArmEarned, w: Writer): Writer {
  if (message.arm !== '') {
    w.uint32(10).string(message.arm);
  }
  if (message.decided !== 0) {
    w.uint32(16).uint32(message.decided);
  }
  if (!Object.is(message.pulls, 0)) {
    w.uint32(25).double(message.pulls);
  }
  if (!Object.is(message.sum, 0)) {
    w.uint32(33).double(message.sum);
  }
  return w;
}

export function readArmEarned(r: Reader, end: number): ArmEarned {
  let arm: string = '';
  let decided: number = 0;
  let pulls: number = 0;
  let sum: number = 0;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        arm = recurringText(r);
        break;
      case 16:
        decided = r.uint32();
        break;
      case 25:
        pulls = r.double();
        break;
      case 33:
        sum = r.double();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { arm, decided, pulls, sum };
}

/** What a detector has seen of an arm. */
export interface WatchedArm {
  readonly arm: string;
  readonly numbers: readonly number[];
}

export function writeWatchedArm(message: WatchedArm, w: Writer): Writer {
  if (message.arm !== '') {
    w.uint32(10).string(message.arm);
  }
  if (message.numbers.length > 0) {
    w.uint32(18).bytes(packDoubles(message.numbers));
  }
  return w;
}

export function readWatchedArm(r: Reader, end: number): WatchedArm {
  let arm: string = '';
  const numbers: number[] = [];
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        arm = recurringText(r);
        break;
      case 18:
        for (const stop = r.uint32() + r.pos; r.pos < stop; ) numbers.push(r.double());
        break;
      case 17:
        numbers.push(r.double());
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { arm, numbers };
}

/** What a bucket knows of changes. */
export interface BucketChanges {
  readonly watched: readonly WatchedArm[];
  /** A restart that is called for and not recorded yet. */
  readonly due: BucketRestarted | undefined;
  /** Revision of the last restart, -1 where there was none. */
  readonly restartedAt: number;
  readonly decisionsSince: number;
  readonly lent: readonly SharedArm[];
}

export function writeBucketChanges(message: BucketChanges, w: Writer): Writer {
  for (const item of message.watched) {
    w.uint32(10).fork();
    writeWatchedArm(item, w);
    w.ldelim();
  }
  if (message.due !== undefined) {
    w.uint32(18).fork();
    writeBucketRestarted(message.due, w);
    w.ldelim();
  }
  if (message.restartedAt !== 0) {
    w.uint32(24).sint32(message.restartedAt);
  }
  if (message.decisionsSince !== 0) {
    w.uint32(32).uint32(message.decisionsSince);
  }
  for (const item of message.lent) {
    w.uint32(42).fork();
    writeSharedArm(item, w);
    w.ldelim();
  }
  return w;
}

export function readBucketChanges(r: Reader, end: number): BucketChanges {
  const watched: WatchedArm[] = [];
  let due: BucketRestarted | undefined;
  let restartedAt: number = 0;
  let decisionsSince: number = 0;
  const lent: SharedArm[] = [];
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        watched.push(readWatchedArm(r, r.uint32() + r.pos));
        break;
      case 18:
        due = readBucketRestarted(r, r.uint32() + r.pos);
        break;
      case 24:
        restartedAt = r.sint32();
        break;
      case 32:
        decisionsSince = r.uint32();
        break;
      case 42:
        lent.push(readSharedArm(r, r.uint32() + r.pos));
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { watched, due, restartedAt, decisionsSince, lent };
}

export type MetadataTrace = Pick<Metadata, 'time' | 'schemaVersion'>;

export function readMetadataTrace(r: Reader, end: number): MetadataTrace {
  let time: number = 0;
  let schemaVersion: number = 0;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 25:
        time = r.double();
        break;
      case 40:
        schemaVersion = r.uint32();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { time, schemaVersion };
}

export type DecisionTrace = Pick<DecisionMade, 'domainRevision' | 'pace'>;

export function readDecisionTrace(r: Reader, end: number): DecisionTrace {
  let domainRevision: number = 0;
  let pace: Pace | undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 8:
        domainRevision = r.uint32();
        break;
      case 234:
        pace = readPace(r, r.uint32() + r.pos);
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { domainRevision, pace };
}

export type RewardTrace = Pick<RewardObserved, 'domainRevision' | 'decisionRevision' | 'arm' | 'propensity' | 'value' | 'share' | 'costUsd' | 'declaredUsd' | 'outdated' | 'setAside' | 'subject'>;

export function readRewardTrace(r: Reader, end: number): RewardTrace {
  let domainRevision: number = 0;
  let decisionRevision: number = 0;
  let arm: string = '';
  let propensity: number | undefined;
  let value: number = 0;
  let share: number = 0;
  let subject: string = '';
  let costUsd: number | undefined;
  let declaredUsd: number | undefined;
  let outdated: boolean = false;
  let setAside: boolean = false;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 8:
        domainRevision = r.uint32();
        break;
      case 16:
        decisionRevision = r.uint32();
        break;
      case 26:
        arm = recurringText(r);
        break;
      case 41:
        propensity = r.double();
        break;
      case 49:
        value = r.double();
        break;
      case 57:
        share = r.double();
        break;
      case 98:
        subject = r.string();
        break;
      case 105:
        costUsd = r.double();
        break;
      case 113:
        declaredUsd = r.double();
        break;
      case 120:
        outdated = r.bool();
        break;
      case 128:
        setAside = r.bool();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  return { domainRevision, decisionRevision, arm, propensity, value, share, subject, costUsd, declaredUsd, outdated, setAside };
}

/** What each message and field means, from the comments of the `.proto`: the source of the event reference. */
export const reference = [
  {
    "name": "Metadata",
    "comment": "What every event carries beside its data.",
    "fields": [
      {
        "name": "correlationId",
        "type": "string",
        "comment": "Id of the request that set this off, the same for everything that followed from it."
      },
      {
        "name": "causationId",
        "type": "string",
        "comment": "Id of the event that directly caused this one, empty where a request did."
      },
      {
        "name": "time",
        "type": "double",
        "comment": "When the writer recorded it, milliseconds since 1970-01-01 UTC."
      },
      {
        "name": "writer",
        "type": "string",
        "comment": "Name of the node that wrote it."
      },
      {
        "name": "schemaVersion",
        "type": "uint32",
        "comment": "Version of this event type's schema; older ones are upcast on read."
      },
      {
        "name": "engine",
        "type": "string",
        "comment": "Version of the engine whose arithmetic made it."
      },
      {
        "name": "previousHash",
        "type": "bytes",
        "comment": "SHA-256 over the stored bytes of the event before it in its stream; empty for the first."
      },
      {
        "name": "checksum",
        "type": "fixed32?",
        "comment": "CRC-32 over stream, revision, id, type, data and all of this before it: an event whose bytes were damaged is found by itself. The last field; absent in the first logs."
      }
    ]
  },
  {
    "name": "DomainConfigured",
    "comment": "A domain was created, or its configuration changed.",
    "fields": [
      {
        "name": "config",
        "type": "string",
        "comment": "The whole validated configuration as canonical JSON, defaults filled in."
      },
      {
        "name": "by",
        "type": "string",
        "comment": "Who asked for it."
      },
      {
        "name": "reason",
        "type": "string",
        "comment": ""
      },
      {
        "name": "relearn",
        "type": "bool",
        "comment": "True where what this changes is learned anew from all that the domain was taught so far: a policy that takes over, and what rewards are worth. False in the first logs, where a policy begins anew and rewards stay worth what they were."
      },
      {
        "name": "shared",
        "type": "SharedSums?",
        "comment": "What the domain has shared by what rewards are worth now; absent where that did not change, or nothing is shared."
      }
    ]
  },
  {
    "name": "SharedSums",
    "comment": "What a domain has shared, counted anew.",
    "fields": [
      {
        "name": "counted",
        "type": "double",
        "comment": "Rewards and retractions counted since the domain began."
      },
      {
        "name": "arms",
        "type": "SharedArm[]",
        "comment": ""
      },
      {
        "name": "through",
        "type": "string",
        "comment": "Id of the last event that was counted: counting goes on after it."
      }
    ]
  },
  {
    "name": "DomainFrozen",
    "comment": "Learning was stopped: decisions go on from the posterior as it stands, rewards are recorded but move nothing, now or later.\nTaking back a reward that was learned before still does.",
    "fields": [
      {
        "name": "by",
        "type": "string",
        "comment": ""
      },
      {
        "name": "reason",
        "type": "string",
        "comment": ""
      }
    ]
  },
  {
    "name": "DomainThawed",
    "comment": "Learning was taken up again.",
    "fields": [
      {
        "name": "by",
        "type": "string",
        "comment": ""
      },
      {
        "name": "reason",
        "type": "string",
        "comment": ""
      }
    ]
  },
  {
    "name": "SharedArm",
    "comment": "What one arm earned over all buckets of a domain.",
    "fields": [
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "pulls",
        "type": "double",
        "comment": "Sum of shares of pulls."
      },
      {
        "name": "sum",
        "type": "double",
        "comment": "Sum of share times reward."
      }
    ]
  },
  {
    "name": "PriorShared",
    "comment": "The domain shared what all its buckets learned; buckets shrink towards it. Made after every N rewards, in the order of the log.",
    "fields": [
      {
        "name": "counted",
        "type": "double",
        "comment": "Rewards and retractions counted since the domain began."
      },
      {
        "name": "arms",
        "type": "SharedArm[]",
        "comment": ""
      },
      {
        "name": "through",
        "type": "string",
        "comment": "Id of the last event that was counted: counting goes on after it."
      }
    ]
  },
  {
    "name": "RollbackPointMarked",
    "comment": "The revision before this one was marked as one to return to: it ends here, so that the moment of this event is what is restored.",
    "fields": [
      {
        "name": "name",
        "type": "string",
        "comment": ""
      },
      {
        "name": "cause",
        "type": "string",
        "comment": "Why it was marked: config, policy, thaw, daily, manual, rollback, void."
      },
      {
        "name": "by",
        "type": "string",
        "comment": ""
      },
      {
        "name": "reason",
        "type": "string",
        "comment": ""
      }
    ]
  },
  {
    "name": "RolledBack",
    "comment": "The domain was returned to how it stood at the end of one of its revisions: in every bucket what was learned, and the\nconfiguration. What came between stays in the log. Copies what it restores: folding it reads no other event.",
    "fields": [
      {
        "name": "toDomainRevision",
        "type": "uint32",
        "comment": "The revision that is restored; what later revisions up to this event recorded is set aside."
      },
      {
        "name": "by",
        "type": "string",
        "comment": ""
      },
      {
        "name": "reason",
        "type": "string",
        "comment": ""
      },
      {
        "name": "config",
        "type": "string",
        "comment": "The configuration in force from here on, as in DomainConfigured."
      },
      {
        "name": "configKept",
        "type": "bool",
        "comment": "True where that is the one before the rollback, because only what was learned was to go back."
      },
      {
        "name": "counted",
        "type": "double",
        "comment": "What the domain had shared by the end of the restored revision, and where counting goes on."
      },
      {
        "name": "arms",
        "type": "SharedArm[]",
        "comment": ""
      },
      {
        "name": "through",
        "type": "string",
        "comment": ""
      },
      {
        "name": "relearn",
        "type": "bool",
        "comment": "True where what is kept and is not the restored configuration's is learned anew from all that counts: a policy, which else begins anew, and what rewards are worth."
      }
    ]
  },
  {
    "name": "RewardVoided",
    "comment": "Rewards that were recorded before this event count no more: those of one person, of a span of time, or both.",
    "fields": [
      {
        "name": "subject",
        "type": "string",
        "comment": "Pseudonym of the person; empty for everybody."
      },
      {
        "name": "fromTime",
        "type": "double?",
        "comment": "Recorded at this time or later, milliseconds since 1970; absent for no limit."
      },
      {
        "name": "toTime",
        "type": "double?",
        "comment": "Recorded before this time; absent for no limit."
      },
      {
        "name": "by",
        "type": "string",
        "comment": ""
      },
      {
        "name": "reason",
        "type": "string",
        "comment": ""
      },
      {
        "name": "rewards",
        "type": "double",
        "comment": "How many rewards that were, when it was recorded."
      },
      {
        "name": "counted",
        "type": "double",
        "comment": "What the domain has shared without them, and where counting goes on."
      },
      {
        "name": "arms",
        "type": "SharedArm[]",
        "comment": ""
      },
      {
        "name": "through",
        "type": "string",
        "comment": ""
      }
    ]
  },
  {
    "name": "Exclusion",
    "comment": "A candidate that was set aside before the choice.",
    "fields": [
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "constraint",
        "type": "string",
        "comment": "The first constraint it broke: maxCostUsd, maxLatencyMs, minQuality, minReliability, capabilities, contextWindow, tenants; budget; conservative where the domain could not afford to try it yet."
      },
      {
        "name": "limit",
        "type": "string",
        "comment": "What that constraint was: a number, the missing capability, the request's tokens, the tenant, the reward that was owed."
      }
    ]
  },
  {
    "name": "SlateEntry",
    "comment": "One place of a slate.",
    "fields": [
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "weight",
        "type": "double",
        "comment": "The arm's confidence, normalised over the slate."
      },
      {
        "name": "rankPropensity",
        "type": "double?",
        "comment": "P(this arm is ranked at this place); absent where it is left to be computed from the log."
      }
    ]
  },
  {
    "name": "ShiftTerm",
    "comment": "One of the numbers that a candidate's score shift is the sum of.",
    "fields": [
      {
        "name": "name",
        "type": "string",
        "comment": ""
      },
      {
        "name": "values",
        "type": "double[]",
        "comment": "For each candidate, in units of reward."
      }
    ]
  },
  {
    "name": "Pace",
    "comment": "A decision under a budget: what its pacer is charged with.",
    "fields": [
      {
        "name": "perRequestUsd",
        "type": "double",
        "comment": "The ceiling in force: dollars a request on average."
      },
      {
        "name": "chargedUsd",
        "type": "double",
        "comment": "What the chosen arm was expected to cost, dollars."
      },
      {
        "name": "price",
        "type": "double",
        "comment": "What a dollar was worth, in units of reward."
      },
      {
        "name": "leastPrice",
        "type": "double",
        "comment": "The range that the price is held in, by what the arms were expected to cost."
      },
      {
        "name": "mostPrice",
        "type": "double",
        "comment": ""
      },
      {
        "name": "context",
        "type": "string",
        "comment": "Hash of the categories of the context that it was expected in; empty where there are none."
      }
    ]
  },
  {
    "name": "DecisionMade",
    "comment": "One arm was chosen for one request. Holds everything the choice depended on beside the posterior.",
    "fields": [
      {
        "name": "domainRevision",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "requestId",
        "type": "string",
        "comment": ""
      },
      {
        "name": "requestHash",
        "type": "bytes",
        "comment": "First 16 bytes of the SHA-256 of the canonical request: tells a repetition from a reused id."
      },
      {
        "name": "candidates",
        "type": "string[]",
        "comment": "The arms that could be chosen, after filters, in order."
      },
      {
        "name": "shifts",
        "type": "double[]",
        "comment": "Added to each candidate's score; empty for all zero."
      },
      {
        "name": "prior",
        "type": "double[]",
        "comment": "What the domain lent: the policy's prior numbers for each candidate."
      },
      {
        "name": "features",
        "type": "double[]",
        "comment": "The context as doubles in the order of the domain's schema."
      },
      {
        "name": "floor",
        "type": "double",
        "comment": "Probability spread evenly over the candidates."
      },
      {
        "name": "seed",
        "type": "fixed32",
        "comment": "Randomness of the choice."
      },
      {
        "name": "posteriorRevision",
        "type": "sint32",
        "comment": "Revision of the last event of this stream that moved the posterior; -1 where none did."
      },
      {
        "name": "policy",
        "type": "string",
        "comment": ""
      },
      {
        "name": "policyVersion",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "propensity",
        "type": "double?",
        "comment": "P(arm), exact; absent where it is left to be computed from the log."
      },
      {
        "name": "confidence",
        "type": "double",
        "comment": "1 - width of the chosen arm's 95 % credible interval."
      },
      {
        "name": "mode",
        "type": "string",
        "comment": "autonomous, supervised or escalated; empty where the domain does not gate."
      },
      {
        "name": "expectedReward",
        "type": "double",
        "comment": ""
      },
      {
        "name": "expectedCostUsd",
        "type": "double?",
        "comment": ""
      },
      {
        "name": "expectedLatencyMs",
        "type": "double?",
        "comment": ""
      },
      {
        "name": "slate",
        "type": "SlateEntry[]",
        "comment": "The ranked arms where the caller asked for k of them, else empty."
      },
      {
        "name": "excluded",
        "type": "Exclusion[]",
        "comment": ""
      },
      {
        "name": "subject",
        "type": "string",
        "comment": "Pseudonym of the person it was for, else empty."
      },
      {
        "name": "taskType",
        "type": "string",
        "comment": ""
      },
      {
        "name": "complexity",
        "type": "double?",
        "comment": ""
      },
      {
        "name": "tokens",
        "type": "double?",
        "comment": ""
      },
      {
        "name": "fallback",
        "type": "bool",
        "comment": "True where no candidate met the constraints and the domain's fallback arm was taken without asking the policy."
      },
      {
        "name": "run",
        "type": "bool",
        "comment": "True where the arm was to be carried out too: a call that names this decision tells which arm answered."
      },
      {
        "name": "terms",
        "type": "ShiftTerm[]",
        "comment": "What the shifts are the sum of, in this order; empty where that is nothing but the arms' configured shift."
      },
      {
        "name": "pace",
        "type": "Pace?",
        "comment": "What the domain's budget is charged with for it; absent where it has none."
      }
    ]
  },
  {
    "name": "ShownItem",
    "comment": "One item that was shown, and the arm it came from.",
    "fields": [
      {
        "name": "item",
        "type": "string",
        "comment": ""
      },
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "position",
        "type": "uint32",
        "comment": "Place in the list, from 0."
      }
    ]
  },
  {
    "name": "ItemsShown",
    "comment": "Items that came from a slate's arms were shown.",
    "fields": [
      {
        "name": "domainRevision",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "decisionRevision",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "items",
        "type": "ShownItem[]",
        "comment": ""
      },
      {
        "name": "requestHash",
        "type": "bytes",
        "comment": ""
      }
    ]
  },
  {
    "name": "Components",
    "comment": "The measured parts of a reward, each in [0, 1].",
    "fields": [
      {
        "name": "quality",
        "type": "double?",
        "comment": ""
      },
      {
        "name": "cost",
        "type": "double?",
        "comment": ""
      },
      {
        "name": "latency",
        "type": "double?",
        "comment": ""
      },
      {
        "name": "feedback",
        "type": "double?",
        "comment": ""
      }
    ]
  },
  {
    "name": "RewardObserved",
    "comment": "A reward came back for a decision. Copies what learning needs: folding it reads no other event.",
    "fields": [
      {
        "name": "domainRevision",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "decisionRevision",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "features",
        "type": "double[]",
        "comment": ""
      },
      {
        "name": "propensity",
        "type": "double?",
        "comment": "The decision's propensity as logged; absent where it was left to be computed, and for an arm that stood in for the chosen one."
      },
      {
        "name": "value",
        "type": "double",
        "comment": "The reward in [0, 1]."
      },
      {
        "name": "share",
        "type": "double",
        "comment": "The part of one pull that it is, in [0, 1]; 0 for neutral feedback, which moves nothing."
      },
      {
        "name": "kind",
        "type": "string",
        "comment": "explicit, implicit, behavioural or outcome."
      },
      {
        "name": "components",
        "type": "Components?",
        "comment": ""
      },
      {
        "name": "feedback",
        "type": "string",
        "comment": "click, thumbs_up, thumbs_down or rating:<n>; failed where the arm's agent was asked and did not answer; silence where nothing had come when the decision's window closed; empty where a value was given."
      },
      {
        "name": "item",
        "type": "string",
        "comment": "The item it was for, else empty."
      },
      {
        "name": "subject",
        "type": "string",
        "comment": ""
      },
      {
        "name": "costUsd",
        "type": "double?",
        "comment": "Dollars that the decision's call has cost; absent where nobody said so. Taking the reward back does not take it back."
      },
      {
        "name": "declaredUsd",
        "type": "double?",
        "comment": "Dollars that the arm was declared to cost when it was chosen; only where the domain has a budget."
      },
      {
        "name": "outdated",
        "type": "bool",
        "comment": "True where its decision is from before what the bucket's last restart took for a change: it moves nothing."
      },
      {
        "name": "setAside",
        "type": "bool",
        "comment": "True where its decision was set aside by a rollback, and the domain ignores what comes late for those: it moves nothing."
      },
      {
        "name": "given",
        "type": "bool",
        "comment": "True where the value was given beside feedback or components, or the share is none because nobody answered: no definition made it. Absent in the first logs."
      }
    ]
  },
  {
    "name": "RewardRetracted",
    "comment": "A reward was taken back. Copies the reward it undoes.",
    "fields": [
      {
        "name": "domainRevision",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "decisionRevision",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "rewardId",
        "type": "string",
        "comment": ""
      },
      {
        "name": "rewardRevision",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "features",
        "type": "double[]",
        "comment": ""
      },
      {
        "name": "propensity",
        "type": "double?",
        "comment": ""
      },
      {
        "name": "value",
        "type": "double",
        "comment": ""
      },
      {
        "name": "share",
        "type": "double",
        "comment": ""
      },
      {
        "name": "kind",
        "type": "string",
        "comment": ""
      },
      {
        "name": "learned",
        "type": "bool",
        "comment": "True where the reward had moved the posterior."
      },
      {
        "name": "by",
        "type": "string",
        "comment": ""
      },
      {
        "name": "reason",
        "type": "string",
        "comment": ""
      }
    ]
  },
  {
    "name": "BucketRestarted",
    "comment": "What an arm earns has changed, as far as its rewards tell: the bucket learns from nothing again.",
    "fields": [
      {
        "name": "domainRevision",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "rewardId",
        "type": "string",
        "comment": "The reward that made it sure."
      },
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "detector",
        "type": "string",
        "comment": "glr or page_hinkley."
      },
      {
        "name": "statistic",
        "type": "double",
        "comment": ""
      },
      {
        "name": "threshold",
        "type": "double",
        "comment": "What the statistic had to exceed."
      },
      {
        "name": "meanBefore",
        "type": "double",
        "comment": "Mean reward of the arm before the change and after it."
      },
      {
        "name": "meanAfter",
        "type": "double",
        "comment": ""
      },
      {
        "name": "pulls",
        "type": "double",
        "comment": "Pulls of the arm that were looked at."
      },
      {
        "name": "decisionsSince",
        "type": "uint32",
        "comment": "Rewards of decisions before this revision of the stream move nothing from here on: they tell of what was before the change."
      },
      {
        "name": "lent",
        "type": "SharedArm[]",
        "comment": "What the domain had shared by then: from here on only what it learned after that is lent to the bucket."
      }
    ]
  },
  {
    "name": "DeadLettered",
    "comment": "A message of a stream was put aside: nobody could make anything of it, however often it came. What it said is not kept here: it may\nhold what a person wrote. A reward lies in its stream until that one's limit, and can be read again by its number.",
    "fields": [
      {
        "name": "subject",
        "type": "string",
        "comment": "Where it was published, such as reward.model_routing."
      },
      {
        "name": "messageId",
        "type": "string",
        "comment": "Its Nats-Msg-Id; empty where it had none."
      },
      {
        "name": "reason",
        "type": "string",
        "comment": "Code of the problem that it met last."
      },
      {
        "name": "deliveries",
        "type": "uint32",
        "comment": "How often it was delivered."
      },
      {
        "name": "payloadHash",
        "type": "bytes",
        "comment": "HMAC-SHA256 of its payload under the installation's key."
      },
      {
        "name": "payloadBytes",
        "type": "uint32",
        "comment": "Length of its payload in bytes."
      },
      {
        "name": "busStream",
        "type": "string",
        "comment": "The stream of the bus that it lies in."
      },
      {
        "name": "sequence",
        "type": "double",
        "comment": "Its number there."
      },
      {
        "name": "published",
        "type": "double",
        "comment": "When the bus took it, milliseconds since 1970-01-01 UTC by the bus's clock."
      }
    ]
  },
  {
    "name": "AgentCallSucceeded",
    "comment": "An agent carried its arm out.",
    "fields": [
      {
        "name": "agent",
        "type": "string",
        "comment": ""
      },
      {
        "name": "decisionId",
        "type": "string",
        "comment": ""
      },
      {
        "name": "latencyMs",
        "type": "double",
        "comment": ""
      },
      {
        "name": "costUsd",
        "type": "double",
        "comment": ""
      },
      {
        "name": "quality",
        "type": "double?",
        "comment": ""
      },
      {
        "name": "source",
        "type": "string",
        "comment": "simulated, recorded or live."
      },
      {
        "name": "inputTokens",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "outputTokens",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "arm",
        "type": "string",
        "comment": "The arm that was carried out; empty in the first logs."
      },
      {
        "name": "turnedAway",
        "type": "uint32",
        "comment": "Calls that its open breaker turned away since the event before: those have none of their own."
      }
    ]
  },
  {
    "name": "AgentCallFailed",
    "comment": "An agent failed to.",
    "fields": [
      {
        "name": "agent",
        "type": "string",
        "comment": ""
      },
      {
        "name": "decisionId",
        "type": "string",
        "comment": ""
      },
      {
        "name": "latencyMs",
        "type": "double",
        "comment": ""
      },
      {
        "name": "category",
        "type": "string",
        "comment": "timeout, overloaded, refused or failed."
      },
      {
        "name": "source",
        "type": "string",
        "comment": ""
      },
      {
        "name": "state",
        "type": "string",
        "comment": "The agent's state after it: healthy, degraded, open."
      },
      {
        "name": "arm",
        "type": "string",
        "comment": "The arm that was to be carried out; empty in the first logs."
      },
      {
        "name": "turnedAway",
        "type": "uint32",
        "comment": "Calls that its open breaker turned away since the event before: those have none of their own, but in the first logs."
      }
    ]
  },
  {
    "name": "ArmCostState",
    "comment": "What is known of the costs of one arm.",
    "fields": [
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "reports",
        "type": "double",
        "comment": "Reports that the mean is made of."
      },
      {
        "name": "mean",
        "type": "double",
        "comment": "Dollars a call."
      },
      {
        "name": "basis",
        "type": "double",
        "comment": "Dollars that were declared at the last report, 0 where none were."
      },
      {
        "name": "held",
        "type": "sint32",
        "comment": "Reports in a row that were too far off to be believed: above 0 for high ones, below for low ones."
      },
      {
        "name": "heldUsd",
        "type": "double",
        "comment": ""
      }
    ]
  },
  {
    "name": "ContextCostState",
    "comment": "What an arm's calls cost in one kind of context.",
    "fields": [
      {
        "name": "context",
        "type": "string",
        "comment": ""
      },
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "reports",
        "type": "double",
        "comment": "Reports that the mean is made of."
      },
      {
        "name": "relative",
        "type": "double",
        "comment": "Cost of a call as a part of the arm's mean."
      }
    ]
  },
  {
    "name": "PacerState",
    "comment": "A bucket's pacer.",
    "fields": [
      {
        "name": "price",
        "type": "double",
        "comment": "What a dollar is worth, in units of reward."
      },
      {
        "name": "balance",
        "type": "double",
        "comment": "Dollars that are left."
      },
      {
        "name": "arms",
        "type": "ArmCostState[]",
        "comment": ""
      },
      {
        "name": "open",
        "type": "uint32[]",
        "comment": "Decisions whose cost is not known yet, oldest first, and what was charged for each."
      },
      {
        "name": "charged",
        "type": "double[]",
        "comment": ""
      },
      {
        "name": "chargedIn",
        "type": "string[]",
        "comment": "The contexts that these were charged in."
      },
      {
        "name": "contexts",
        "type": "ContextCostState[]",
        "comment": "What arms cost in contexts, the one that was reported on last at the end."
      }
    ]
  },
  {
    "name": "BucketSnapshot",
    "comment": "A bucket's state at a revision, kept as a cache: dropped whenever a version in it differs.",
    "fields": [
      {
        "name": "domainRevision",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "posteriorSince",
        "type": "uint32",
        "comment": "Revision at which the posterior began."
      },
      {
        "name": "posteriorRevision",
        "type": "sint32",
        "comment": "Revision of the last event that moved it, -1 where none did."
      },
      {
        "name": "policyKey",
        "type": "string",
        "comment": ""
      },
      {
        "name": "posterior",
        "type": "bytes",
        "comment": ""
      },
      {
        "name": "headHash",
        "type": "bytes",
        "comment": ""
      },
      {
        "name": "recentIds",
        "type": "string[]",
        "comment": "The last event ids of the stream, oldest first."
      },
      {
        "name": "openWindows",
        "type": "uint32[]",
        "comment": "Revisions of the decisions whose reward windows are open, oldest first."
      },
      {
        "name": "pacer",
        "type": "PacerState?",
        "comment": "What its budget has come to; absent where no decision was made under one."
      },
      {
        "name": "earnings",
        "type": "ArmEarned[]",
        "comment": "What each arm was chosen for and earned, where the domain is conservative; and the revision since which that is counted."
      },
      {
        "name": "earningsSince",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "featuresSince",
        "type": "uint32",
        "comment": "Revision from which on a decision's features are what the posterior is about."
      },
      {
        "name": "changes",
        "type": "BucketChanges?",
        "comment": "What is known of changes; absent where there is nothing."
      },
      {
        "name": "underRevision",
        "type": "uint32",
        "comment": "Revision of the domain that it holds under, and under all that descend from it; at least domain_revision."
      },
      {
        "name": "taughtAs",
        "type": "string",
        "comment": "Made ahead of a change by which all was to be learned anew: as what. It holds under a revision that learned so, and no other."
      },
      {
        "name": "amendedThrough",
        "type": "uint32",
        "comment": "Revision of the newest retraction after it by which something was left out of it, 0 where there is none."
      }
    ]
  },
  {
    "name": "ArmEarned",
    "comment": "What one arm was chosen for and earned in a bucket.",
    "fields": [
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "decided",
        "type": "uint32",
        "comment": "Decisions that chose it."
      },
      {
        "name": "pulls",
        "type": "double",
        "comment": "Sum of shares of pulls that were rewarded."
      },
      {
        "name": "sum",
        "type": "double",
        "comment": "Sum of share times reward."
      }
    ]
  },
  {
    "name": "WatchedArm",
    "comment": "What a detector has seen of an arm.",
    "fields": [
      {
        "name": "arm",
        "type": "string",
        "comment": ""
      },
      {
        "name": "numbers",
        "type": "double[]",
        "comment": ""
      }
    ]
  },
  {
    "name": "BucketChanges",
    "comment": "What a bucket knows of changes.",
    "fields": [
      {
        "name": "watched",
        "type": "WatchedArm[]",
        "comment": ""
      },
      {
        "name": "due",
        "type": "BucketRestarted?",
        "comment": "A restart that is called for and not recorded yet."
      },
      {
        "name": "restartedAt",
        "type": "sint32",
        "comment": "Revision of the last restart, -1 where there was none."
      },
      {
        "name": "decisionsSince",
        "type": "uint32",
        "comment": ""
      },
      {
        "name": "lent",
        "type": "SharedArm[]",
        "comment": ""
      }
    ]
  }
] as const;
