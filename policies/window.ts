/**
 * A sliding window over the lessons of a bucket: the posterior is what the last n of them teach (Trovo, Paladino, Restelli & Gatti
 * 2020, algorithm 1). A lesson that leaves the window is forgotten as it was learned; each time the window has gone round, the
 * posterior is learned anew from it, so that rounding never adds up: O(1) a lesson in the mean, and bounded memory.
 */

import { carried } from './carried.ts';
import type { Lesson, Policy } from './policy.ts';
import { jsonHead, openPosterior, readArms, writePosterior } from './posterior-bytes.ts';

/** A posterior and what it is made of. */
export interface Windowed<P> {
  posterior: P;
  /** Names of arms, for `at`. */
  arms: string[];
  index: Map<string, number>;
  /** The lessons as a ring: arm (index into `arms`), value and share. As long as there are lessons, at most n. */
  readonly at: number[];
  readonly values: number[];
  readonly shares: number[];
  /** Where in the ring the next lesson goes: that of the oldest, where the ring is full. */
  next: number;
}

/**
 * @param policy one that can forget, and learns from arm, value and share alone
 * @param size lessons that count, an integer >= 1
 */
export function windowed<P>(policy: Policy<P>, size: number): Policy<Windowed<P>> {
  return {
    ...carried(policy),
    init: () => ({
      posterior: policy.init(),
      arms: [],
      index: new Map(),
      at: [],
      values: [],
      shares: [],
      next: 0,
    }),
    learn(window, lesson) {
      const leaving = window.next < window.at.length ? lessonAt(window, window.next) : undefined;
      window.posterior = policy.learn(window.posterior, lesson);
      if (leaving !== undefined) window.posterior = policy.forget?.(window.posterior, leaving) ?? window.posterior;
      window.at[window.next] = placeOf(window, lesson.arm);
      window.values[window.next] = lesson.value;
      window.shares[window.next] = lesson.share;
      window.next += 1;
      if (window.next === size) {
        window.next = 0;
        learnAnew(policy, window);
      }
      return window;
    },
    serialise({ posterior, arms, at, values, shares, next }) {
      const names = jsonHead(arms);
      const inner = policy.serialise(posterior);
      const head = new Uint8Array(names.length + inner.length);
      head.set(names);
      head.set(inner, names.length);
      return writePosterior('RSW1', head, 3 + 3 * at.length, (put) => {
        for (const value of [names.length, at.length, next]) put(value);
        for (const column of [at, values, shares]) column.forEach(put);
      });
    },
    restore(bytes) {
      const reader = openPosterior('RSW1', bytes, 'a posterior of a window');
      const [names, length, next] = [reader.takeCount(), reader.takeCount(), reader.takeCount()];
      reader.expect(3 + 3 * length);
      const { arms, index } = readArms({ ...reader, head: reader.head.subarray(0, names) });
      if (length > size || !Number.isInteger(next) || next >= size || (length < size && next !== length)) {
        throw reader.broken(`it holds ${length} lessons and goes on at ${next}`);
      }
      const [at, values, shares] = [0, 1, 2].map(() => Array.from({ length }, reader.takeCount));
      if (!at!.every((place) => arms[place] !== undefined)) throw reader.broken('an arm is missing');
      if (![...values!, ...shares!].every((value) => value <= 1)) throw reader.broken('a reward is above 1');
      return {
        posterior: policy.restore(reader.head.subarray(names)),
        arms,
        index,
        at: at!,
        values: values!,
        shares: shares!,
        next,
      };
    },
  };
}

/** From the oldest lesson on, so that what left the window leaves nothing behind, not even the names of its arms. */
function learnAnew<P>(policy: Policy<P>, window: Windowed<P>): void {
  const lessons = window.at.map((_, i) => lessonAt(window, i));
  window.posterior = policy.init();
  window.arms = [];
  window.index = new Map();
  for (const [i, lesson] of lessons.entries()) {
    window.posterior = policy.learn(window.posterior, lesson);
    window.at[i] = placeOf(window, lesson.arm);
  }
}

function lessonAt({ arms, at, values, shares }: Windowed<unknown>, i: number): Lesson {
  const arm = arms[at[i]!]!;
  return { arm, value: values[i]!, share: shares[i]!, features: [], propensity: undefined, seed: 0, time: 0 };
}

function placeOf(window: Windowed<unknown>, arm: string): number {
  const known = window.index.get(arm);
  if (known !== undefined) return known;
  const place = window.arms.push(arm) - 1;
  window.index.set(arm, place);
  return place;
}
