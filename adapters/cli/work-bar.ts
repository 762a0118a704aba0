/** A bar for long work: share done and time left, on a terminal only. */
import { SingleBar } from 'cli-progress';
import type { Terminal } from './terminal.ts';

export interface WorkBar {
  /** @param share in [0, 1] */
  show(share: number): void;
  stop(): void;
}

const STEPS = 1_000;

export function workBar(title: string, terminal: Terminal, json: boolean): WorkBar {
  if (json || !terminal.err.interactive) return { show() {}, stop() {} };
  const bar = new SingleBar({
    format: `${title} {bar} {percentage} %  {eta_formatted} left`,
    clearOnComplete: true,
    etaBuffer: 100,
  });
  let shown = -1;
  return {
    show(share) {
      const step = Math.floor(share * STEPS);
      if (step === shown) return;
      if (shown === -1) bar.start(STEPS, 0);
      shown = step;
      bar.update(step);
    },
    stop() {
      if (shown !== -1) bar.stop();
      shown = -1;
    },
  };
}
