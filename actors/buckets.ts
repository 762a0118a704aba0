/**
 * The registry of live buckets: root actors, created when first asked for and passivated when too many are live. A bucket that
 * fails is dropped, counted, and made anew from the log by the next request.
 */
import { type Actor, createActor } from 'xstate';
import { problemOf } from '../events/errors.ts';
import { bucketMachine } from './bucket.ts';
import { type BucketCommand, type BucketDependencies, failAll } from './bucket-work.ts';

export interface Buckets {
  /** Hands the command to the bucket that writes the stream. */
  send(stream: string, dependencies: () => BucketDependencies, command: BucketCommand): void;
  /** Tells the live buckets whose stream begins so that their domain changed. */
  domainChanged(streamPrefix: string): void;
  /** Puts every idle bucket away, with its snapshot. */
  passivateAll(): void;
  readonly live: number;
}

export interface BucketsOptions {
  /** How many may be live, default 10,000. More only while all of them are busy. */
  readonly maxLive?: number;
  readonly onFailure: (stream: string, thrown: unknown) => void;
}

type Bucket = Actor<typeof bucketMachine>;

/** How many of the longest unused buckets are tried before one too many is let live. */
const TRIES = 16;

export function createBuckets({ maxLive = 10_000, onFailure }: BucketsOptions): Buckets {
  // A Map iterates in order of insertion: re-inserting at each use makes its first entry the longest unused.
  const live = new Map<string, Bucket>();

  const open = (stream: string, dependencies: BucketDependencies): Bucket => {
    if (live.size >= maxLive) makeRoom();
    const actor = createActor(bucketMachine, { input: dependencies });
    actor.subscribe({
      complete: () => forget(stream, actor),
      error: (thrown) => {
        forget(stream, actor);
        failAll(actor.getSnapshot().context.work, problemOf(thrown));
        onFailure(stream, thrown);
      },
    });
    actor.start();
    return actor;
  };
  const forget = (stream: string, actor: Bucket) => {
    if (live.get(stream) === actor) live.delete(stream);
  };
  const makeRoom = () => {
    let tries = 0;
    for (const actor of live.values()) {
      actor.send({ type: 'passivate' });
      tries += 1;
      if (live.size < maxLive || tries >= TRIES) return;
    }
  };

  return {
    send(stream, dependencies, command) {
      const known = live.get(stream);
      const actor = known ?? open(stream, dependencies());
      if (known !== undefined) live.delete(stream);
      live.set(stream, actor);
      actor.send({ type: 'command', command });
    },
    domainChanged(streamPrefix) {
      for (const [stream, actor] of live) if (stream.startsWith(streamPrefix)) actor.send({ type: 'domainChanged' });
    },
    passivateAll() {
      for (const actor of [...live.values()]) actor.send({ type: 'passivate' });
    },
    get live() {
      return live.size;
    },
  };
}
