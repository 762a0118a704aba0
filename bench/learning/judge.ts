/** When a figure passes: by its bar, and by what was earned beside the references in the same shuffles. */
import type { Published } from './bars.ts';
import type { EntrantFinding, Figure, Finding } from './experiment.ts';

/** In utility a request: so much less than a reference is as good. */
export const MARGIN = 0.003;

export interface Verdict {
  /** Null where nothing is asked of the figure. */
  readonly pass: boolean | null;
  /** Whether it is better than what passes by more than chance; null where nothing is asked. */
  readonly stretch: boolean | null;
  /** What it falls short of, in words. */
  readonly short: readonly string[];
}

/** How the figures of a kind of problem are judged. */
export interface Rule {
  /** References that count. */
  readonly against: readonly string[];
  /** Part of a reference's figure that ours may be worse by. */
  readonly allowance: number;
  /** Whether the best single arm must be beaten, not only reached. */
  readonly aboveBestArm: boolean;
}

export function judge(
  finding: Finding,
  entrant: EntrantFinding,
  published: Published | undefined,
  rule: Rule,
): Verdict {
  const { figure } = finding;
  if (published?.bar === null) return { pass: null, stretch: null, short: [] };
  const short: string[] = [];
  let stretch = true;
  const { mean, standardError, interval } = entrant;
  if (published?.bar !== undefined && gain(figure, mean - published.bar) < -(standardError ?? 0)) {
    short.push(`the bar ${published.bar.toFixed(4)} by ${Math.abs(mean - published.bar).toFixed(4)}`);
  }
  if (published?.stretch !== undefined && gain(figure, mean - published.stretch) < 0) stretch = false;
  for (const name of rule.against) {
    const difference = entrant.differences[name];
    const reference = finding.entrants.find((other) => other.name === name);
    if (difference === undefined || reference === undefined) continue;
    const least = lowerEnd(figure, difference.interval ?? [difference.mean, difference.mean]);
    if (least < -MARGIN * figure.scale - rule.allowance * Math.abs(reference.mean))
      short.push(`${name}: ${signed(least)}`);
    if (least <= 0) stretch = false;
  }
  if (figure.bestSingleArm !== null) {
    const [low, high] = interval ?? [mean, mean];
    const least = lowerEnd(figure, [low - figure.bestSingleArm, high - figure.bestSingleArm]);
    const enough = rule.aboveBestArm ? least > 0 : least >= -MARGIN * figure.scale;
    if (!enough) short.push(`the best single arm: ${signed(least)}`);
    if (least <= 0) stretch = false;
  }
  return { pass: short.length === 0, stretch: short.length === 0 && stretch, short };
}

/** Better is positive. */
export function gain(figure: Figure, difference: number): number {
  return figure.better === 'higher' ? difference : -difference;
}

/** The worse end of an interval of differences, better positive. */
function lowerEnd(figure: Figure, [low, high]: readonly [number, number]): number {
  return figure.better === 'higher' ? low : -high;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
}
