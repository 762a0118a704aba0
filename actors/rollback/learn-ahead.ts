/**
 * What the buckets of a domain will know under a configuration that changes how they learn, folded before it takes over and put among
 * the snapshots: who is asked first then folds no more than what came meanwhile. Decisions go on from what is in force. A cache: what
 * is not done in time, or lost, each bucket folds by itself when it is asked.
 */
import { ReckonerError } from '../../events/errors.ts';
import { bucketPrefix } from '../../events/streams.ts';
import { SNAPSHOT_VERSIONS, serialiseBucket } from '../bucket/bucket-snapshot.ts';
import { foldBucket } from '../bucket/fold-bucket.ts';
import type { DomainState } from '../domain/domain-state.ts';
import type { DomainHandle } from '../domain/domains.ts';
import type { House } from '../house.ts';
import type { Lineage } from './lineage.ts';

/** Longer a command is not held up, in milliseconds. */
const AHEAD_MS = 60_000;
/** A bucket of fewer rewards and retractions is folded as fast as a snapshot is read. */
const WORTH = 8;

/**
 * @param imagined the domain as the configuration will make it
 * @throws ReckonerError shutting_down
 */
export async function learnAhead(
  house: House,
  domain: DomainHandle,
  imagined: { readonly state: DomainState; readonly lineage: Lineage },
): Promise<void> {
  const { tenant, name, timeline } = domain;
  const prefix = bucketPrefix(tenant, name);
  const under = timeline.length - 1;
  const progress = { buckets: 0, done: 0, events: 0 };
  house.relearning.set(prefix, progress);
  try {
    const forgets = timeline.forgets && imagined.state.policy.forget !== undefined;
    const source = { log: house.log, snapshots: house.snapshots, timeline: { ...timeline, forgets }, refresh };
    // As far as is known now: nothing that comes meanwhile may stand in what is put away.
    const lineage = { ...imagined.lineage, target: under };
    const taughtAs = lineage.taughtAs(under);
    const since = house.env.now();
    const streams = await largestFirst(house, prefix);
    progress.buckets = streams.length;
    for (const stream of streams) {
      if (house.stopping.aborted) throw new ReckonerError('shutting_down', 'This node is shutting down.');
      if (house.env.now() - since > AHEAD_MS) return;
      await house.refolding.run(async () => {
        const state = await foldBucket(source, stream, undefined, undefined, lineage);
        const { revision } = state.head;
        const bytes = serialiseBucket({ ...state, under }, taughtAs);
        await house.snapshots.put(stream, { revision, versions: SNAPSHOT_VERSIONS, bytes });
        progress.events += revision + 1;
      });
      progress.done += 1;
      // Decisions come first.
      await house.env.sleep(0);
    }
  } finally {
    house.relearning.delete(prefix);
  }
}

/** The streams of the buckets for which it is worth while, by their rewards and retractions. */
async function largestFirst({ log }: House, streamPrefix: string): Promise<string[]> {
  const sizes = new Map<string, number>();
  for await (const { stream } of log.readAll({ streamPrefix, types: ['RewardObserved', 'RewardRetracted'] }))
    sizes.set(stream, (sizes.get(stream) ?? 0) + 1);
  const worth = [...sizes].filter(([, size]) => size >= WORTH);
  return worth.sort(([, one], [, other]) => other - one).map(([stream]) => stream);
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
