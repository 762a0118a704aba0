/** What others ask for in the file: rebuilds and retries. */
import { ReckonerError } from '../../events/errors.ts';
import { pause } from './abortable.ts';
import type { Built } from './building.ts';
import type { DeadLetter } from './dead-letters.ts';
import type { Edition } from './declared.ts';
import { projected } from './fold.ts';
import { attempt } from './lane.ts';
import type { Request, Retried } from './requests.ts';
import { seatFor, type Work } from './work.ts';

/** A rebuild that somebody waits for. */
interface Asked {
  readonly waitsFor: Set<string>;
  failure?: ReckonerError | undefined;
}

export interface Answering {
  readonly built: Built;
  /** Looks for requests until the signal is aborted. @throws what the disk, the log or the lease is to blame for */
  run(signal: AbortSignal): Promise<void>;
}

export function createAnswering(work: Work): Answering {
  const { store, projections, live, building, pace, log } = work;
  const asked = new Map<number, Asked>();

  function ended(names: readonly string[], failure?: ReckonerError): void {
    for (const [id, request] of asked) {
      for (const name of names) if (request.waitsFor.delete(name)) request.failure ??= failure;
      if (request.waitsFor.size > 0) continue;
      asked.delete(id);
      if (request.failure === undefined) store.requests.done(id, {});
      else store.requests.failed(id, request.failure.problem);
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    let seen: unknown;
    while (!signal.aborted) {
      const version = store.database.pragma('data_version', { simple: true });
      // Changes only when another connection has written.
      if (version !== seen) for (const request of store.requests.open()) await answer(request);
      seen = version;
      await pause(pace.requestsMs, signal);
    }
  }

  async function answer(request: Request): Promise<void> {
    if (asked.has(request.id)) return;
    const { projection } = request;
    if (projection !== null && !projections.some(({ name }) => name === projection)) {
      const problem = unknown(
        projection,
        projections.map(({ name }) => name),
      ).problem;
      await store.alone(() => store.fenced(() => store.requests.failed(request.id, problem)));
    } else if (request.action === 'rebuild') await rebuild(request);
    else await retry(request);
  }

  async function rebuild({ id, projection, state }: Request): Promise<void> {
    await store.alone(async () => {
      const wanted = projections.filter(({ name }) => projection === null || name === projection);
      const idle = wanted.filter(({ name }) => !building.some((seat) => seat.projection.name === name));
      // One that was at work when its process ended goes on: what it had built by then is live, or among those that are building.
      const begin = state === 'working' ? [] : idle;
      const waitsFor = new Set(
        wanted.filter((one) => begin.includes(one) || !idle.includes(one)).map(({ name }) => name),
      );
      const seats = await store.fenced(() => {
        store.requests.begin(id);
        asked.set(id, { waitsFor });
        if (waitsFor.size === 0) ended([]);
        for (const { name } of begin)
          for (const edition of store.editions.all())
            if (edition.name === name && edition.state === 'failed') store.editions.drop(edition);
        return begin.map((one) => seatFor(work, one, store.editions.begin(one)));
      });
      building.push(...seats);
    });
    work.moreToBuild.ring();
  }

  async function retry({ id, projection }: Request): Promise<void> {
    await store.alone(async () => {
      const needRebuild = new Set<string>();
      let [folded, failed] = [0, 0];
      for (const letter of store.deadLetters.all(projection ?? undefined)) {
        const seat = live.get(letter.projection);
        // Of one that is being built: it is tried again once it is seen.
        if (seat !== undefined && !isOfEdition(letter, seat.edition)) continue;
        if (seat?.projection.ordered) {
          needRebuild.add(letter.projection);
          continue;
        }
        const event = await log.find(letter.eventId);
        const done =
          seat !== undefined &&
          event !== undefined &&
          (await store.fenced(async () => {
            const fault = await attempt(store, seat, projected(event));
            if (fault === undefined) store.deadLetters.remove(letter);
            else store.deadLetters.add(seat.edition, event, fault.value);
            return fault === undefined;
          }));
        if (done) folded += 1;
        else failed += 1;
      }
      const result: Retried = { folded, failed, needRebuild: [...needRebuild] };
      await store.fenced(() => store.requests.done(id, result));
    });
  }

  return { built: { ended }, run };
}

function isOfEdition(letter: DeadLetter, { version, generation }: Edition): boolean {
  return letter.version === version && letter.generation === generation;
}

export function unknown(name: string, known: readonly string[]): ReckonerError {
  return new ReckonerError('request_invalid', `There is no projection ${name}.`, {
    remedy: `There are ${known.join(', ')}.`,
  });
}
