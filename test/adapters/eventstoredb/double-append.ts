/** The ways to write: Append (one stream of messages for one append), BatchAppend (one for many), Delete and Tombstone. */
import type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { failures, refusals, wrong } from './double-failures.ts';
import type { Fault } from './double-faults.ts';
import type { Node } from './double-node.ts';
import { type Decision, type Expected, type Proposal, sizeOnDisk } from './double-store.ts';
import type {
  AppendRequest,
  AppendResponse,
  BatchRequest,
  BatchResponse,
  DeleteRequest,
  DeleteResponse,
  Proposed,
  Status,
  Success,
  Target,
  Uuid,
} from './wire.ts';

const NO_BYTES = Buffer.alloc(0);
/** Within so many turns of the event loop after its messages' end a call that was broken off says so. */
const TURNS = 8;

export function handleAppend(
  node: Node,
  call: ServerReadableStream<AppendRequest, AppendResponse>,
  answer: sendUnaryData<AppendResponse>,
): void {
  const refusal = node.refusal(call);
  if (refusal) {
    answer(refusal);
    return;
  }
  let target: Target | undefined;
  let failed = false;
  let bytes = 0;
  const proposals: Proposal[] = [];
  call.on('data', ({ options, event }: AppendRequest) => {
    if (options) target = options;
    if (!event || failed) return;
    const missing = ['type', 'content-type'].find((key) => event.system?.[key] === undefined);
    const proposal = proposalOf(event);
    bytes += sizeOnDisk(proposal);
    failed = missing !== undefined || bytes > node.maxAppendBytes;
    if (failed) return answer(missing ? failures.metadataMissing(missing) : failures.tooLarge(node.maxAppendBytes));
    proposals.push(proposal);
  });
  const finish = (): void => {
    if (failed || call.cancelled) return;
    if (!target) {
      answer(failures.invalidArgument('options are missing'));
      return;
    }
    const stream = nameOf(target);
    const expected = expectedOf(target);
    node.write('append', call, () => node.store.append(stream, expected, proposals), {
      done: (decision) => {
        if (decision.kind === 'deleted') answer(failures.streamDeleted(stream));
        else if (decision.kind === 'wrong') answer(null, { wrong: wrong(expected, decision.head) });
        else answer(null, { success: successOf(decision) });
      },
      refused: (fault) => answer(node.refusalOf(fault)),
    });
  };
  // What breaks off ends the messages too, and tells only afterwards that it broke off: half an append is none, but for the hasty.
  call.on('end', () => {
    if (node.hasty) finish();
    else afterTurns(TURNS, finish);
  });
}

/** Appends that came in pieces and wait for their last. */
interface Pending {
  readonly target: Target;
  readonly proposals: Proposal[];
  bytes: number;
}

export function handleBatchAppend(node: Node, call: ServerDuplexStream<BatchRequest, BatchResponse>): void {
  const refusal = node.refusal(call);
  if (refusal) {
    call.emit('error', refusal);
    return;
  }
  const pending = new Map<string, Pending>();
  call.on('data', ({ correlation, options, events = [], final = false }: BatchRequest) => {
    const key = textOf(correlation);
    const begun = pending.get(key) ?? (options && { target: options, proposals: [], bytes: 0 });
    if (!begun) return; // the rest of an append that was refused
    pending.set(key, begun);
    const { name } = begun.target.stream;
    const reply = (result: { readonly success: Success } | { readonly error: Status }): void => {
      pending.delete(key);
      if (!call.cancelled) call.write({ correlation, stream: { name }, ...result });
    };
    if (late(begun.target)) return reply({ error: refusals.timeout() });
    for (const event of events) {
      const proposal = proposalOf(event);
      begun.bytes += sizeOnDisk(proposal);
      begun.proposals.push(proposal);
    }
    if (begun.bytes > node.maxAppendBytes) return reply({ error: refusals.tooLarge(node.maxAppendBytes) });
    if (!final) return;
    pending.delete(key);
    const stream = nameOf(begun.target);
    const expected = expectedOf(begun.target);
    node.write('append', call, () => node.store.append(stream, expected, begun.proposals), {
      done: (decision) => {
        if (decision.kind === 'deleted') reply({ error: refusals.streamDeleted(stream) });
        else if (decision.kind === 'wrong') reply({ error: refusals.wrong(expected, decision.head) });
        else reply({ success: successOf(decision) });
      },
      refused: (fault) => {
        if (fault.kind === 'deadline') reply({ error: refusals.timeout() });
        else if (fault.kind === 'accessDenied') reply({ error: refusals.accessDenied() });
        else if (fault.kind === 'busy') reply({ error: { ...refusals.unknown(), message: 'Server Is Busy' } });
        // Who is not the leader breaks off the whole call, with all that is under way in it.
        else call.emit('error', node.refusalOf(fault));
      },
    });
  });
  call.on('end', () => call.end());
}

export function handleDelete(
  node: Node,
  call: ServerUnaryCall<DeleteRequest, DeleteResponse>,
  answer: sendUnaryData<DeleteResponse>,
  tombstone: boolean,
): void {
  const refusal = node.refusal(call);
  if (refusal) {
    answer(refusal);
    return;
  }
  const target = call.request.options;
  const stream = nameOf(target);
  const expected = expectedOf(target);
  node.write('delete', call, () => node.store.delete(stream, expected, tombstone), {
    done: (decision) => {
      if (decision.kind === 'deleted') answer(failures.streamDeleted(stream));
      else if (decision.kind === 'wrong') answer(failures.wrongExpected(stream, expected, decision.head));
      else answer(null, decision.at ? { position: decision.at } : { noPosition: {} });
    },
    refused: (fault: Fault) => answer(node.refusalOf(fault)),
  });
}

function afterTurns(turns: number, call: () => void): void {
  setImmediate(() => (turns <= 1 ? call() : afterTurns(turns - 1, call)));
}

function successOf({ revision, at }: Extract<Decision, { kind: 'written' | 'idempotent' }>): Success {
  return {
    ...(revision < 0 ? { noStream: {} } : { revision }),
    ...(at ? { position: at } : { noPosition: {} }),
  };
}

function proposalOf({ id, system, data = NO_BYTES, metadata = NO_BYTES }: Proposed): Proposal {
  return {
    id: textOf(id),
    type: system?.type ?? '',
    json: system?.['content-type'] === 'application/json',
    data,
    metadata,
  };
}

function nameOf({ stream }: Target): string {
  return Buffer.from(stream.name).toString('utf8');
}

function expectedOf({ revision, any, exists }: Target): Expected {
  if (revision !== undefined) return revision;
  if (any) return 'any';
  return exists ? 'exists' : 'noStream';
}

function textOf({ text = '' }: Uuid): string {
  return text.toLowerCase();
}

function late({ deadline }: Target): boolean {
  if (!deadline) return false;
  return (deadline.seconds ?? 0) * 1000 + (deadline.nanos ?? 0) / 1e6 <= Date.now();
}
