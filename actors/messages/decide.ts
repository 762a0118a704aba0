import { z } from 'zod';
import { Constraints } from '../config/constraints.ts';
import { EMBEDDING_LENGTH, TEXT_LENGTH } from '../config/context.ts';
import { ArmName } from '../config/names.ts';
import { Context, NAME_LENGTH, RequestId, Subject, unit } from './fields.ts';

export const DecideBody = z.strictObject({
  requestId: RequestId.optional(),
  context: Context.default({}).describe('the features of this request, as the domain’s context schema declares them'),
  candidates: z.array(ArmName).min(1).max(10_000).optional().describe('choose among these arms only; default all'),
  subject: Subject.optional(),
  k: z.int().min(1).max(100).optional().describe('answer with a slate of the k best arms'),
  constraints: Constraints.optional().describe(
    'arms whose declared estimates break one are set aside; an estimate that is not declared breaks none. ' +
      'The domain’s own constraints hold as well',
  ),
  taskType: z
    .string()
    .max(64)
    .optional()
    .describe('what kind of task it is, in your words; recorded, and known to the domain’s objective.taskTypes'),
  complexity: unit
    .optional()
    .describe('how hard the task is; recorded, and decided by where the domain has a complexity preference'),
  tokens: z
    .int()
    .min(0)
    .max(2 ** 31)
    .optional()
    .describe('length of the prompt; recorded, and arms whose contextWindow is smaller are set aside'),
  propensity: z
    .enum(['eager', 'lazy'])
    .optional()
    .describe('overrides the domain: at once (up to 32 candidates), or null now and computed from the log'),
});

export type DecideBody = z.input<typeof DecideBody>;

/**
 * `run`: the arm is to be carried out too, and what for, as a keyed hash. `made`: the id was made by a node, so that nobody has
 * used it before.
 */
export type DecideCommand = z.output<typeof DecideBody> & { readonly run?: string; readonly made?: boolean };

/**
 * The same with one plain function over the context: the schema of a record makes eight kilobytes of objects for eight
 * features. What it takes, `DecideBody` takes as well; what it refuses is for that one to judge.
 */
export const QuickDecideBody = DecideBody.extend({
  context: z.custom<DecideCommand['context']>(isContext).default({}),
});

function isContext(given: unknown): boolean {
  if (typeof given !== 'object' || given === null || Object.getPrototypeOf(given) !== Object.prototype) return false;
  for (const [name, value] of Object.entries(given)) {
    if (name.length > NAME_LENGTH) return false;
    if (typeof value === 'string' ? value.length > TEXT_LENGTH : typeof value !== 'boolean' && !isNumeric(value))
      return false;
  }
  return true;
}

/** Numbers, or one. */
function isNumeric(value: unknown): boolean {
  if (!Array.isArray(value)) return Number.isFinite(value);
  // A plain loop: embeddings have thousands.
  for (let at = 0; at < value.length; at++) if (!Number.isFinite(value[at])) return false;
  return value.length <= EMBEDDING_LENGTH;
}

/** The answer to a decide command. */
export interface Decision {
  readonly decisionId: string;
  readonly domain: string;
  readonly requestId: string;
  readonly arm: string;
  /** Exact P(arm); null where it is left to be computed from the log. */
  readonly propensity: number | null;
  /** Id of the bucket, and its values in words. */
  readonly bucket: string;
  readonly bucketLabel: string;
  readonly policy: string;
  readonly confidence: number;
  /** null where the domain does not gate. */
  readonly mode: 'autonomous' | 'supervised' | 'escalated' | null;
  readonly expectedReward: number;
  readonly expectedCostUsd: number | null;
  readonly expectedLatencyMs: number | null;
  /** True where no candidate met the constraints and the fallback arm was taken. */
  readonly fallback: boolean;
  readonly slate?: readonly { readonly arm: string; readonly weight: number; readonly rankPropensity: number | null }[];
}
