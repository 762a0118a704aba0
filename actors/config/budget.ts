/** What a domain may spend. */
import { z } from 'zod';

export const Budget = z.strictObject({
  perRequestUsd: z
    .number()
    .min(1e-9)
    .max(1e6)
    .describe(
      'the ceiling: dollars a request, on average over all requests; a single one may cost more. Arms are made to look the dearer ' +
        'the closer it is, and set aside while it cannot pay for them; the cheapest always remains, so where even that one costs more, ' +
        'the ceiling is not kept. Each bucket keeps it by itself: where the cheapest arm is too dear in some of them, or there are ' +
        'hundreds, [] for bucketBy keeps it better. Declare costUsd for every arm: it is gone by until rewards report what calls cost ' +
        '(their costUsd), and what they cost in contexts of the same categories and booleans. An arm of which nothing is known is taken ' +
        'to cost the ceiling. A frozen domain goes on being paced',
    ),
});
export type Budget = z.output<typeof Budget>;
