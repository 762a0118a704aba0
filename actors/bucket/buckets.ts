/**
 * The registry of live buckets: root actors, created when first asked for and passivated when too many are live. A bucket that
 * fails is dropped, counted, and made anew from the log by the next request.
 */
import { type Actor, createActor, waitFor } from 'xstate';
import { problemOf, ReckonerError } from '../../events/errors.ts';
import { sendTo } from '../send-to.ts';
import { bucketMachine } from './bucket.ts';
import type { BucketCommand } from './bucket-batch.ts';
import {
  accept,
  type BucketDependencies,
  type BucketMachineEvent,
  type BucketWork,
  failAll,
  isIdle,
  isStale,
  rejectAll,
} from './bucket-work.ts';

export interface Buckets {
  /** Hands the command to the bucket that writes the stream. */
  send(stream: string, dependencies: () => BucketDependencies, command: BucketCommand): void;
  /**
   * Tells the live buckets whose stream begins so that their domain changed. Those in whose state holds no more because of it are
   * folded anew before anybody asks, the most recently used first.
   */
  domainChanged(streamPrefix: string): void;
  /**
   * Puts the idle buckets away that belong to another node, with their snapshots.
   * @returns how many are left of those, because they are busy
   */
  release(belongs: (stream: string) => boolean): number;
  /** Puts every idle bucket away, with its snapshot. */
  passivateAll(): void;
  readonly live: number;
}

export interface BucketsOptions {
  /** How many may be live, default 10,000. More only while all of them are busy. */
  readonly maxLive?: number;
  readonly onFailure: (stream: string, thrown: unknown) => void;
}

interface Bucket {
  readonly actor: Actor<typeof bucketMachine>;
  /** The machine's own: commands are put into it, not sent. */
  readonly work: BucketWork;
  readonly send: (event: BucketMachineEvent) => void;
}

/** How many of the longest unused buckets are tried before one too many is let live. */
const TRIES = 16;

export function createBuckets({ maxLive = 10_000, onFailure }: BucketsOptions): Buckets {
  // A Map iterates in order of insertion: re-inserting at each use makes its first entry the longest unused.
  const live = new Map<string, Bucket>();

  const open = (stream: string, dependencies: BucketDependencies): Bucket => {
    if (live.size >= maxLive) makeRoom();
    const actor = createActor(bucketMachine, { input: dependencies });
    const { work } = actor.getSnapshot().context;
    const bucket: Bucket = { actor, work, send: sendTo(actor) };
    actor.subscribe({
      complete: () => {
        forget(stream, bucket);
        // Nothing waits, unless somebody asked again within the answer that refused him.
        rejectAll(work, new ReckonerError('shutting_down', 'The bucket has been put away.').problem);
      },
      error: (thrown) => {
        work.open = false;
        forget(stream, bucket);
        failAll(work, problemOf(thrown));
        onFailure(stream, thrown);
      },
    });
    actor.start();
    return bucket;
  };
  const forget = (stream: string, bucket: Bucket) => {
    if (live.get(stream) === bucket) live.delete(stream);
  };
  const hand = ({ work, send }: Bucket, command: BucketCommand) => {
    try {
      accept(work, command, send);
    } catch (thrown) {
      send({ type: 'broke', thrown });
    }
  };
  const makeRoom = () => {
    let tries = 0;
    for (const { send } of live.values()) {
      send({ type: 'passivate' });
      tries += 1;
      if (live.size < maxLive || tries >= TRIES) return;
    }
  };

  /** By prefix; true where the domain changed once more meanwhile. */
  const foldingAhead = new Map<string, boolean>();
  let stopped = false;
  const foldAhead = async (streamPrefix: string) => {
    const isUnderWay = foldingAhead.has(streamPrefix);
    foldingAhead.set(streamPrefix, isUnderWay);
    if (isUnderWay) return;
    do {
      foldingAhead.set(streamPrefix, false);
      for (const [stream, bucket] of [...live].reverse()) {
        if (stopped) break;
        if (!stream.startsWith(streamPrefix) || !isStale(bucket.work) || !isIdle(bucket.work)) continue;
        bucket.send({ type: 'stale' });
        // Where it fails, whoever asks next is told; and those who ask have their turns in between.
        await waitFor(bucket.actor, (snapshot) => !snapshot.matches('hydrating')).catch(() => {});
        await bucket.work.dependencies.env.sleep(0);
      }
    } while (foldingAhead.get(streamPrefix) === true && !stopped);
    foldingAhead.delete(streamPrefix);
  };

  return {
    send(stream, dependencies, command) {
      const known = live.get(stream);
      const bucket = known ?? open(stream, dependencies());
      if (known !== undefined) live.delete(stream);
      live.set(stream, bucket);
      hand(bucket, command);
    },
    domainChanged(streamPrefix) {
      for (const [stream, { send }] of live) if (stream.startsWith(streamPrefix)) send({ type: 'domainChanged' });
      void foldAhead(streamPrefix);
    },
    release(belongs) {
      let left = 0;
      for (const [stream, { send }] of [...live]) {
        if (belongs(stream)) continue;
        send({ type: 'passivate' });
        if (live.has(stream)) left += 1;
      }
      return left;
    },
    passivateAll() {
      stopped = true;
      for (const { send } of [...live.values()]) send({ type: 'passivate' });
    },
    get live() {
      return live.size;
    },
  };
}
