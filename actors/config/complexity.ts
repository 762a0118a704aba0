/** Whether hard requests are for good arms, and easy ones for cheap arms. */
import { z } from 'zod';

export const ComplexityPreference = z.strictObject({
  weight: z
    .number()
    .min(0)
    .max(1)
    .describe('how much reward the preference is worth at most: at complexity 1, and at complexity 0'),
  neutral: z.number().min(0.01).max(0.99).default(0.5).describe('the complexity at which nobody is preferred'),
});
export type ComplexityPreference = z.output<typeof ComplexityPreference>;
