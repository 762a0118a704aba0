/**
 * The wire of EventStoreDB as its servers speak it: our own schema of the messages (the numbers are the contract, all else is
 * ours), encoded by protobufjs. Nothing of the client's generated code is used, so that a mistake in it cannot hide.
 */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

const schema = `
syntax = "proto3";

message Empty {}
message Uuid {
  message Structured { int64 most = 1; int64 least = 2; }
  oneof value { Structured structured = 1; string text = 2; }
}
message StreamIdentifier { bytes name = 3; }
message Position { uint64 commit = 1; uint64 prepare = 2; }

message Method { string method = 1; string service = 2; repeated string features = 3; }
message Methods { repeated Method methods = 1; string version = 2; }

message ReadRequest {
  Options options = 1;
  message Options {
    oneof from { StreamOptions stream = 1; AllOptions all = 2; }
    uint32 direction = 3;
    bool resolveLinks = 4;
    oneof many { uint64 count = 5; Empty subscription = 6; }
    oneof filtering { Filter filter = 7; Empty noFilter = 8; }
    UuidOption uuids = 9;
  }
  message StreamOptions {
    StreamIdentifier stream = 1;
    oneof place { uint64 revision = 2; Empty start = 3; Empty end = 4; }
  }
  message AllOptions { oneof place { Position position = 1; Empty start = 2; Empty end = 3; } }
  message Filter {
    oneof on { Expression stream = 1; Expression type = 2; }
    oneof window { uint32 max = 3; Empty unbounded = 4; }
    uint32 interval = 5;
  }
  message Expression { string regex = 1; repeated string prefixes = 2; }
  message UuidOption { oneof content { Empty structured = 1; Empty text = 2; } }
}
message ReadResponse {
  oneof content {
    Resolved event = 1;
    Confirmation confirmation = 2;
    Position checkpoint = 3;
    NotFound notFound = 4;
    uint64 firstRevision = 5;
    uint64 lastRevision = 6;
    Position lastPosition = 7;
    Empty caughtUp = 8;
    Empty fellBehind = 9;
  }
  message Resolved {
    Recorded event = 1;
    Recorded link = 2;
    oneof position { uint64 commit = 3; Empty none = 4; }
  }
  message Recorded {
    Uuid id = 1;
    StreamIdentifier stream = 2;
    uint64 revision = 3;
    uint64 prepare = 4;
    uint64 commit = 5;
    map<string, string> system = 6;
    bytes metadata = 7;
    bytes data = 8;
  }
  message Confirmation { string id = 1; }
  message NotFound { StreamIdentifier stream = 1; }
}

message Proposed { Uuid id = 1; map<string, string> system = 2; bytes metadata = 3; bytes data = 4; }
message Target {
  StreamIdentifier stream = 1;
  oneof expected { uint64 revision = 2; Empty noStream = 3; Empty any = 4; Empty exists = 5; }
  Timestamp deadline = 6;
}
message Timestamp { int64 seconds = 1; int32 nanos = 2; }

message AppendRequest { oneof content { Target options = 1; Proposed event = 2; } }
message Success {
  oneof head { uint64 revision = 1; Empty noStream = 2; }
  oneof place { Position position = 3; Empty noPosition = 4; }
}
message AppendResponse {
  oneof result { Success success = 1; Wrong wrong = 2; }
  message Wrong {
    oneof current { uint64 revision = 6; Empty noStream = 7; }
    oneof expected { uint64 expectedRevision = 8; Empty expectedAny = 9; Empty expectedExists = 10; Empty expectedNoStream = 11; }
  }
}

message BatchRequest { Uuid correlation = 1; Target options = 2; repeated Proposed events = 3; bool final = 4; }
message BatchResponse {
  Uuid correlation = 1;
  oneof result { Status error = 2; Success success = 3; }
  StreamIdentifier stream = 4;
}
message Status { int32 code = 1; string message = 2; Any details = 3; }
message Any { string url = 1; bytes value = 2; }
message WrongExpectedVersion {
  oneof current { uint64 revision = 1; Empty noStream = 2; }
  oneof expected { uint64 expectedRevision = 3; Empty expectedAny = 4; Empty expectedExists = 5; Empty expectedNoStream = 6; }
}
message StreamDeleted { StreamIdentifier stream = 1; }
message MaximumAppendSizeExceeded { uint32 bytes = 1; }

message DeleteRequest { Target options = 1; }
message DeleteResponse { oneof place { Position position = 1; Empty noPosition = 2; } }

message Members { repeated Member members = 1; }
message Member { Uuid id = 1; int64 time = 2; uint32 state = 3; bool alive = 4; EndPoint http = 5; }
message EndPoint { string address = 1; uint32 port = 2; }
`;

