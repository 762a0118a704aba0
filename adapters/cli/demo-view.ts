/** The demonstration, told: as one live line on a terminal, as a plain line now and then elsewhere. */
import type { DemoStatus } from './demo.ts';
import type { Colours } from './terminal.ts';

const BAR = 16;

type Part = { readonly text: string; readonly paint: (text: string) => string };

/**
 * How much is earned, and which arm each task gets. Where `width` columns do not hold both, they take turns.
 * @param turn counts up; even: what is earned
 */
export function liveLine(status: DemoStatus, colours: Colours, width: number, turn: number): string {
  const { requests, reward, random, best, favourites } = status;
  if (requests === 0) return colours.dim('demo  starting …');
  const always: Part[] = [
    { text: `${requests} simulated`, paint: colours.bold },
    { text: `  reward ${reward.toFixed(2)} `, paint: reward >= (random + best) / 2 ? colours.green : colours.yellow },
  ];
  const earned: Part[] = [
    { text: ` random ${random.toFixed(2)} `, paint: colours.dim },
    { text: gauge((reward - random) / (best - random)), paint: colours.cyan },
    { text: ` ${best.toFixed(2)} best `, paint: colours.dim },
  ];
  const chosen: Part[] = favourites.map(({ task, arm }) => ({
    text: ` ${task}→${arm.replace('sim-', '')}`,
    paint: colours.magenta,
  }));
  const all = [...always, ...earned, ...chosen];
  if (lengthOf(all) < width) return painted(all, width);
  return painted([...always, ...(turn % 2 === 0 ? earned : chosen)], width);
}

/** What fits, from the left. */
function painted(parts: readonly Part[], width: number): string {
  return parts
    .filter((_, index) => lengthOf(parts.slice(0, index + 1)) < width)
    .map(({ text, paint }) => paint(text))
    .join('');
}

function lengthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { text }) => sum + text.length, 0);
}

export function plainLine({ requests, reward, random, best, favourites }: DemoStatus): string {
  const arms = favourites.map(({ task, arm }) => `${task} ${arm}`).join(', ');
  const earned = Number.isNaN(reward) ? '–' : reward.toFixed(2);
  return `demo (simulated): ${requests} requests, average reward now ${earned} (random ${random.toFixed(2)}, best on average ${best.toFixed(2)}), most chosen: ${arms}`;
}

/** Where the share lies between none and all of the way. */
function gauge(share: number): string {
  const at = Math.round(Math.min(1, Math.max(0, share)) * (BAR - 1));
  return `${'━'.repeat(at)}●${'─'.repeat(BAR - 1 - at)}`;
}
