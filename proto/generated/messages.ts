// Generated from proto/messages.proto by `npm run generate`. Do not edit.
import { type Reader, type Writer } from 'protobufjs/minimal.js';
import * as own from '../message-values.ts';
import { recurringText } from '../recurring-text.ts';

export interface DecideRequest {
  readonly requestId?: string;
  readonly context?: Readonly<Record<string, own.FeatureValue>>;
  readonly candidates?: readonly string[];
  readonly subject?: string;
  readonly k?: number;
  readonly constraints?: Constraints;
  readonly taskType?: string;
  readonly complexity?: number;
  readonly tokens?: number;
  readonly propensity?: string;
}

export function fitsDecideRequest(body: unknown): body is DecideRequest {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'requestId':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      case 'context':
        if (!(item === undefined || own.isRecordOf(item, own.fitsValue))) return false;
        break;
      case 'candidates':
        if (!(item === undefined || Array.isArray(item) && item.length > 0 && item.every((one) => typeof one === 'string'))) return false;
        break;
      case 'subject':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      case 'k':
        if (!(item === undefined || own.isUint32(item))) return false;
        break;
      case 'constraints':
        if (!(item === undefined || fitsConstraints(item))) return false;
        break;
      case 'taskType':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      case 'complexity':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      case 'tokens':
        if (!(item === undefined || own.isUint32(item))) return false;
        break;
      case 'propensity':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 0;
}

export function writeDecideRequest(message: DecideRequest, w: Writer): Writer {
  if (message.requestId !== undefined && message.requestId !== null) {
    w.uint32(10).string(message.requestId);
  }
  if (message.context !== undefined) own.writeEntries(message.context, 18, own.writeValue, w);
  for (const item of message.candidates ?? []) {
    w.uint32(26).string(item);
  }
  if (message.subject !== undefined && message.subject !== null) {
    w.uint32(34).string(message.subject);
  }
  if (message.k !== undefined && message.k !== null) {
    w.uint32(40).uint32(message.k);
  }
  if (message.constraints !== undefined && message.constraints !== null) {
    w.uint32(50).fork();
    writeConstraints(message.constraints, w);
    w.ldelim();
  }
  if (message.taskType !== undefined && message.taskType !== null) {
    w.uint32(58).string(message.taskType);
  }
  if (message.complexity !== undefined && message.complexity !== null) {
    w.uint32(65).double(message.complexity);
  }
  if (message.tokens !== undefined && message.tokens !== null) {
    w.uint32(72).uint32(message.tokens);
  }
  if (message.propensity !== undefined && message.propensity !== null) {
    w.uint32(82).string(message.propensity);
  }
  return w;
}

