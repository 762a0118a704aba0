/**
 * The bucket actor: the only writer of its stream. It appends, then folds, then answers, one batch at a time; what arrives
 * meanwhile waits in a bounded queue. The machine holds the lifecycle and leaves the work alone: a command, and a commit that
 * changes no state, are plain calls (`buckets.ts`, `bucket-work.ts`), because a machine event for each costs as much time as the
 * choice and a third of the memory. What is believed is in `bucket-state.ts`.
 */
import { setup } from 'xstate';
import { problemOf } from '../../events/errors.ts';
import { confidenceOf, priorOf } from '../choice/choose.ts';
import { CONFLICT_PAUSE_MS, UNKNOWN_PAUSE_MS } from '../retries.ts';
import { sendTo } from '../send-to.ts';
import { type BucketState, viewUnder } from './bucket-state.ts';
import {
  append,
  type BucketDependencies,
  type BucketMachineEvent,
  type BucketWork,
  begin,
  cannotForget,
  giveUp,
  isGated,
  isStale,
  rejectAll,
  requeue,
  SNAPSHOT_WORTH,
  setAside,
  settle,
  snapshot,
} from './bucket-work.ts';
import { foldBucket } from './fold-bucket.ts';

export const bucketMachine = setup({
  types: {
    context: {} as { readonly work: BucketWork },
    events: {} as BucketMachineEvent,
    input: {} as BucketDependencies,
  },
  guards: {
    // While a batch is made, neither the queue nor the batch holds what it is made of.
    idle: ({ context: { work } }) => work.queue.length === 0 && work.batch === undefined && !work.preparing,
    frozen: ({ context: { work } }) => work.dependencies.timeline.latest?.frozen === true,
    unsure: ({ context: { work } }) => isUnsure(work),
    lost: ({ event }) =>
      event.type === 'committed' &&
      (event.result.status === 'alreadyAppended' ||
        (event.result.status === 'conflict' && event.result.reason === 'revision')),
    unknown: ({ event }) => event.type === 'committed' && event.result.status === 'outcomeUnknown',
    failed: ({ event }) => event.type === 'committed' && event.result.status === 'failed',
    needsRefold: ({ context: { work }, event }) =>
      event.type === 'committed' && event.result.status === 'appended' && cannotForget(work),
    gated: ({ context: { work } }) => isGated(work),
  },
  actions: {
    hydrate: ({ context: { work }, self }) => {
      const send = sendTo(self);
      rehydrated(work).then(
        (state) => send({ type: 'hydrated', state }),
        (thrown) => send({ type: 'hydrationFailed', problem: problemOf(thrown) }),
      );
    },
    take: ({ context: { work }, event }) => {
      if (event.type !== 'hydrated') return;
      work.state = event.state;
    },
    rejectAll: ({ context: { work }, event }) => event.type === 'hydrationFailed' && rejectAll(work, event.problem),
    open: ({ context: { work } }) => {
      work.open = true;
    },
    close: ({ context: { work } }) => {
      work.open = false;
    },
    break: ({ event }) => {
      if (event.type === 'broke') throw event.thrown;
    },
    begin: ({ context: { work }, self }) => begin(work, sendTo(self)),
    settle: ({ context: { work }, event }) => event.type === 'committed' && settle(work, event),
    proceed: ({ context: { work }, event, self }) => {
      if (event.type !== 'committed') return;
      settle(work, event);
      begin(work, sendTo(self));
    },
    retryLater: ({ context: { work }, self }) => {
      work.dependencies.env.sleep(UNKNOWN_PAUSE_MS).then(() => append(work, sendTo(self)));
    },
    requeue: ({ context: { work }, event }) =>
      requeue(work, event.type === 'committed' && event.result.status === 'conflict'),
    giveUp: ({ context: { work } }) => giveUp(work),
    setAside: ({ context: { work } }) => setAside(work),
    snapshot: ({ context: { work } }) => snapshot(work, SNAPSHOT_WORTH),
  },
}).createMachine({
  id: 'bucket',
  context: ({ input }) => ({
    work: {
      dependencies: input,
      open: false,
      stale: false,
      state: undefined,
      behind: undefined,
      queue: [],
      batch: undefined,
      preparing: false,
      conflicts: 0,
      refused: false,
    },
  }),
  on: { broke: { actions: 'break' } },
  initial: 'hydrating',
  states: {
    hydrating: {
      entry: 'hydrate',
      on: {
        hydrated: { target: 'ready', actions: 'take' },
        hydrationFailed: { target: 'failed', actions: 'rejectAll' },
      },
    },
    ready: {
      initial: 'assessing',
      entry: ['open', 'begin'],
      exit: 'close',
      on: {
        committed: [
          { guard: 'lost', target: 'hydrating', actions: 'requeue' },
          { guard: 'unknown', target: 'unsettled' },
          { guard: 'needsRefold', target: 'hydrating', actions: 'settle' },
          { guard: 'gated', target: '.assessing', actions: 'proceed' },
          { actions: 'proceed' },
        ],
        stale: { target: 'hydrating', actions: 'setAside' },
        domainChanged: '.assessing',
        passivate: { guard: 'idle', target: 'passivated', actions: 'snapshot' },
      },
      states: {
        assessing: {
          always: [
            { guard: 'frozen', target: 'frozen' },
            { guard: 'unsure', target: 'supervised' },
            { target: 'autonomous' },
          ],
        },
        autonomous: {},
        supervised: {},
        frozen: {},
      },
    },
    // The log did not say whether it wrote: nothing else is appended until the same ids at the same place say so.
    unsettled: {
      entry: 'retryLater',
      on: {
        committed: [
          { guard: 'unknown', target: 'unsettled', reenter: true },
          { guard: 'lost', target: 'hydrating', actions: 'requeue' },
          { guard: 'needsRefold', target: 'hydrating', actions: 'settle' },
          // That a retry failed says nothing of what came before it: only reading the log does.
          { guard: 'failed', target: 'hydrating', actions: 'giveUp' },
          { target: 'ready', actions: 'settle' },
        ],
      },
    },
    failed: { type: 'final' },
    passivated: { type: 'final' },
  },
});

/** The state from the log; after a conflict a moment later, or those who lost would meet again in a crowd. */
async function rehydrated(work: BucketWork): Promise<BucketState> {
  const { dependencies, conflicts, behind } = work;
  const { env, stream } = dependencies;
  work.behind = undefined;
  if (conflicts > 0) await env.sleep((env.seed() / 2 ** 32) * CONFLICT_PAUSE_MS * 2 ** conflicts);
  const fold = () => foldBucket(dependencies, stream, undefined, behind);
  // One by one they are soon done; all at once, each would wait for the last, and hold its memory.
  const state = work.stale && dependencies.refolding ? await dependencies.refolding.run(fold) : await fold();
  work.stale = false;
  return state;
}

/** Whether the bucket's best arm is too little known to act alone. */
function isUnsure(work: BucketWork): boolean {
  const { state, dependencies } = work;
  const { latest } = dependencies.timeline;
  if (state === undefined || latest?.config.confidence.gate !== true || isStale(work)) return false;
  const { domain, posterior, lentBefore } = viewUnder(state, latest);
  const situation = {
    candidates: domain.armNames,
    shifts: [],
    prior: priorOf(domain, domain.armNames, undefined, lentBefore),
    features: [],
    floor: 0,
  };
  const best = domain.armNames
    .map((_, index) => domain.policy.belief(posterior, situation, index))
    .reduce((left, right) => (right.mean > left.mean ? right : left));
  return confidenceOf(best) < domain.config.confidence.autonomous;
}
