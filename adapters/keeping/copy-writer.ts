/** Writes what is copied: many appends under way at once, and yet in the order of the log, as far as the store lets it be kept. */
import { ReckonerError } from '../../events/errors.ts';
import type { AppendResult, EventLog, EventRecord, RecordedEvent } from '../../events/event-log.ts';

export interface CopyWriterOptions {
  readonly to: { readonly log: Pick<EventLog, 'append'>; readonly name: string; readonly ordered: boolean };
  readonly sleep: (ms: number) => Promise<void>;
}

export interface CopyWriter {
  /** Takes the next event; settles when more may come. Undefined where that is at once. */
  add(event: RecordedEvent): Promise<void> | undefined;
  /** Writes what was taken, also where the reading ended early; settles when all of it is answered. */
  settled(): Promise<void>;
}

/** Events that one append carries at most, and their bytes: half of what an EventStoreDB takes by default. */
const LOT = { events: 200, bytes: 512 * 1024 };
/** Events that are under way at most: of a store that keeps the order, one transaction. */
const WINDOW = 512;
/** How often an append whose outcome is unknown is asked for again, and how long is waited before. */
const TRIES = 20;
const WAIT_MS = { first: 100, most: 5_000 };

/** Events of one stream that follow each other. */
interface Lot {
  readonly stream: string;
  /** Revision of the first of them. */
  readonly from: number;
  readonly events: EventRecord[];
  bytes: number;
}

export function createCopyWriter({ to, sleep }: CopyWriterOptions): CopyWriter {
  let lots: Lot[] = [];
  let waiting = 0;

  function add({ id, type, data, metadata, stream, revision }: RecordedEvent): Promise<void> | undefined {
    let lot = lots.at(-1);
    const bytes = data.length + metadata.length;
    if (lot?.stream !== stream || lot.events.length >= LOT.events || lot.bytes + bytes > LOT.bytes) {
      lot = { stream, from: revision, events: [], bytes: 0 };
      lots.push(lot);
    }
    lot.events.push({ id, type, data, metadata });
    lot.bytes += bytes;
    waiting += 1;
    return waiting < WINDOW ? undefined : settled();
  }

  async function settled(): Promise<void> {
    const taken = lots;
    lots = [];
    waiting = 0;
    const outcomes = await Promise.allSettled(to.ordered ? taken.map(write) : inTurn(taken));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /**
   * For stores that promise an order within a stream only: a stream's appends wait for each other. What buckets borrow is on their
   * domain's stream, and who follows the log shall meet it in its place: those wait for all before them, and all after for them.
   */
  function inTurn(taken: readonly Lot[]): Promise<void>[] {
    const last = new Map<string, Promise<void>>();
    const begun: Promise<void>[] = [];
    let barrier: Promise<unknown> = Promise.resolve();
    for (const lot of taken) {
      const before = lot.stream.startsWith('domain-') ? Promise.all(begun) : (last.get(lot.stream) ?? barrier);
      const writing = before.then(() => write(lot));
      if (lot.stream.startsWith('domain-')) {
        barrier = writing;
        last.clear();
      }
      last.set(lot.stream, writing);
      begun.push(writing);
    }
    return begun;
  }

  async function write({ stream, from, events }: Lot): Promise<void> {
    for (let tries = 1; ; tries++) {
      const result = await to.log.append(stream, from - 1, events);
      if (result.status === 'appended' || result.status === 'alreadyAppended') return;
      if (result.status === 'conflict') throw conflict(to.name, stream, from, result);
      if (tries === TRIES)
        throw new ReckonerError('outcome_unknown', `${to.name} does not say whether it wrote.`, {
          cause: result.cause,
          remedy: 'Give the same command again once it is well: it goes on where this one stopped.',
        });
      await sleep(Math.min(WAIT_MS.most, WAIT_MS.first * 2 ** (tries - 1)));
    }
  }

  return { add, settled };
}

function conflict(name: string, stream: string, from: number, result: AppendResult & { status: 'conflict' }) {
  const why =
    result.reason === 'revision'
      ? `${stream} stands at revision ${result.actual}, and ${from - 1} was expected`
      : `the event ${result.id} is already in ${result.stream}`;
  return new ReckonerError('destination_differs', `Somebody else writes to ${name}: ${why}.`);
}
