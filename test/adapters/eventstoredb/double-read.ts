/** Read: events of a stream or of all, forwards and backwards, and the subscriptions that begin as such reads. */
import { randomUUID } from 'node:crypto';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { failures } from './double-failures.ts';
import type { Fault } from './double-faults.ts';
import type { Node } from './double-node.ts';
import type { Place, StoredRecord } from './double-store.ts';
import {
  type Expression,
  MAX_UINT64,
  type ReadRequest,
  type ReadResponse,
  type WirePosition,
  type WireUuid,
} from './wire.ts';

type ReadCall = ServerWritableStream<ReadRequest, ReadResponse>;
type Options = ReadRequest['options'];

/** Events that a server looks at in one go: `ReadBatchSize`. */
const WINDOW = 32;

export function handleRead(node: Node, call: ReadCall): void {
  const { options } = call.request;
  const refusal = node.refusal(call);
  if (refusal) {
    call.emit('error', refusal);
    return;
  }
  const fault = node.faults.take(options.subscription ? 'subscribe' : 'read');
  const begin = (): void => {
    read(node, call, options, fault).catch((error: unknown) => {
      // `destroy(error)` would never reach the client, and leave it waiting.
      if (!call.cancelled) call.emit('error', error);
    });
  };
  if (!fault) {
    begin();
    return;
  }
  switch (fault.kind) {
    case 'dropAfter':
    case 'duplicates':
      begin();
      break;
    case 'silent':
    case 'unanswered':
      break;
    case 'cut':
    case 'lostAck':
      node.cut(call);
      break;
    case 'slow':
      node.later(fault.ms, begin);
      break;
    default:
      call.emit('error', node.refusalOf(fault));
  }
}

async function read(node: Node, call: ReadCall, options: Options, fault: Fault | undefined): Promise<void> {
  const out = new Out(node, call, options, fault);
  if (options.subscription) await subscribe(node, out, options);
  else if (options.stream) await readStream(node, out, options);
  else await readAll(node, out, options);
  call.end();
}

async function readStream(node: Node, out: Out, { stream: from, direction, count = 0 }: Options): Promise<void> {
  if (!from) throw failures.invalidArgument('no stream');
  const name = Buffer.from(from.stream.name).toString('utf8');
  const events = node.store.readable(name);
  if (events === 'deleted') throw failures.streamDeleted(name);
  if (events === 'none') return out.write({ notFound: { stream: from.stream } });
  const first = events[0]?.revision ?? 0;
  const last = events.at(-1)?.revision ?? 0;
  const begin = from.revision ?? (from.end ? last : 0);
  if (direction === 1) {
    let index = Math.min(begin, last) - first;
    for (let left = count; left > 0 && index >= 0; left--) await out.event(events[index--]!);
  } else {
    let index = Math.max(begin - first, 0);
    for (let left = count; left > 0 && index < events.length; left--) await out.event(events[index++]!);
  }
  await out.write({ lastRevision: last });
}

async function readAll(node: Node, out: Out, { all, direction, count = 0, filter }: Options): Promise<void> {
  const { store } = node;
  const matches = filterOf(filter);
  let left = count;
  if (direction === 1) {
    // Backwards a position is where a record ends: an event is not read from its own position on.
    const at = all?.position ? (all.position.commit ?? 0) : all?.end ? Number.POSITIVE_INFINITY : 0;
    let index = store.records.length;
    if (at < store.end) index = indexAt(node, { commit: at, prepare: 0 });
    while (left > 0 && --index >= 0) {
      const record = store.records[index]!;
      if (!matches(record)) continue;
      await out.event(record);
      left--;
    }
    return;
  }
  if (all?.end) return;
  let index = all?.position ? indexAt(node, placeIn(all.position)) : 0;
  // Only what was there when it was asked for: a reader does not run after a writer for ever.
  const until = store.records.length;
  for (; left > 0 && index < until; index++) {
    const record = store.records[index]!;
    if (!matches(record)) continue;
    await out.event(record);
    left--;
  }
}

/** What a subscription is made of: where in the log it is, and what of it is for whom. */
interface Course {
  next: number;
  readonly matches: (record: StoredRecord) => boolean;
}

async function subscribe(node: Node, out: Out, options: Options): Promise<void> {
  const course = courseOf(node, options);
  const { filter } = options;
  const interval = (filter?.max ?? WINDOW) * (filter?.interval ?? 1);
  let considered = 0;
  let live = false;
  await out.write({ confirmation: { id: randomUUID() } });
  node.subscriptions.add(out);
  try {
    while (!out.ended) {
      while (course.next < node.store.records.length && !out.ended) {
        const record = node.store.records[course.next++]!;
        if (course.matches(record)) await out.event(record);
        if (filter && options.all && ++considered % interval === 0)
          await out.checkpoint({ commit: record.commit, prepare: record.position });
      }
      if (!live) {
        live = true;
        // Where it goes live a server tells how far it has looked, and that is where the next record will be: who subscribes from
        // there, exclusively, does not get it.
        if (filter && options.all) await out.checkpoint({ commit: node.store.end, prepare: node.store.end });
        if (node.caughtUp) await out.write({ caughtUp: {} });
      }
      if (course.next < node.store.records.length) continue;
      await out.moreOrEnd();
    }
  } finally {
    node.subscriptions.delete(out);
  }
}

