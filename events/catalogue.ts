/**
 * The catalogue: for each event its stream, schema version, codec and upcaster. Types and codecs come from the `.proto`; an
 * event type that is not here was written by a newer version: it is kept in the log and skipped.
 */
import protobuf from 'protobufjs/minimal.js';
import { encode } from '../proto/encode.ts';
import * as wire from '../proto/generated/events.ts';
import { ReckonerError } from './errors.ts';
import type { EventRecord, RecordedEvent } from './event-log.ts';

/** What the catalogue knows of an event type. */
export interface Definition<T> {
  /** Which actor's stream it lives in. */
  readonly stream: 'bucket' | 'domain' | 'agent' | 'deadletters';
  /** Version that is written now. */
  readonly version: number;
  readonly write: (data: T, writer: protobuf.Writer) => protobuf.Writer;
  readonly read: (reader: protobuf.Reader, end: number) => T;
  /** Lifts data that version n wrote to version n + 1, keyed by n. */
  readonly upcasters?: Readonly<Record<number, (data: T) => T>>;
}

function define<T>(
  stream: Definition<T>['stream'],
  version: number,
  write: Definition<T>['write'],
  read: Definition<T>['read'],
  upcasters?: Definition<T>['upcasters'],
): Definition<T> {
  return { stream, version, write, read, upcasters };
}

export const catalogue = {
  DomainConfigured: define('domain', 1, wire.writeDomainConfigured, wire.readDomainConfigured),
  DomainFrozen: define('domain', 1, wire.writeDomainFrozen, wire.readDomainFrozen),
  DomainThawed: define('domain', 1, wire.writeDomainThawed, wire.readDomainThawed),
  PriorShared: define('domain', 1, wire.writePriorShared, wire.readPriorShared),
  RollbackPointMarked: define('domain', 1, wire.writeRollbackPointMarked, wire.readRollbackPointMarked),
  RolledBack: define('domain', 1, wire.writeRolledBack, wire.readRolledBack),
  RewardVoided: define('domain', 1, wire.writeRewardVoided, wire.readRewardVoided),
  DecisionMade: define('bucket', 1, wire.writeDecisionMade, wire.readDecisionMade),
  ItemsShown: define('bucket', 1, wire.writeItemsShown, wire.readItemsShown),
  RewardObserved: define('bucket', 1, wire.writeRewardObserved, wire.readRewardObserved),
  RewardRetracted: define('bucket', 1, wire.writeRewardRetracted, wire.readRewardRetracted),
  BucketRestarted: define('bucket', 1, wire.writeBucketRestarted, wire.readBucketRestarted),
  AgentCallSucceeded: define('agent', 1, wire.writeAgentCallSucceeded, wire.readAgentCallSucceeded),
  AgentCallFailed: define('agent', 1, wire.writeAgentCallFailed, wire.readAgentCallFailed),
  DeadLettered: define('deadletters', 1, wire.writeDeadLettered, wire.readDeadLettered),
} as const;

export type EventType = keyof typeof catalogue;
export type EventData<T extends EventType = EventType> = ReturnType<(typeof catalogue)[T]['read']>;

/** An event in the making: what its writer says; envelope and chain are added when it is sealed. */
export type Draft = {
  [T in EventType]: { readonly id: string; readonly type: T; readonly data: EventData<T> };
}[EventType];

/** A stored event, decoded. */
export type DecodedEvent = {
  [T in EventType]: {
    readonly id: string;
    readonly type: T;
    readonly data: EventData<T>;
    readonly metadata: wire.Metadata;
    readonly stream: string;
    readonly revision: number;
  };
}[EventType];

export function encodeData(draft: Draft): Uint8Array {
  // Each branch of the union pairs a type with its own data; TypeScript cannot carry that through the lookup.
  const definition = catalogue[draft.type] as Definition<unknown>;
  return encode(draft.data, definition.write);
}

/** Without a checksum where none is given: `seal` gives one. */
export function encodeMetadata(metadata: Omit<wire.Metadata, 'checksum'> & Partial<wire.Metadata>): Uint8Array {
  return encode({ checksum: undefined, ...metadata }, wire.writeMetadata);
}

/** @throws ReckonerError log_corrupt */
export function decodeMetadata(event: Pick<EventRecord, 'id' | 'metadata'>): wire.Metadata {
  return guarded(event.id, () => wire.readMetadata(protobuf.Reader.create(event.metadata), event.metadata.length));
}

/**
 * Decodes a stored event, lifted to the current schema version. Undefined where the type is unknown to this version.
 * @throws ReckonerError log_corrupt where its bytes are not what its type says
 */
export function decode(event: RecordedEvent): DecodedEvent | undefined {
  if (!Object.hasOwn(catalogue, event.type)) return undefined; // not `in`: a type might be called like a method of objects
  const definition = catalogue[event.type as EventType] as Definition<unknown>; // its type was just found in the catalogue
  const metadata = decodeMetadata(event);
  const data = readAs(definition, event, metadata.schemaVersion);
  const { id, type, stream, revision } = event;
  return { id, type, data, metadata, stream, revision } as DecodedEvent; // the catalogue paired type and data
}

/**
 * The data of an event, lifted from the version that wrote them to the definition's, one version at a time.
 * @throws ReckonerError log_corrupt
 */
export function readAs<T>(definition: Definition<T>, event: Pick<EventRecord, 'id' | 'data'>, writtenAs: number): T {
  let data = guarded(event.id, () => definition.read(protobuf.Reader.create(event.data), event.data.length));
  for (let version = writtenAs; version < definition.version; version++)
    data = definition.upcasters?.[version]?.(data) ?? data;
  return data;
}

/** An event that was read in part, and when it was recorded. */
export type Traced<T> = { readonly data: T; readonly time: number };

/**
 * Reads of a decision only what every fold of its bucket needs; who needs more decodes it whole. For those who read a whole log: a
 * decision has some forty texts, and reading them takes most of the time.
 * @returns undefined where an older version wrote it, whose fields may mean something else: its upcasters see it whole
 * @throws ReckonerError log_corrupt where its bytes are not what its type says
 */
export function traceDecision(event: RecordedEvent): Traced<wire.DecisionTrace> | undefined {
  return traced(event, catalogue.DecisionMade.version, wire.readDecisionTrace);
}

/** The same of a reward: what learning needs that asks neither for features nor for what it answers. */
export function traceReward(event: RecordedEvent): Traced<wire.RewardTrace> | undefined {
  return traced(event, catalogue.RewardObserved.version, wire.readRewardTrace);
}

function traced<T>(
  event: RecordedEvent,
  version: number,
  read: (reader: protobuf.Reader, end: number) => T,
): Traced<T> | undefined {
  return guarded(event.id, () => {
    const { time, schemaVersion } = traceMetadata(event.metadata);
    if (schemaVersion < version) return undefined;
    return { data: read(protobuf.Reader.create(event.data), event.data.length), time };
  });
}

/** When an event was recorded, in milliseconds since 1970. @throws ReckonerError log_corrupt */
export function timeOf(event: Pick<EventRecord, 'id' | 'metadata'>): number {
  return guarded(event.id, () => traceMetadata(event.metadata).time);
}

function traceMetadata(bytes: Uint8Array): wire.MetadataTrace {
  return wire.readMetadataTrace(protobuf.Reader.create(bytes), bytes.length);
}

function guarded<T>(id: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new ReckonerError('log_corrupt', `The event ${id} cannot be decoded: its bytes are damaged.`, { cause });
  }
}
