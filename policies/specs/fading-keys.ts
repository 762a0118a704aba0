/** The parameters by which what was learned fades, where the world moves on; see `fading.ts` and `discounted-linear.ts`. */
import { z } from 'zod';
import type { FadingParameters } from '../fading.ts';

/**
 * Of policies that learn the mean of every arm: at most one of them. Left out, not filled in: a configuration that was recorded before
 * there were these reads and hashes as it did.
 */
export const fadingKeys = {
  discount: z
    .union([z.number().gt(0).max(1), z.literal('profile')])
    .optional()
    .describe(
      'factor of all that a bucket learned, with each pull that it learns: about 1 / (1 - discount) pulls count. ' +
        "'profile': 1 - learningRate",
    ),
  halfLifeHours: z
    .number()
    .gt(0)
    .max(1e6)
    .optional()
    .describe('hours after which a pull counts half; what is learned fades with the next reward, not between rewards'),
  window: z.int().min(1).max(10_000).optional().describe('how many rewards of a bucket count: its last ones'),
};

export type FadingKeys = z.infer<z.ZodObject<typeof fadingKeys>>;

export function atMostOneFading({ discount, halfLifeHours, window }: FadingKeys): boolean {
  return [discount, halfLifeHours, window].filter((given) => given !== undefined).length <= 1;
}

/** What is said where there are more. */
export const oneFading = 'discount, halfLifeHours and window: give one of them at most';

/** Of linear models. */
export const linearDiscount = z
  .union([z.number().min(0.5).max(1), z.literal('profile')])
  .optional()
  .describe(
    'factor of all that a bucket learned, with each pull that it learns: about 1 / (1 - discount) pulls count, and an arm that is ' +
      "not tried becomes unknown again. A lesson then costs as much for every arm as for its own. 'profile': 1 - learningRate",
  );

/** The parameters of `fading`. @throws RangeError where the discount is left to a profile, which only a domain has */
export function fadingOf({ discount, halfLifeHours, window }: FadingKeys): FadingParameters {
  return { discount: discountOf(discount), halfLifeHours, window };
}

/** @throws RangeError where it is left to a profile, which only a domain has */
export function discountOf(discount: FadingKeys['discount']): number | undefined {
  if (discount === 'profile') throw new RangeError("a discount by 'profile' is that of a domain: give a number here");
  return discount;
}
