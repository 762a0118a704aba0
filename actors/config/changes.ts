/** Whether a domain's buckets watch for changes of what their arms earn, and how sure they want to be. */
import { z } from 'zod';
import type { ChangeDetector } from '../../policies/change-detector.ts';
import { glr } from '../../policies/glr.ts';
import { pageHinkley } from '../../policies/page-hinkley.ts';

const minPulls = z
  .number()
  .min(1)
  .max(1e6)
  .default(30)
  .describe('pulls of an arm before it can be told to have changed');

const Glr = z
  .strictObject({
    detector: z.literal('glr'),
    falseAlarm: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.01)
      .describe('probability that an arm whose rewards never change is ever told to have'),
    deviation: z
      .number()
      .min(1e-3)
      .max(0.5)
      .optional()
      .describe(
        'standard deviation that an arm’s rewards have at most: with scores of 0.1 or so changes are found far sooner. ' +
          'Not given: whatever rewards from 0 to 1 can have',
      ),
    minPulls,
  })
  .describe('generalised likelihood ratio: compares all places at which the rewards can be parted');

const PageHinkley = z
  .strictObject({
    detector: z.literal('page_hinkley'),
    threshold: z
      .number()
      .gt(0)
      .max(1e6)
      .default(25)
      .describe('how far rewards may run away from their mean, summed: lower is sooner, and wrong more often'),
    tolerance: z
      .number()
      .min(1e-4)
      .max(0.5)
      .default(0.05)
      .describe('change of the mean that is let pass, in units of reward'),
    minPulls,
  })
  .describe('Page-Hinkley: one running sum, with thresholds that are yours to choose');

export const Changes = z
  .discriminatedUnion('detector', [Glr, PageHinkley])
  .describe(
    'restarts a bucket whose arm has changed, and records why; not given: never. It looks at rewards, not at contexts: meant for ' +
      'policies that do not learn about features. Arms are watched as far as they are tried: keep some exploration',
  );
export type Changes = z.output<typeof Changes>;

/** What watches an arm of the domain; undefined where nothing does. */
export function detectorOf(changes: Changes | undefined): ChangeDetector | undefined {
  switch (changes?.detector) {
    case 'glr':
      return glr(changes);
    case 'page_hinkley':
      return pageHinkley(changes);
    default:
      // Not given; or one that a newer version recorded, which this one cannot ask.
      return undefined;
  }
}
