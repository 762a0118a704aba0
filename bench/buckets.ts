/**
 * Many buckets, few of them live: 100,000 are touched while at most 10,000 stay in memory. Measured in a process that does
 * nothing else, because what counts is the peak of its memory.
 */
import type { BenchOptions, Figures } from './bench.ts';
import type { BucketsMeasured } from './buckets-child.ts';
import { measureInChild } from './child.ts';
import { withScratch } from './scratch.ts';
import { rounded } from './statistics.ts';

const TOUCHED = 100_000;
const MAX_LIVE = 10_000;
const LIMIT_MB = 600;

export function run({ data }: BenchOptions): Promise<Figures> {
  return withScratch(data, async (directory) => {
    const { peakKb, mostLive, liveMs, passivatedMs, seconds } = await measureInChild<BucketsMeasured>('buckets-child', [
      directory,
      String(TOUCHED),
      String(MAX_LIVE),
    ]);
    const peakMb = rounded(peakKb / 1024, 1);
    const ratio = rounded(passivatedMs / liveMs, 2);
    console.log(`${TOUCHED} buckets touched in ${rounded(seconds, 1)} s, at most ${mostLive} live at once`);
    console.log(`peak memory ${peakMb} MB (bar: less than ${LIMIT_MB})`);
    console.log(
      `a live bucket answers in ${rounded(liveMs, 3)} ms, a passivated one in ${rounded(passivatedMs, 3)} ms`,
    );
    return {
      bench: 'buckets',
      touched: TOUCHED,
      maxLive: MAX_LIVE,
      mostLive,
      peakMb,
      liveMs: rounded(liveMs, 3),
      passivatedMs: rounded(passivatedMs, 3),
      ratio,
      limitMb: LIMIT_MB,
      pass: peakMb < LIMIT_MB && mostLive <= MAX_LIVE,
    };
  });
}
