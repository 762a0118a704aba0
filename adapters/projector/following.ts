/** The live projections: they follow the log as it grows. */
import { ReckonerError } from '../../events/errors.ts';
import { pause } from './abortable.ts';
import { type Fault, foldInto } from './lane.ts';
import { createGathering, readingFor, type Work } from './work.ts';

/** Follows until the signal is aborted. @throws what the disk, the log or the lease is to blame for */
export async function followLog(work: Work, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { changes } = work;
    if (work.live.size === 0) await work.liveChanged.heard(signal);
    else await followUnchanged(work, changes, signal);
  }
}

/** Follows as long as the same projections are live. */
async function followUnchanged(work: Work, changes: number, signal: AbortSignal): Promise<void> {
  const { store, log, pace, live, liveChanged } = work;
  const ending = new AbortController();
  const over = AbortSignal.any([signal, ending.signal]);
  const watching = liveChanged.heard(over).then(() => ending.abort());
  const gathering = createGathering(pace);

  async function fold(position: Parameters<typeof foldInto>[2]['upTo']): Promise<void> {
    const events = gathering.take();
    await store.alone(async () => {
      // What was read for others is read again for those who have come.
      if (work.changes !== changes || signal.aborted) return;
      const seats = [...live.values()];
      if (events.length === 0 && seats.every(({ checkpoint }) => checkpoint.position >= position)) return;
      const onFault = (fault: Fault) => putAside(work, fault);
      await foldInto(store, seats, { events, upTo: position }, onFault, () => work.onPoint('midBatch'));
    });
    work.onReached();
  }

  /** Folds what there was, then lets as much gather as is worth a batch. */
  async function foldAll(position: Parameters<typeof fold>[0]): Promise<void> {
    const began = performance.now();
    await fold(position);
    await pause(Math.min(pace.liveRestMs, (performance.now() - began) * pace.liveRest), over);
  }

  try {
    const reading = readingFor([...live.values()]);
    for await (const message of log.subscribe({ ...reading, signal: over })) {
      if (message.type === 'caughtUp') await foldAll(message.position);
      else if (gathering.add(message.event)) await fold(message.event.position);
      if (over.aborted) break;
    }
    // Its end without having been asked for is the log's.
    if (!over.aborted) throw new ReckonerError('shutting_down', 'The log is closed.');
  } finally {
    ending.abort();
    await watching;
  }
}

function putAside(
  { store, onFault }: Work,
  { seat: { projection, edition }, event: { record }, thrown }: Fault,
): boolean {
  store.deadLetters.add(edition, record, thrown);
  onFault(`projection ${projection.name}, ${record.stream} ${record.revision}`, thrown);
  return true;
}
