/** What a candidate must keep: of one request, or standing for a domain. */
import { z } from 'zod';
import { CapabilityName } from './names.ts';

const unit = z.number().min(0).max(1);

export const Constraints = z
  .strictObject({
    maxLatencyMs: z.number().min(0).describe('most expected milliseconds a call'),
    maxCostUsd: z.number().min(0).describe('most expected dollars a call'),
    minQuality: unit.describe('least expected quality'),
    minReliability: unit.describe('least share of calls that succeed'),
    capabilities: z
      .array(CapabilityName)
      .max(64)
      .describe('what an arm must be capable of: one that does not declare it is not'),
  })
  .partial();
export type Constraints = z.output<typeof Constraints>;
