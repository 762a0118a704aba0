/** The parameter of policies whose buckets borrow from their domain. */
import { z } from 'zod';

export const shrinkage = z
  .number()
  .min(0)
  .max(1e6)
  .default(10)
  .describe("pseudo-pulls that the domain's mean of an arm lends to a bucket at most; 0 turns shrinkage off");
