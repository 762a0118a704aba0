/** The demonstration, told: as one live line on a terminal, as a plain line now and then elsewhere. */
import type { DemoStatus } from './demo.ts';
import type { Colours } from './terminal.ts';

const BAR = 16;

/** Fits into `width` columns: what does not is left away from the right. */
export function liveLine(status: DemoStatus, colours: Colours, width: number): string {
  const { requests, reward, random, best, favourites } = status;
  if (requests === 0) return colours.dim('demo  starting …');
  const parts: { readonly text: string; readonly paint: (text: string) => string }[] = [
    { text: 'demo ', paint: colours.dim },
    { text: `${requests} simulated`, paint: colours.bold },
    { text: `  reward ${reward.toFixed(2)}`, paint: reward >= (random + best) / 2 ? colours.green : colours.yellow },
    { text: `  random ${random.toFixed(2)} `, paint: colours.dim },
    { text: gauge((reward - random) / (best - random)), paint: colours.cyan },
    { text: ` ${best.toFixed(2)} best `, paint: colours.dim },
    ...favourites.map(({ task, arm }) => ({ text: ` ${task}→${arm.replace('sim-', '')}`, paint: colours.magenta })),
  ];
  let left = width - 1;
  return parts
    .filter(({ text }) => {
      left -= text.length;
      return left >= 0;
    })
    .map(({ text, paint }) => paint(text))
    .join('');
}

export function plainLine({ requests, reward, random, best, favourites }: DemoStatus): string {
  const arms = favourites.map(({ task, arm }) => `${task} ${arm}`).join(', ');
  const earned = Number.isNaN(reward) ? '–' : reward.toFixed(2);
  return `demo (simulated): ${requests} requests, average reward now ${earned} (random ${random.toFixed(2)}, best possible ${best.toFixed(2)}), most chosen: ${arms}`;
}

/** Where the share lies between none and all of the way. */
function gauge(share: number): string {
  const at = Math.round(Math.min(1, Math.max(0, share)) * (BAR - 1));
  return `${'━'.repeat(at)}●${'─'.repeat(BAR - 1 - at)}`;
}
