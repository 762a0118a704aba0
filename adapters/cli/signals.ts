/**
 * Ctrl-C and SIGTERM: the first one asks a command to finish, a second one ends the process at once. Whoever listens for them
 * means to run until they come: the process stays alive, though nothing else may keep it so.
 */
import { exitCodes } from './failure.ts';

export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Gives the signals back to Node. */
  dispose(): void;
}

export function onInterrupt(): Interruption {
  const controller = new AbortController();
  const handle = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(name === 'SIGTERM' ? exitCodes.terminated : exitCodes.interrupted);
    controller.abort();
  };
  const alive = setInterval(() => {}, 2 ** 30);
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    signal: controller.signal,
    dispose() {
      clearInterval(alive);
      process.removeListener('SIGINT', handle);
      process.removeListener('SIGTERM', handle);
    },
  };
}