const root = protobuf.parse(schema).root;

/** All bits set: how a server says that it does not tell a position. */
export const MAX_UINT64 = { low: -1, high: -1, unsigned: true } as const;

/** A 64-bit number to send: positions and revisions of a test stay far below 2^53. */
export type Uint64 = number | typeof MAX_UINT64;
type Empty = Record<string, never>;

export interface Uuid {
  readonly structured?: { readonly most: number; readonly least: number };
  readonly text?: string;
}
export interface StreamIdentifier {
  readonly name: Uint8Array;
}
export interface WirePosition<N = number> {
  readonly commit?: N;
  readonly prepare?: N;
}

export interface ReadRequest {
  readonly options: {
    readonly stream?: { readonly stream: StreamIdentifier; readonly revision?: number; readonly end?: Empty };
    readonly all?: { readonly position?: WirePosition; readonly end?: Empty };
    /** 0 forwards, 1 backwards. */
    readonly direction?: number;
    readonly count?: number;
    readonly subscription?: Empty;
    readonly filter?: {
      readonly stream?: Expression;
      readonly type?: Expression;
      readonly max?: number;
      readonly interval?: number;
    };
    readonly uuids?: { readonly structured?: Empty; readonly text?: Empty };
  };
}
export interface Expression {
  readonly regex?: string;
  readonly prefixes?: readonly string[];
}
export interface Recorded {
  readonly id: WireUuid;
  readonly stream: StreamIdentifier;
  readonly revision: number;
  readonly prepare: Uint64;
  readonly commit: Uint64;
  readonly system: Readonly<Record<string, string>>;
  readonly metadata: Uint8Array;
  readonly data: Uint8Array;
}
/** As it is sent: halves of a structured id are 64 bits wide. */
export interface WireUuid {
  readonly structured?: { readonly most: WireLong; readonly least: WireLong };
  readonly text?: string;
}
export interface WireLong {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}
export interface ReadResponse {
  readonly event?: { readonly event: Recorded; readonly commit?: number; readonly none?: Empty };
  readonly confirmation?: { readonly id: string };
  readonly checkpoint?: WirePosition;
  readonly notFound?: { readonly stream: StreamIdentifier };
  readonly firstRevision?: number;
  readonly lastRevision?: number;
  readonly lastPosition?: WirePosition;
  readonly caughtUp?: Empty;
}

