/** Tells of a subscriber that does not keep up: what comes beyond what it may have waiting is lost. */
import { ReckonerError } from '../../events/errors.ts';
import type { Message } from '../../events/message-bus.ts';

/** It is told of so often, milliseconds. */
const TELL_SLOW_MS = 1_000;

/** Tells that messages are lost: the first at once, the others counted. */
export function createSlowTeller(pattern: string, onError: (thrown: unknown, message: Message) => void) {
  let lost = 0;
  let told = Number.NEGATIVE_INFINITY;
  return {
    lost(message: Message): void {
      lost++;
      const now = performance.now();
      if (now - told < TELL_SLOW_MS) return;
      told = now;
      const messages = lost === 1 ? 'a message was' : `${lost} messages were`;
      onError(
        new ReckonerError('overloaded', `The subscriber of ${pattern} does not keep up: ${messages} lost.`),
        message,
      );
      lost = 0;
    },
  };
}