/** A subscription's positions and revisions are exclusive, a read's are inclusive. */
function courseOf(node: Node, { all, stream: from, filter }: Options): Course {
  const { records } = node.store;
  if (all) {
    const matches = filterOf(filter);
    if (all.end) return { next: records.length, matches };
    if (!all.position) return { next: 0, matches };
    const after = placeIn(all.position);
    const isAfter = ({ commit, position }: StoredRecord): boolean =>
      commit > after.commit || (commit === after.commit && position > after.prepare);
    return { next: indexAt(node, after), matches: (record) => isAfter(record) && matches(record) };
  }
  if (!from) throw failures.invalidArgument('neither a stream nor all');
  const name = Buffer.from(from.stream.name).toString('utf8');
  const visible = node.store.readable(name);
  if (visible === 'deleted') throw failures.streamDeleted(name);
  const after = from.revision ?? (from.end ? node.store.head(name) : -1);
  const first = typeof visible === 'string' ? 0 : (visible[0]?.revision ?? 0);
  return {
    next: 0,
    matches: (record) => record.stream === name && record.revision > after && record.revision >= first,
  };
}

/** @throws ServiceError where no record begins or ends there, or that is committed before it is prepared */
function indexAt(node: Node, place: Place): number {
  const index = node.store.indexOf(place);
  if (index === undefined || place.commit < place.prepare) throw failures.invalidPosition();
  return index;
}

function placeIn({ commit = 0, prepare = 0 }: WirePosition): Place {
  return { commit, prepare };
}

function filterOf(filter: Options['filter']): (record: StoredRecord) => boolean {
  if (filter?.stream) {
    const allows = expressionOf(filter.stream);
    return ({ stream }) => allows(stream);
  }
  if (filter?.type) {
    const allows = expressionOf(filter.type);
    return ({ type }) => allows(type);
  }
  return () => true;
}

function expressionOf({ regex, prefixes = [] }: Expression): (name: string) => boolean {
  if (regex) {
    const pattern = new RegExp(regex);
    return (name) => pattern.test(name);
  }
  return (name) => prefixes.some((prefix) => name.startsWith(prefix));
}

/** The answer's side of a read: writes as fast as the client takes it, and knows when nobody listens any more. */
class Out {
  readonly #node: Node;
  readonly #call: ReadCall;
  readonly #fault: Fault | undefined;
  readonly #structured: boolean;
  readonly #ofAll: boolean;
  #events = 0;
  #ended = false;

  constructor(node: Node, call: ReadCall, options: Options, fault: Fault | undefined) {
    this.#node = node;
    this.#call = call;
    this.#fault = fault;
    this.#structured = options.uuids?.text === undefined;
    this.#ofAll = options.all !== undefined;
    for (const end of ['cancelled', 'close', 'error']) {
      call.on(end, () => {
        this.#ended = true;
      });
    }
  }

  get ended(): boolean {
    return this.#ended || this.#call.cancelled;
  }

  async write(response: ReadResponse): Promise<void> {
    if (this.ended) return;
    if (!this.#call.write(response)) await this.#anyOf(['drain', 'cancelled', 'close']);
  }

  async event(record: StoredRecord): Promise<void> {
    if (this.#fault?.kind === 'dropAfter' && this.#events >= this.#fault.events) {
      this.#node.cut(this.#call);
      this.#ended = true;
    }
    this.#events++;
    this.#node.delivered++;
    const response = { event: resolvedOf(record, this.#ofAll, this.#structured) };
    await this.write(response);
    if (this.#fault?.kind === 'duplicates') await this.write(response);
  }

  checkpoint(place: Place): Promise<void> {
    return this.write({ checkpoint: place });
  }

  /** Until there is something new, or nobody listens. */
  async moreOrEnd(): Promise<void> {
    if (this.ended) return;
    await this.#anyOf(['cancelled', 'close'], (woken) => this.#node.store.onceWritten(woken));
  }

  /** Until the call tells one of these, or what else is listened to comes; listens to nothing afterwards. */
  #anyOf(names: readonly string[], alsoOn: (woken: () => void) => () => void = () => () => undefined): Promise<void> {
    const call = this.#call;
    return new Promise((resolve) => {
      const forget = alsoOn(woken);
      for (const name of names) call.on(name, woken);
      function woken(): void {
        forget();
        for (const name of names) call.off(name, woken);
        resolve();
      }
    });
  }
}

function resolvedOf(record: StoredRecord, ofAll: boolean, structured: boolean): NonNullable<ReadResponse['event']> {
  // A server tells positions where it reads all; of an event read from its stream it says that it does not know.
  const event = {
    id: structured ? structuredOf(record.id) : { text: record.id },
    stream: { name: Buffer.from(record.stream) },
    revision: record.revision,
    prepare: ofAll ? record.position : MAX_UINT64,
    commit: ofAll ? record.commit : MAX_UINT64,
    system: {
      type: record.type,
      // Ticks of 100 ns since 1970.
      created: String(BigInt(record.created) * 10_000n),
      'content-type': record.json ? 'application/json' : 'application/octet-stream',
    },
    metadata: record.metadata,
    data: record.data,
  };
  return ofAll ? { event, commit: record.commit } : { event, none: {} };
}

function structuredOf(id: string): WireUuid {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  const half = (at: number) => ({ high: bytes.readInt32BE(at), low: bytes.readInt32BE(at + 4), unsigned: false });
  return { structured: { most: half(0), least: half(8) } };
}
