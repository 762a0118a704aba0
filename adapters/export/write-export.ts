import type { Format } from './format.ts';
import type { Rounds } from './rounds.ts';

export interface ExportSummary {
  /** Decisions that were gone through. */
  readonly decisions: number;
  /** Lines that were written, without the header. */
  readonly rows: number;
  /** Of those: lines without a reward. */
  readonly unrewarded: number;
  readonly fallback: number;
  readonly deterministic: number;
  /** Lines without a propensity, because a policy of another version made the decision. */
  readonly withoutPscore: number;
  /** Of the decisions: those with a slate of which only the first place was written, because the format has no more. */
  readonly slatesCut: number;
}

/**
 * Writes rounds line by line; memory does not grow with their number.
 * @param rewardedOnly leaves lines without a reward out
 * @throws ReckonerError log_corrupt
 */
export async function writeExport(
  rounds: Rounds,
  format: Format,
  rewardedOnly: boolean,
  write: (line: string) => Promise<void>,
): Promise<ExportSummary> {
  const summary = {
    ...{ decisions: 0, rows: 0, unrewarded: 0, fallback: 0, deterministic: 0, withoutPscore: 0, slatesCut: 0 },
  };
  const header = format.header(rounds.outline);
  if (header !== undefined) await write(header);
  for await (const round of rounds) {
    summary.decisions += 1;
    if (!format.slates && round.places.length > 1) summary.slatesCut += 1;
    for (const place of format.slates ? round.places : round.places.slice(0, 1)) {
      if (rewardedOnly && place.reward === undefined) continue;
      await write(format.line(round, place, summary.rows, rounds.outline));
      summary.rows += 1;
      summary.unrewarded += Number(place.reward === undefined);
      summary.fallback += Number(round.fallback);
      summary.deterministic += Number(round.deterministic);
      summary.withoutPscore += Number(place.pscore === undefined);
    }
  }
  return summary;
}
