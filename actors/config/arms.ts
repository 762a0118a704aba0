/** The arms of a domain, and what is known of them beforehand. */
import { z } from 'zod';
import { ArmName, CapabilityName, TenantName } from './names.ts';

const unit = z.number().min(0).max(1);

/** With less than a thousandth of a pull nearly all draws are 0 or 1, and the exact propensities of such ties do not converge. */
const pseudoPulls = z.number().min(0.001).max(1e6);

export const BetaPrior = z.strictObject({
  alpha: pseudoPulls.describe('successes it begins with'),
  beta: pseudoPulls.describe('failures it begins with'),
});
export type BetaPrior = z.output<typeof BetaPrior>;

const ArmObject = z.strictObject({
  name: ArmName,
  shift: z
    .number()
    .min(-1)
    .max(1)
    .default(0)
    .describe('added to the arm’s score, in units of reward: a known cost is negative'),
  costUsd: z.number().min(0).optional().describe('expected dollars a call'),
  latencyMs: z.number().min(0).optional().describe('expected milliseconds a call'),
  quality: unit
    .optional()
    .describe('expected quality; under an objective, what is believed before the first reward where no prior is given'),
  reliability: unit.optional().describe('expected share of calls that succeed'),
  contextWindow: z.int().min(1).optional().describe('most tokens that a request may have'),
  capabilities: z.array(CapabilityName).max(64).optional().describe('what it can do, for requests that ask for it'),
  tenants: z.array(TenantName).min(1).max(1000).optional().describe('who may be given this arm; not given: everybody'),
  prior: BetaPrior.optional().describe('what is believed of this arm before its first reward'),
  agent: ArmName.optional().describe('id of the agent that carries it out; default its name'),
});

export const Arm = z.union([ArmName.transform((name) => ArmObject.parse({ name })), ArmObject]);
export type ArmConfig = z.output<typeof ArmObject>;
