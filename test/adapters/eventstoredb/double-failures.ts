/** How a server says no: a gRPC status with trailers, or a `google.rpc.Status` inside of an answer to a batch. */
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Expected } from './double-store.ts';
import { encode, type Status, type Wrong } from './wire.ts';

export interface EndPoint {
  readonly address: string;
  readonly port: number;
}

/** A status with trailers, as `RpcExceptions` of the server makes them. */
export function failure(code: status, details: string, trailers: Readonly<Record<string, string>> = {}): ServiceError {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
}

export const failures = {
  unavailable: () => failure(status.UNAVAILABLE, 'Server Is Not Ready'),
  busy: () => failure(status.UNAVAILABLE, 'Server Is Too Busy'),
  timeout: () => failure(status.ABORTED, 'Operation timed out'),
  accessDenied: () => failure(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' }),
  unauthenticated: () => failure(status.UNAUTHENTICATED, 'Unauthenticated'),
  invalidPosition: () => failure(status.INVALID_ARGUMENT, 'Trying to read from an invalid position.'),
  invalidArgument: (what: string) => failure(status.INVALID_ARGUMENT, what),
  notLeader: (leader: EndPoint | undefined) =>
    leader
      ? failure(status.NOT_FOUND, 'Leader info available', {
          exception: 'not-leader',
          'leader-endpoint-host': leader.address,
          'leader-endpoint-port': String(leader.port),
        })
      : failure(status.UNKNOWN, 'No leader info available in response'),
  streamDeleted: (stream: string) =>
    failure(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
      exception: 'stream-deleted',
      'stream-name': stream,
    }),
  wrongExpected: (stream: string, expected: Expected, head: number) =>
    failure(status.FAILED_PRECONDITION, `Delete failed due to WrongExpectedVersion. Stream: ${stream}`, {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': String(expectedVersion(expected)),
      'actual-version': String(head),
    }),
  tooLarge: (bytes: number) =>
    failure(status.INVALID_ARGUMENT, `Maximum Append Size of ${bytes} Exceeded.`, {
      exception: 'maximum-append-size-exceeded',
      'maximum-append-size': String(bytes),
    }),
  metadataMissing: (key: string) =>
    failure(status.INVALID_ARGUMENT, `Required Metadata Property '${key}' is missing`, {
      exception: 'missing-required-metadata-property',
      'required-metadata-properties': 'type,content-type',
    }),
};

/** The conflict's fields: the stream's head, and what had been expected. */
export function wrong(expected: Expected, head: number): Wrong {
  const current = head < 0 ? { noStream: {} } : { revision: head };
  if (expected === 'any') return { ...current, expectedAny: {} };
  if (expected === 'exists') return { ...current, expectedExists: {} };
  if (expected === 'noStream') return { ...current, expectedNoStream: {} };
  return { ...current, expectedRevision: expected };
}

/** Codes of `google.rpc.Code`. */
const code = { unknown: 2, invalid: 3, deadline: 4, notFound: 5, alreadyExists: 6, denied: 7 };

export const refusals = {
  wrong: (expected: Expected, head: number): Status =>
    refusal(code.alreadyExists, 'WrongExpectedVersion', encode('WrongExpectedVersion', wrong(expected, head))),
  streamDeleted: (stream: string): Status =>
    refusal(code.notFound, 'StreamDeleted', encode('StreamDeleted', { stream: { name: Buffer.from(stream) } })),
  tooLarge: (bytes: number): Status =>
    refusal(code.invalid, 'MaximumAppendSizeExceeded', encode('MaximumAppendSizeExceeded', { bytes })),
  timeout: (): Status => refusal(code.deadline, 'Timeout', Buffer.alloc(0)),
  accessDenied: (): Status => refusal(code.denied, 'AccessDenied', Buffer.alloc(0)),
  unknown: (): Status => refusal(code.unknown, 'Unknown', Buffer.alloc(0)),
  badRequest: (message: string): Status => ({
    ...refusal(code.invalid, 'BadRequest', Buffer.alloc(0)),
    message,
  }),
};

function refusal(number: number, message: string, value: Buffer): Status {
  return { code: number, message, details: { url: `type.googleapis.com/event_store.client.${message}`, value } };
}

function expectedVersion(expected: Expected): number {
  if (expected === 'any') return -2;
  if (expected === 'exists') return -4;
  return expected === 'noStream' ? -1 : expected;
}