export function readDecideRequest(r: Reader, end: number): DecideRequest {
  let requestId: string | undefined = undefined;
  const context: Record<string, own.FeatureValue> = {};
  let candidates: string[] | undefined;
  let subject: string | undefined = undefined;
  let k: number | undefined = undefined;
  let constraints: Constraints | undefined = undefined;
  let taskType: string | undefined = undefined;
  let complexity: number | undefined = undefined;
  let tokens: number | undefined = undefined;
  let propensity: string | undefined = undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        requestId = r.string();
        break;
      case 18:
        own.readEntry(context, own.readValue, r, own.endOf(r, end));
        break;
      case 26:
        (candidates ??= []).push(recurringText(r));
        break;
      case 34:
        subject = r.string();
        break;
      case 40:
        k = r.uint32();
        break;
      case 50:
        constraints = readConstraints(r, own.endOf(r, end));
        break;
      case 58:
        taskType = recurringText(r);
        break;
      case 65:
        complexity = r.double();
        break;
      case 72:
        tokens = r.uint32();
        break;
      case 82:
        propensity = recurringText(r);
        break;
      default:
        throw own.unknownField('DecideRequest', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { requestId, context, candidates, subject, k, constraints, taskType, complexity, tokens, propensity };
}

export interface Constraints {
  readonly maxLatencyMs?: number;
  readonly maxCostUsd?: number;
  readonly minQuality?: number;
  readonly minReliability?: number;
  readonly capabilities?: readonly string[];
}

export function fitsConstraints(body: unknown): body is Constraints {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'maxLatencyMs':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      case 'maxCostUsd':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      case 'minQuality':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      case 'minReliability':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      case 'capabilities':
        if (!(item === undefined || Array.isArray(item) && item.length > 0 && item.every((one) => typeof one === 'string'))) return false;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 0;
}

export function writeConstraints(message: Constraints, w: Writer): Writer {
  if (message.maxLatencyMs !== undefined && message.maxLatencyMs !== null) {
    w.uint32(9).double(message.maxLatencyMs);
  }
  if (message.maxCostUsd !== undefined && message.maxCostUsd !== null) {
    w.uint32(17).double(message.maxCostUsd);
  }
  if (message.minQuality !== undefined && message.minQuality !== null) {
    w.uint32(25).double(message.minQuality);
  }
  if (message.minReliability !== undefined && message.minReliability !== null) {
    w.uint32(33).double(message.minReliability);
  }
  for (const item of message.capabilities ?? []) {
    w.uint32(42).string(item);
  }
  return w;
}

export function readConstraints(r: Reader, end: number): Constraints {
  let maxLatencyMs: number | undefined = undefined;
  let maxCostUsd: number | undefined = undefined;
  let minQuality: number | undefined = undefined;
  let minReliability: number | undefined = undefined;
  let capabilities: string[] | undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 9:
        maxLatencyMs = r.double();
        break;
      case 17:
        maxCostUsd = r.double();
        break;
      case 25:
        minQuality = r.double();
        break;
      case 33:
        minReliability = r.double();
        break;
      case 42:
        (capabilities ??= []).push(r.string());
        break;
      default:
        throw own.unknownField('Constraints', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { maxLatencyMs, maxCostUsd, minQuality, minReliability, capabilities };
}

export interface Decision {
  readonly decisionId: string;
  readonly domain: string;
  readonly requestId: string;
  readonly arm: string;
  readonly propensity: number | null;
  readonly bucket: string;
  readonly bucketLabel: string;
  readonly policy: string;
  readonly confidence: number;
  readonly mode: string | null;
  readonly expectedReward: number;
  readonly expectedCostUsd: number | null;
  readonly expectedLatencyMs: number | null;
  readonly fallback: boolean;
  readonly slate?: readonly Ranked[];
}

export function fitsDecision(body: unknown): body is Decision {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'decisionId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'domain':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'requestId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'arm':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'propensity':
        if (!(item === null || typeof item === 'number')) return false;
        break;
      case 'bucket':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'bucketLabel':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'policy':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'confidence':
        if (!(typeof item === 'number')) return false;
        needed++;
        break;
      case 'mode':
        if (!(item === null || typeof item === 'string')) return false;
        break;
      case 'expectedReward':
        if (!(typeof item === 'number')) return false;
        needed++;
        break;
      case 'expectedCostUsd':
        if (!(item === null || typeof item === 'number')) return false;
        break;
      case 'expectedLatencyMs':
        if (!(item === null || typeof item === 'number')) return false;
        break;
      case 'fallback':
        if (!(typeof item === 'boolean')) return false;
        needed++;
        break;
      case 'slate':
        if (!(item === undefined || Array.isArray(item) && item.length > 0 && item.every((one) => fitsRanked(one)))) return false;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 10 && body.propensity !== undefined && body.mode !== undefined && body.expectedCostUsd !== undefined && body.expectedLatencyMs !== undefined;
}

export function writeDecision(message: Decision, w: Writer): Writer {
  if (message.decisionId !== '') {
    w.uint32(10).string(message.decisionId);
  }
  if (message.domain !== '') {
    w.uint32(18).string(message.domain);
  }
  if (message.requestId !== '') {
    w.uint32(26).string(message.requestId);
  }
  if (message.arm !== '') {
    w.uint32(34).string(message.arm);
  }
  if (message.propensity !== undefined && message.propensity !== null) {
    w.uint32(41).double(message.propensity);
  }
  if (message.bucket !== '') {
    w.uint32(50).string(message.bucket);
  }
  if (message.bucketLabel !== '') {
    w.uint32(58).string(message.bucketLabel);
  }
  if (message.policy !== '') {
    w.uint32(66).string(message.policy);
  }
  if (!Object.is(message.confidence, 0)) {
    w.uint32(73).double(message.confidence);
  }
  if (message.mode !== undefined && message.mode !== null) {
    w.uint32(82).string(message.mode);
  }
  if (!Object.is(message.expectedReward, 0)) {
    w.uint32(89).double(message.expectedReward);
  }
  if (message.expectedCostUsd !== undefined && message.expectedCostUsd !== null) {
    w.uint32(97).double(message.expectedCostUsd);
  }
  if (message.expectedLatencyMs !== undefined && message.expectedLatencyMs !== null) {
    w.uint32(105).double(message.expectedLatencyMs);
  }
  if (message.fallback) {
    w.uint32(112).bool(message.fallback);
  }
  for (const item of message.slate ?? []) {
    w.uint32(122).fork();
    writeRanked(item, w);
    w.ldelim();
  }
  return w;
}

export function readDecision(r: Reader, end: number): Decision {
  let decisionId: string = '';
  let domain: string = '';
  let requestId: string = '';
  let arm: string = '';
  let propensity: number | null = null;
  let bucket: string = '';
  let bucketLabel: string = '';
  let policy: string = '';
  let confidence: number = 0;
  let mode: string | null = null;
  let expectedReward: number = 0;
  let expectedCostUsd: number | null = null;
  let expectedLatencyMs: number | null = null;
  let fallback: boolean = false;
  let slate: Ranked[] | undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        decisionId = r.string();
        break;
      case 18:
        domain = recurringText(r);
        break;
      case 26:
        requestId = r.string();
        break;
      case 34:
        arm = recurringText(r);
        break;
      case 41:
        propensity = r.double();
        break;
      case 50:
        bucket = r.string();
        break;
      case 58:
        bucketLabel = recurringText(r);
        break;
      case 66:
        policy = recurringText(r);
        break;
      case 73:
        confidence = r.double();
        break;
      case 82:
        mode = recurringText(r);
        break;
      case 89:
        expectedReward = r.double();
        break;
      case 97:
        expectedCostUsd = r.double();
        break;
      case 105:
        expectedLatencyMs = r.double();
        break;
      case 112:
        fallback = r.bool();
        break;
      case 122:
        (slate ??= []).push(readRanked(r, own.endOf(r, end)));
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  if (slate === undefined) return { decisionId, domain, requestId, arm, propensity, bucket, bucketLabel, policy, confidence, mode, expectedReward, expectedCostUsd, expectedLatencyMs, fallback };
  return { decisionId, domain, requestId, arm, propensity, bucket, bucketLabel, policy, confidence, mode, expectedReward, expectedCostUsd, expectedLatencyMs, fallback, slate };
}

export interface Ranked {
  readonly arm: string;
  readonly weight: number;
  readonly rankPropensity: number | null;
}

export function fitsRanked(body: unknown): body is Ranked {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'arm':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'weight':
        if (!(typeof item === 'number')) return false;
        needed++;
        break;
      case 'rankPropensity':
        if (!(item === null || typeof item === 'number')) return false;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 2 && body.rankPropensity !== undefined;
}

export function writeRanked(message: Ranked, w: Writer): Writer {
  if (message.arm !== '') {
    w.uint32(10).string(message.arm);
  }
  if (!Object.is(message.weight, 0)) {
    w.uint32(17).double(message.weight);
  }
  if (message.rankPropensity !== undefined && message.rankPropensity !== null) {
    w.uint32(25).double(message.rankPropensity);
  }
  return w;
}

export function readRanked(r: Reader, end: number): Ranked {
  let arm: string = '';
  let weight: number = 0;
  let rankPropensity: number | null = null;
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
  if (r.pos !== end) throw own.cutOff();
  return { arm, weight, rankPropensity };
}

export interface RunRequest {
  readonly requestId?: string;
  readonly context?: Readonly<Record<string, own.FeatureValue>>;
  readonly candidates?: readonly string[];
  readonly subject?: string;
  readonly constraints?: Constraints;
  readonly taskType?: string;
  readonly complexity?: number;
  readonly tokens?: number;
  readonly propensity?: string;
  readonly question?: unknown;
  readonly timeoutMs?: number;
}

export function fitsRunRequest(body: unknown): body is RunRequest {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'requestId':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      case 'context':
        if (!(item === undefined || own.isRecordOf(item, own.fitsValue))) return false;
        break;
      case 'candidates':
        if (!(item === undefined || Array.isArray(item) && item.length > 0 && item.every((one) => typeof one === 'string'))) return false;
        break;
      case 'subject':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      case 'constraints':
        if (!(item === undefined || fitsConstraints(item))) return false;
        break;
      case 'taskType':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      case 'complexity':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      case 'tokens':
        if (!(item === undefined || own.isUint32(item))) return false;
        break;
      case 'propensity':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      case 'question':
        if (!(item === undefined || own.fitsJson(item))) return false;
        break;
      case 'timeoutMs':
        if (!(item === undefined || own.isUint32(item))) return false;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 0;
}

export function writeRunRequest(message: RunRequest, w: Writer): Writer {
  if (message.requestId !== undefined && message.requestId !== null) {
    w.uint32(10).string(message.requestId);
  }
  if (message.context !== undefined) own.writeEntries(message.context, 18, own.writeValue, w);
  for (const item of message.candidates ?? []) {
    w.uint32(26).string(item);
  }
  if (message.subject !== undefined && message.subject !== null) {
    w.uint32(34).string(message.subject);
  }
  if (message.constraints !== undefined && message.constraints !== null) {
    w.uint32(50).fork();
    writeConstraints(message.constraints, w);
    w.ldelim();
  }
  if (message.taskType !== undefined && message.taskType !== null) {
    w.uint32(58).string(message.taskType);
  }
  if (message.complexity !== undefined && message.complexity !== null) {
    w.uint32(65).double(message.complexity);
  }
  if (message.tokens !== undefined && message.tokens !== null) {
    w.uint32(72).uint32(message.tokens);
  }
  if (message.propensity !== undefined && message.propensity !== null) {
    w.uint32(82).string(message.propensity);
  }
  if (message.question !== undefined) {
    w.uint32(90).fork();
    own.writeJson(message.question, w);
    w.ldelim();
  }
  if (message.timeoutMs !== undefined && message.timeoutMs !== null) {
    w.uint32(96).uint32(message.timeoutMs);
  }
  return w;
}

export function readRunRequest(r: Reader, end: number): RunRequest {
  let requestId: string | undefined = undefined;
  const context: Record<string, own.FeatureValue> = {};
  let candidates: string[] | undefined;
  let subject: string | undefined = undefined;
  let constraints: Constraints | undefined = undefined;
  let taskType: string | undefined = undefined;
  let complexity: number | undefined = undefined;
  let tokens: number | undefined = undefined;
  let propensity: string | undefined = undefined;
  let question: unknown | undefined = undefined;
  let timeoutMs: number | undefined = undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        requestId = r.string();
        break;
      case 18:
        own.readEntry(context, own.readValue, r, own.endOf(r, end));
        break;
      case 26:
        (candidates ??= []).push(recurringText(r));
        break;
      case 34:
        subject = r.string();
        break;
      case 50:
        constraints = readConstraints(r, own.endOf(r, end));
        break;
      case 58:
        taskType = recurringText(r);
        break;
      case 65:
        complexity = r.double();
        break;
      case 72:
        tokens = r.uint32();
        break;
      case 82:
        propensity = recurringText(r);
        break;
      case 90:
        question = own.readJson(r, own.endOf(r, end));
        break;
      case 96:
        timeoutMs = r.uint32();
        break;
      default:
        throw own.unknownField('RunRequest', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { requestId, context, candidates, subject, constraints, taskType, complexity, tokens, propensity, question, timeoutMs };
}

export interface Run {
  readonly decision: Decision;
  readonly arm: string;
  readonly answer: unknown;
  readonly source: string;
  readonly latencyMs: number;
  readonly costUsd: number;
  readonly quality: number | null;
  readonly attempts: readonly Attempt[];
  readonly repeated: boolean;
}

export function fitsRun(body: unknown): body is Run {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'decision':
        if (!(fitsDecision(item))) return false;
        needed++;
        break;
      case 'arm':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'answer':
        if (!(own.fitsJson(item))) return false;
        needed++;
        break;
      case 'source':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'latencyMs':
        if (!(typeof item === 'number')) return false;
        needed++;
        break;
      case 'costUsd':
        if (!(typeof item === 'number')) return false;
        needed++;
        break;
      case 'quality':
        if (!(item === null || typeof item === 'number')) return false;
        break;
      case 'attempts':
        if (!(Array.isArray(item) && item.every((one) => fitsAttempt(one)))) return false;
        needed++;
        break;
      case 'repeated':
        if (!(typeof item === 'boolean')) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 8 && body.quality !== undefined;
}

export function writeRun(message: Run, w: Writer): Writer {
  if (true) {
    w.uint32(10).fork();
    writeDecision(message.decision, w);
    w.ldelim();
  }
  if (message.arm !== '') {
    w.uint32(18).string(message.arm);
  }
  if (true) {
    w.uint32(26).fork();
    own.writeJson(message.answer, w);
    w.ldelim();
  }
  if (message.source !== '') {
    w.uint32(34).string(message.source);
  }
  if (!Object.is(message.latencyMs, 0)) {
    w.uint32(41).double(message.latencyMs);
  }
  if (!Object.is(message.costUsd, 0)) {
    w.uint32(49).double(message.costUsd);
  }
  if (message.quality !== undefined && message.quality !== null) {
    w.uint32(57).double(message.quality);
  }
  for (const item of message.attempts) {
    w.uint32(66).fork();
    writeAttempt(item, w);
    w.ldelim();
  }
  if (message.repeated) {
    w.uint32(72).bool(message.repeated);
  }
  return w;
}

export function readRun(r: Reader, end: number): Run {
  let decision: Decision | null = null;
  let arm: string = '';
  let answer: unknown | null = null;
  let source: string = '';
  let latencyMs: number = 0;
  let costUsd: number = 0;
  let quality: number | null = null;
  const attempts: Attempt[] = [];
  let repeated: boolean = false;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        decision = readDecision(r, own.endOf(r, end));
        break;
      case 18:
        arm = recurringText(r);
        break;
      case 26:
        answer = own.readJson(r, own.endOf(r, end));
        break;
      case 34:
        source = recurringText(r);
        break;
      case 41:
        latencyMs = r.double();
        break;
      case 49:
        costUsd = r.double();
        break;
      case 57:
        quality = r.double();
        break;
      case 66:
        attempts.push(readAttempt(r, own.endOf(r, end)));
        break;
      case 72:
        repeated = r.bool();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { decision, arm, answer, source, latencyMs, costUsd, quality, attempts, repeated } as Run;
}

export interface Attempt {
  readonly arm: string;
  readonly agent: string;
  readonly eventId: string | null;
  readonly latencyMs: number;
  readonly failure: string | null;
}

export function fitsAttempt(body: unknown): body is Attempt {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'arm':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'agent':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'eventId':
        if (!(item === null || typeof item === 'string')) return false;
        break;
      case 'latencyMs':
        if (!(typeof item === 'number')) return false;
        needed++;
        break;
      case 'failure':
        if (!(item === null || typeof item === 'string')) return false;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 3 && body.eventId !== undefined && body.failure !== undefined;
}

export function writeAttempt(message: Attempt, w: Writer): Writer {
  if (message.arm !== '') {
    w.uint32(10).string(message.arm);
  }
  if (message.agent !== '') {
    w.uint32(18).string(message.agent);
  }
  if (message.eventId !== undefined && message.eventId !== null) {
    w.uint32(26).string(message.eventId);
  }
  if (!Object.is(message.latencyMs, 0)) {
    w.uint32(33).double(message.latencyMs);
  }
  if (message.failure !== undefined && message.failure !== null) {
    w.uint32(42).string(message.failure);
  }
  return w;
}

export function readAttempt(r: Reader, end: number): Attempt {
  let arm: string = '';
  let agent: string = '';
  let eventId: string | null = null;
  let latencyMs: number = 0;
  let failure: string | null = null;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        arm = recurringText(r);
        break;
      case 18:
        agent = recurringText(r);
        break;
      case 26:
        eventId = r.string();
        break;
      case 33:
        latencyMs = r.double();
        break;
      case 42:
        failure = r.string();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { arm, agent, eventId, latencyMs, failure };
}

export interface RewardRequest {
  readonly decisionId: string;
  readonly body: Reward;
}

export function fitsRewardRequest(body: unknown): body is RewardRequest {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'decisionId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'body':
        if (!(fitsReward(item))) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 2;
}

export function writeRewardRequest(message: RewardRequest, w: Writer): Writer {
  if (message.decisionId !== '') {
    w.uint32(10).string(message.decisionId);
  }
  if (true) {
    w.uint32(18).fork();
    writeReward(message.body, w);
    w.ldelim();
  }
  return w;
}

export function readRewardRequest(r: Reader, end: number): RewardRequest {
  let decisionId: string = '';
  let body: Reward | undefined = undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        decisionId = r.string();
        break;
      case 18:
        body = readReward(r, own.endOf(r, end));
        break;
      default:
        throw own.unknownField('RewardRequest', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { decisionId, body } as RewardRequest;
}

export interface Reward {
  readonly value?: number;
  readonly feedback?: own.FeedbackValue;
  readonly components?: Components;
  readonly kind?: string;
  readonly item?: string;
  readonly costUsd?: number;
  readonly subject?: string;
  readonly requestId?: string;
}

export function fitsReward(body: unknown): body is Reward {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'value':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      case 'feedback':
        if (!(item === undefined || own.fitsFeedback(item))) return false;
        break;
      case 'components':
        if (!(item === undefined || fitsComponents(item))) return false;
        break;
      case 'kind':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      case 'item':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      case 'costUsd':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      case 'subject':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      case 'requestId':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 0;
}

export function writeReward(message: Reward, w: Writer): Writer {
  if (message.value !== undefined && message.value !== null) {
    w.uint32(9).double(message.value);
  }
  if (message.feedback !== undefined && message.feedback !== null) {
    w.uint32(18).fork();
    own.writeFeedback(message.feedback, w);
    w.ldelim();
  }
  if (message.components !== undefined && message.components !== null) {
    w.uint32(26).fork();
    writeComponents(message.components, w);
    w.ldelim();
  }
  if (message.kind !== undefined && message.kind !== null) {
    w.uint32(34).string(message.kind);
  }
  if (message.item !== undefined && message.item !== null) {
    w.uint32(42).string(message.item);
  }
  if (message.costUsd !== undefined && message.costUsd !== null) {
    w.uint32(49).double(message.costUsd);
  }
  if (message.subject !== undefined && message.subject !== null) {
    w.uint32(58).string(message.subject);
  }
  if (message.requestId !== undefined && message.requestId !== null) {
    w.uint32(66).string(message.requestId);
  }
  return w;
}

export function readReward(r: Reader, end: number): Reward {
  let value: number | undefined = undefined;
  let feedback: own.FeedbackValue | undefined = undefined;
  let components: Components | undefined = undefined;
  let kind: string | undefined = undefined;
  let item: string | undefined = undefined;
  let costUsd: number | undefined = undefined;
  let subject: string | undefined = undefined;
  let requestId: string | undefined = undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 9:
        value = r.double();
        break;
      case 18:
        feedback = own.readFeedback(r, own.endOf(r, end));
        break;
      case 26:
        components = readComponents(r, own.endOf(r, end));
        break;
      case 34:
        kind = recurringText(r);
        break;
      case 42:
        item = r.string();
        break;
      case 49:
        costUsd = r.double();
        break;
      case 58:
        subject = r.string();
        break;
      case 66:
        requestId = r.string();
        break;
      default:
        throw own.unknownField('Reward', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { value, feedback, components, kind, item, costUsd, subject, requestId };
}

export interface Components {
  readonly quality?: number;
  readonly cost?: number;
  readonly latency?: number;
  readonly feedback?: number;
}

export function fitsComponents(body: unknown): body is Components {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'quality':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      case 'cost':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      case 'latency':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      case 'feedback':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 0;
}

export function writeComponents(message: Components, w: Writer): Writer {
  if (message.quality !== undefined && message.quality !== null) {
    w.uint32(9).double(message.quality);
  }
  if (message.cost !== undefined && message.cost !== null) {
    w.uint32(17).double(message.cost);
  }
  if (message.latency !== undefined && message.latency !== null) {
    w.uint32(25).double(message.latency);
  }
  if (message.feedback !== undefined && message.feedback !== null) {
    w.uint32(33).double(message.feedback);
  }
  return w;
}

export function readComponents(r: Reader, end: number): Components {
  let quality: number | undefined = undefined;
  let cost: number | undefined = undefined;
  let latency: number | undefined = undefined;
  let feedback: number | undefined = undefined;
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
        throw own.unknownField('Components', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { quality, cost, latency, feedback };
}

export interface RewardReceipt {
  readonly rewardId: string;
  readonly decisionId: string;
  readonly arm: string;
  readonly value: number;
  readonly share: number;
  readonly kind: string;
  readonly learned: boolean;
  readonly repeated: boolean;
}

export function fitsRewardReceipt(body: unknown): body is RewardReceipt {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'rewardId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'decisionId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'arm':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'value':
        if (!(typeof item === 'number')) return false;
        needed++;
        break;
      case 'share':
        if (!(typeof item === 'number')) return false;
        needed++;
        break;
      case 'kind':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'learned':
        if (!(typeof item === 'boolean')) return false;
        needed++;
        break;
      case 'repeated':
        if (!(typeof item === 'boolean')) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 8;
}

export function writeRewardReceipt(message: RewardReceipt, w: Writer): Writer {
  if (message.rewardId !== '') {
    w.uint32(10).string(message.rewardId);
  }
  if (message.decisionId !== '') {
    w.uint32(18).string(message.decisionId);
  }
  if (message.arm !== '') {
    w.uint32(26).string(message.arm);
  }
  if (!Object.is(message.value, 0)) {
    w.uint32(33).double(message.value);
  }
  if (!Object.is(message.share, 0)) {
    w.uint32(41).double(message.share);
  }
  if (message.kind !== '') {
    w.uint32(50).string(message.kind);
  }
  if (message.learned) {
    w.uint32(56).bool(message.learned);
  }
  if (message.repeated) {
    w.uint32(64).bool(message.repeated);
  }
  return w;
}

export function readRewardReceipt(r: Reader, end: number): RewardReceipt {
  let rewardId: string = '';
  let decisionId: string = '';
  let arm: string = '';
  let value: number = 0;
  let share: number = 0;
  let kind: string = '';
  let learned: boolean = false;
  let repeated: boolean = false;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        rewardId = r.string();
        break;
      case 18:
        decisionId = r.string();
        break;
      case 26:
        arm = recurringText(r);
        break;
      case 33:
        value = r.double();
        break;
      case 41:
        share = r.double();
        break;
      case 50:
        kind = recurringText(r);
        break;
      case 56:
        learned = r.bool();
        break;
      case 64:
        repeated = r.bool();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { rewardId, decisionId, arm, value, share, kind, learned, repeated };
}

export interface RetractRequest {
  readonly decisionId: string;
  readonly rewardId: string;
  readonly body: Reason;
}

export function fitsRetractRequest(body: unknown): body is RetractRequest {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'decisionId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'rewardId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'body':
        if (!(fitsReason(item))) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 3;
}

export function writeRetractRequest(message: RetractRequest, w: Writer): Writer {
  if (message.decisionId !== '') {
    w.uint32(10).string(message.decisionId);
  }
  if (message.rewardId !== '') {
    w.uint32(18).string(message.rewardId);
  }
  if (true) {
    w.uint32(26).fork();
    writeReason(message.body, w);
    w.ldelim();
  }
  return w;
}

export function readRetractRequest(r: Reader, end: number): RetractRequest {
  let decisionId: string = '';
  let rewardId: string = '';
  let body: Reason | undefined = undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        decisionId = r.string();
        break;
      case 18:
        rewardId = r.string();
        break;
      case 26:
        body = readReason(r, own.endOf(r, end));
        break;
      default:
        throw own.unknownField('RetractRequest', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { decisionId, rewardId, body } as RetractRequest;
}

export interface Reason {
  readonly reason?: string;
}

export function fitsReason(body: unknown): body is Reason {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'reason':
        if (!(item === undefined || typeof item === 'string')) return false;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 0;
}

export function writeReason(message: Reason, w: Writer): Writer {
  if (message.reason !== undefined && message.reason !== null) {
    w.uint32(10).string(message.reason);
  }
  return w;
}

export function readReason(r: Reader, end: number): Reason {
  let reason: string | undefined = undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        reason = r.string();
        break;
      default:
        throw own.unknownField('Reason', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { reason };
}

export interface RetractionReceipt {
  readonly rewardId: string;
  readonly decisionId: string;
  readonly retracted: boolean;
  readonly repeated: boolean;
}

export function fitsRetractionReceipt(body: unknown): body is RetractionReceipt {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'rewardId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'decisionId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'retracted':
        if (!(typeof item === 'boolean')) return false;
        needed++;
        break;
      case 'repeated':
        if (!(typeof item === 'boolean')) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 4;
}

export function writeRetractionReceipt(message: RetractionReceipt, w: Writer): Writer {
  if (message.rewardId !== '') {
    w.uint32(10).string(message.rewardId);
  }
  if (message.decisionId !== '') {
    w.uint32(18).string(message.decisionId);
  }
  if (message.retracted) {
    w.uint32(24).bool(message.retracted);
  }
  if (message.repeated) {
    w.uint32(32).bool(message.repeated);
  }
  return w;
}

export function readRetractionReceipt(r: Reader, end: number): RetractionReceipt {
  let rewardId: string = '';
  let decisionId: string = '';
  let retracted: boolean = false;
  let repeated: boolean = false;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        rewardId = r.string();
        break;
      case 18:
        decisionId = r.string();
        break;
      case 24:
        retracted = r.bool();
        break;
      case 32:
        repeated = r.bool();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { rewardId, decisionId, retracted, repeated };
}

export interface ItemsRequest {
  readonly decisionId: string;
  readonly body: ShownItems;
}

export function fitsItemsRequest(body: unknown): body is ItemsRequest {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'decisionId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'body':
        if (!(fitsShownItems(item))) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 2;
}

export function writeItemsRequest(message: ItemsRequest, w: Writer): Writer {
  if (message.decisionId !== '') {
    w.uint32(10).string(message.decisionId);
  }
  if (true) {
    w.uint32(18).fork();
    writeShownItems(message.body, w);
    w.ldelim();
  }
  return w;
}

export function readItemsRequest(r: Reader, end: number): ItemsRequest {
  let decisionId: string = '';
  let body: ShownItems | undefined = undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        decisionId = r.string();
        break;
      case 18:
        body = readShownItems(r, own.endOf(r, end));
        break;
      default:
        throw own.unknownField('ItemsRequest', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { decisionId, body } as ItemsRequest;
}

export interface ShownItems {
  readonly items: readonly ShownItem[];
}

export function fitsShownItems(body: unknown): body is ShownItems {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'items':
        if (!(Array.isArray(item) && item.every((one) => fitsShownItem(one)))) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 1;
}

export function writeShownItems(message: ShownItems, w: Writer): Writer {
  for (const item of message.items) {
    w.uint32(10).fork();
    writeShownItem(item, w);
    w.ldelim();
  }
  return w;
}

export function readShownItems(r: Reader, end: number): ShownItems {
  const items: ShownItem[] = [];
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        items.push(readShownItem(r, own.endOf(r, end)));
        break;
      default:
        throw own.unknownField('ShownItems', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { items };
}

export interface ShownItem {
  readonly item: string;
  readonly arm: string;
  readonly position: number;
}

export function fitsShownItem(body: unknown): body is ShownItem {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'item':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'arm':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'position':
        if (!(own.isUint32(item))) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 3;
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
        throw own.unknownField('ShownItem', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { item, arm, position };
}

export interface ItemsReceipt {
  readonly decisionId: string;
  readonly items: number;
  readonly repeated: boolean;
}

export function fitsItemsReceipt(body: unknown): body is ItemsReceipt {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'decisionId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'items':
        if (!(own.isUint32(item))) return false;
        needed++;
        break;
      case 'repeated':
        if (!(typeof item === 'boolean')) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 3;
}

export function writeItemsReceipt(message: ItemsReceipt, w: Writer): Writer {
  if (message.decisionId !== '') {
    w.uint32(10).string(message.decisionId);
  }
  if (message.items !== 0) {
    w.uint32(16).uint32(message.items);
  }
  if (message.repeated) {
    w.uint32(24).bool(message.repeated);
  }
  return w;
}

export function readItemsReceipt(r: Reader, end: number): ItemsReceipt {
  let decisionId: string = '';
  let items: number = 0;
  let repeated: boolean = false;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        decisionId = r.string();
        break;
      case 16:
        items = r.uint32();
        break;
      case 24:
        repeated = r.bool();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { decisionId, items, repeated };
}

export interface BlendRequest {
  readonly decisionId: string;
  readonly body: Lists;
}

export function fitsBlendRequest(body: unknown): body is BlendRequest {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'decisionId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'body':
        if (!(fitsLists(item))) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 2;
}

export function writeBlendRequest(message: BlendRequest, w: Writer): Writer {
  if (message.decisionId !== '') {
    w.uint32(10).string(message.decisionId);
  }
  if (true) {
    w.uint32(18).fork();
    writeLists(message.body, w);
    w.ldelim();
  }
  return w;
}

export function readBlendRequest(r: Reader, end: number): BlendRequest {
  let decisionId: string = '';
  let body: Lists | undefined = undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        decisionId = r.string();
        break;
      case 18:
        body = readLists(r, own.endOf(r, end));
        break;
      default:
        throw own.unknownField('BlendRequest', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { decisionId, body } as BlendRequest;
}

export interface Lists {
  readonly lists: readonly ArmList[];
  readonly size?: number;
}

export function fitsLists(body: unknown): body is Lists {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'lists':
        if (!(Array.isArray(item) && item.every((one) => fitsArmList(one)))) return false;
        needed++;
        break;
      case 'size':
        if (!(item === undefined || own.isUint32(item))) return false;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 1;
}

export function writeLists(message: Lists, w: Writer): Writer {
  for (const item of message.lists) {
    w.uint32(10).fork();
    writeArmList(item, w);
    w.ldelim();
  }
  if (message.size !== undefined && message.size !== null) {
    w.uint32(16).uint32(message.size);
  }
  return w;
}

export function readLists(r: Reader, end: number): Lists {
  const lists: ArmList[] = [];
  let size: number | undefined = undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        lists.push(readArmList(r, own.endOf(r, end)));
        break;
      case 16:
        size = r.uint32();
        break;
      default:
        throw own.unknownField('Lists', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { lists, size };
}

export interface ArmList {
  readonly arm: string;
  readonly items: readonly string[];
}

export function fitsArmList(body: unknown): body is ArmList {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'arm':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'items':
        if (!(Array.isArray(item) && item.every((one) => typeof one === 'string'))) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 2;
}

export function writeArmList(message: ArmList, w: Writer): Writer {
  if (message.arm !== '') {
    w.uint32(10).string(message.arm);
  }
  for (const item of message.items) {
    w.uint32(18).string(item);
  }
  return w;
}

export function readArmList(r: Reader, end: number): ArmList {
  let arm: string = '';
  const items: string[] = [];
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        arm = recurringText(r);
        break;
      case 18:
        items.push(r.string());
        break;
      default:
        throw own.unknownField('ArmList', tag);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { arm, items };
}

export interface Blend {
  readonly decisionId: string;
  readonly items: readonly BlendedItem[];
  readonly repeated: boolean;
}

export function fitsBlend(body: unknown): body is Blend {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'decisionId':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'items':
        if (!(Array.isArray(item) && item.every((one) => fitsBlendedItem(one)))) return false;
        needed++;
        break;
      case 'repeated':
        if (!(typeof item === 'boolean')) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 3;
}

export function writeBlend(message: Blend, w: Writer): Writer {
  if (message.decisionId !== '') {
    w.uint32(10).string(message.decisionId);
  }
  for (const item of message.items) {
    w.uint32(18).fork();
    writeBlendedItem(item, w);
    w.ldelim();
  }
  if (message.repeated) {
    w.uint32(24).bool(message.repeated);
  }
  return w;
}

export function readBlend(r: Reader, end: number): Blend {
  let decisionId: string = '';
  const items: BlendedItem[] = [];
  let repeated: boolean = false;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        decisionId = r.string();
        break;
      case 18:
        items.push(readBlendedItem(r, own.endOf(r, end)));
        break;
      case 24:
        repeated = r.bool();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { decisionId, items, repeated };
}

export interface BlendedItem {
  readonly item: string;
  readonly arm: string;
  readonly position: number;
}

export function fitsBlendedItem(body: unknown): body is BlendedItem {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'item':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'arm':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'position':
        if (!(own.isUint32(item))) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 3;
}

export function writeBlendedItem(message: BlendedItem, w: Writer): Writer {
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

export function readBlendedItem(r: Reader, end: number): BlendedItem {
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
  if (r.pos !== end) throw own.cutOff();
  return { item, arm, position };
}

export interface Problem {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly remedy: string;
  readonly details?: readonly Detail[];
  readonly retryAfter?: number;
}

export function fitsProblem(body: unknown): body is Problem {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'code':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'status':
        if (!(own.isUint32(item))) return false;
        needed++;
        break;
      case 'message':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'remedy':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'details':
        if (!(item === undefined || Array.isArray(item) && item.length > 0 && item.every((one) => fitsDetail(one)))) return false;
        break;
      case 'retryAfter':
        if (!(item === undefined || typeof item === 'number')) return false;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 4;
}

export function writeProblem(message: Problem, w: Writer): Writer {
  if (message.code !== '') {
    w.uint32(10).string(message.code);
  }
  if (message.status !== 0) {
    w.uint32(16).uint32(message.status);
  }
  if (message.message !== '') {
    w.uint32(26).string(message.message);
  }
  if (message.remedy !== '') {
    w.uint32(34).string(message.remedy);
  }
  for (const item of message.details ?? []) {
    w.uint32(42).fork();
    writeDetail(item, w);
    w.ldelim();
  }
  if (message.retryAfter !== undefined && message.retryAfter !== null) {
    w.uint32(49).double(message.retryAfter);
  }
  return w;
}

export function readProblem(r: Reader, end: number): Problem {
  let code: string = '';
  let status: number = 0;
  let message: string = '';
  let remedy: string = '';
  let details: Detail[] | undefined;
  let retryAfter: number | undefined = undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        code = recurringText(r);
        break;
      case 16:
        status = r.uint32();
        break;
      case 26:
        message = r.string();
        break;
      case 34:
        remedy = recurringText(r);
        break;
      case 42:
        (details ??= []).push(readDetail(r, own.endOf(r, end)));
        break;
      case 49:
        retryAfter = r.double();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { code, status, message, remedy, details, retryAfter };
}

export interface Detail {
  readonly path: string;
  readonly message: string;
}

export function fitsDetail(body: unknown): body is Detail {
  if (!own.isRecord(body)) return false;
  let needed = 0;
  for (const key in body) {
    const item = body[key];
    switch (key) {
      case 'path':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      case 'message':
        if (!(typeof item === 'string')) return false;
        needed++;
        break;
      default:
        if (item !== undefined) return false;
    }
  }
  return needed === 2;
}

export function writeDetail(message: Detail, w: Writer): Writer {
  if (message.path !== '') {
    w.uint32(10).string(message.path);
  }
  if (message.message !== '') {
    w.uint32(18).string(message.message);
  }
  return w;
}

export function readDetail(r: Reader, end: number): Detail {
  let path: string = '';
  let message: string = '';
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag) {
      case 10:
        path = r.string();
        break;
      case 18:
        message = r.string();
        break;
      default:
        r.skipType(tag & 7);
    }
  }
  if (r.pos !== end) throw own.cutOff();
  return { path, message };
}
