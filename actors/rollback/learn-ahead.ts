/**
 * What the buckets of a domain will know under a configuration that changes how they learn, folded before it takes over and put among
 * the snapshots: who is asked first then folds no more than what came meanwhile. Decisions go on from what is in force. A cache: what
 * is not done in time, or lost, each bucket folds by itself when it is asked.
 */
import { ReckonerError } from '../../events/errors.ts';
import { bucketPrefix } from '../../events/streams.ts';
import { SNAPSHOT_VERSIONS, serialiseBucket } from '../bucket/bucket-snapshot.ts';
import { type BucketSource, foldBucket } from '../bucket/fold-bucket.ts';
import type { DomainState } from '../domain/domain-state.ts';
import type { DomainHandle } from '../domain/domains.ts';
import type { House } from '../house.ts';
import type { Lineage } from './lineage.ts';

/** Longer a command is not held up by default, in milliseconds. */
const AHEAD_MS = 60_000;
/** A bucket of fewer rewards and retractions is folded as fast as a snapshot is read. */
const WORTH = 8;

export interface Imagined {
  readonly state: DomainState;
  readonly lineage: Lineage;
}

/**
 * @param imagined the domain as the configuration will make it
 * @throws ReckonerError shutting_down
 */
export async function learnAhead(
  house: House,
  domain: DomainHandle,
  imagined: Imagined,
  atMostMs = AHEAD_MS,
): Promise<void> {
  const { tenant, name, timeline } = domain;
  const prefix = bucketPrefix(tenant, name);
  const under = timeline.length - 1;
  const progress = { buckets: 0, done: 0, events: 0, ofEvents: 0 };
  house.relearning.set(prefix, progress);
  try {
    const forgets = timeline.forgets && imagined.state.policy.forget !== undefined;
    let read = 0;
    const log: BucketSource['log'] = {
      async *readStream(stream, options) {
        for await (const event of house.log.readStream(stream, options)) {
          read += 1;
          progress.events = learned + Math.min(read, length);
          yield event;
        }
      },
    };
    let [learned, length] = [0, 0];
    const source = { log, snapshots: house.snapshots, timeline: { ...timeline, forgets }, refresh };
    // As far as is known now: nothing that comes meanwhile may stand in what is put away.
    const lineage = { ...imagined.lineage, target: under };
    const taughtAs = lineage.taughtAs(under);
    const since = house.env.now();
    const streams = await largestFirst(house, prefix);
    progress.buckets = streams.length;
    progress.ofEvents = streams.reduce((sum, one) => sum + one.length, 0);
    for (const { stream, length: events } of streams) {
      [read, length] = [0, events];
      if (house.stopping.aborted) throw new ReckonerError('shutting_down', 'This node is shutting down.');
      if (house.env.now() - since > atMostMs) return;
      await house.refolding.run(async () => {
        const state = await foldBucket(source, stream, undefined, undefined, lineage);
        const { revision } = state.head;
        const bytes = serialiseBucket({ ...state, under }, taughtAs);
        await house.snapshots.put(stream, { revision, versions: SNAPSHOT_VERSIONS, bytes });
        learned += events;
        progress.events = learned;
      });
      progress.done += 1;
      // Decisions come first.
      await house.env.sleep(0);
    }
  } finally {
    house.relearning.delete(prefix);
  }
}

interface Sized {
  readonly stream: string;
  /** Rewards and retractions in it. */
  taught: number;
  /** Events up to the last of them. */
  length: number;
}

/** The streams of the buckets for which it is worth while, by their rewards and retractions. */
async function largestFirst({ log }: House, streamPrefix: string): Promise<Sized[]> {
  const sizes = new Map<string, Sized>();
  const types = ['RewardObserved', 'RewardRetracted'];
  for await (const { stream, revision } of log.readAll({ streamPrefix, types })) {
    const size = sizes.get(stream) ?? { stream, taught: 0, length: 0 };
    size.taught += 1;
    size.length = revision + 1;
    sizes.set(stream, size);
  }
  return [...sizes.values()].filter(({ taught }) => taught >= WORTH).sort((one, other) => other.taught - one.taught);
}

/** @throws ReckonerError conflict */
export function refuseMeanwhile({ relearning }: House, { tenant, name }: DomainHandle): void {
  const known = relearning.get(bucketPrefix(tenant, name));
  if (known === undefined) return;
  throw new ReckonerError(
    'conflict',
    `This domain learns anew for another configuration: ${known.done} of ${known.buckets} buckets are done.`,
    { remedy: 'Try again when that has taken over: the domain shows how far it is.' },
  );
}

/** What comes meanwhile is not read. */
const refresh = async () => {};