export interface Proposed {
  readonly id: Uuid;
  readonly system?: Readonly<Record<string, string>>;
  readonly metadata?: Uint8Array;
  readonly data?: Uint8Array;
}
export interface Target {
  readonly stream: StreamIdentifier;
  readonly revision?: number;
  readonly noStream?: Empty;
  readonly any?: Empty;
  readonly exists?: Empty;
  readonly deadline?: { readonly seconds?: number; readonly nanos?: number };
}
export interface AppendRequest {
  readonly options?: Target;
  readonly event?: Proposed;
}
export interface Success {
  readonly revision?: number;
  readonly noStream?: Empty;
  readonly position?: WirePosition;
  readonly noPosition?: Empty;
}
/** What was expected and what is: in both of the messages that tell a conflict. */
export interface Wrong {
  readonly revision?: number;
  readonly noStream?: Empty;
  readonly expectedRevision?: number;
  readonly expectedAny?: Empty;
  readonly expectedExists?: Empty;
  readonly expectedNoStream?: Empty;
}
export interface AppendResponse {
  readonly success?: Success;
  readonly wrong?: Wrong;
}
export interface BatchRequest {
  readonly correlation: Uuid;
  readonly options?: Target;
  readonly events?: readonly Proposed[];
  readonly final?: boolean;
}
export interface Status {
  readonly code: number;
  readonly message: string;
  readonly details: { readonly url: string; readonly value: Uint8Array };
}
export interface BatchResponse {
  readonly correlation: Uuid;
  readonly error?: Status;
  readonly success?: Success;
  readonly stream: StreamIdentifier;
}
export interface DeleteRequest {
  readonly options: Target;
}
export interface DeleteResponse {
  readonly position?: WirePosition;
  readonly noPosition?: Empty;
}
export interface Methods {
  readonly methods: readonly {
    readonly method: string;
    readonly service: string;
    readonly features?: readonly string[];
  }[];
  readonly version: string;
}
export interface Members {
  readonly members: readonly {
    readonly id: Uuid;
    readonly time: number;
    readonly state: number;
    readonly alive: boolean;
    readonly http: { readonly address: string; readonly port: number };
  }[];
}

/** Bytes of one message by its name in the schema. */
export function encode(name: string, message: object): Buffer {
  return Buffer.from(root.lookupType(name).encode(message).finish());
}

function decode(type: protobuf.Type, bytes: Buffer): object {
  return type.toObject(type.decode(bytes), { longs: Number });
}

function method<Request extends object, Response extends object>(
  path: string,
  [request, requestStream]: readonly [name: string, stream: boolean],
  [response, responseStream]: readonly [name: string, stream: boolean],
): MethodDefinition<Request, Response> {
  const [asks, answers] = [root.lookupType(request), root.lookupType(response)];
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: (message) => Buffer.from(asks.encode(message).finish()),
    // The schema above and the interfaces say the same: this is where the one becomes the other.
    requestDeserialize: (bytes) => decode(asks, bytes) as Request,
    responseSerialize: (message) => Buffer.from(answers.encode(message).finish()),
    responseDeserialize: (bytes) => decode(answers, bytes) as Response,
  };
}

export const STREAMS = 'event_store.client.streams.Streams';

export const streamsService = {
  read: method<ReadRequest, ReadResponse>(`/${STREAMS}/Read`, ['ReadRequest', false], ['ReadResponse', true]),
  append: method<AppendRequest, AppendResponse>(
    `/${STREAMS}/Append`,
    ['AppendRequest', true],
    ['AppendResponse', false],
  ),
  batchAppend: method<BatchRequest, BatchResponse>(
    `/${STREAMS}/BatchAppend`,
    ['BatchRequest', true],
    ['BatchResponse', true],
  ),
  delete: method<DeleteRequest, DeleteResponse>(
    `/${STREAMS}/Delete`,
    ['DeleteRequest', false],
    ['DeleteResponse', false],
  ),
  tombstone: method<DeleteRequest, DeleteResponse>(
    `/${STREAMS}/Tombstone`,
    ['DeleteRequest', false],
    ['DeleteResponse', false],
  ),
} satisfies ServiceDefinition;

export const featuresService = {
  methods: method<Empty, Methods>(
    '/event_store.client.server_features.ServerFeatures/GetSupportedMethods',
    ['Empty', false],
    ['Methods', false],
  ),
} satisfies ServiceDefinition;

export const gossipService = {
  read: method<Empty, Members>('/event_store.client.gossip.Gossip/Read', ['Empty', false], ['Members', false]),
} satisfies ServiceDefinition;
