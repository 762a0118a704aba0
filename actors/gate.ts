/** Lets a few in at a time, has some wait, and turns the rest away: for work whose size the caller chooses. */
import { ReckonerError } from '../events/errors.ts';

export interface Gate {
  /**
   * Runs the work when it is its turn.
   * @throws ReckonerError overloaded where too many wait already; what the work throws
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** @param what waits, in the words of its refusal: `explanations` */
export function createGate(
  what: string,
  { atOnce, waiting }: { readonly atOnce: number; readonly waiting: number },
): Gate {
  const queue: (() => void)[] = [];
  let running = 0;
  return {
    async run(work) {
      if (running < atOnce) running += 1;
      else if (queue.length >= waiting)
        throw new ReckonerError('overloaded', `Too many ${what} are asked for at once.`);
      else await new Promise<void>((resolve) => queue.push(resolve)); // whoever leaves hands over the place
      try {
        return await work();
      } finally {
        const next = queue.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
