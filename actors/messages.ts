/**
 * What crosses the bus and the doors: commands with their schemas, and the answers to them. Each schema is the one declaration
 * of its message; doors validate with it and derive their documentation from it.
 */
import { z } from 'zod';
import type { Problem } from '../events/errors.ts';
import type { Belief } from '../policies/policy.ts';
import type { AgentSource } from './agent.ts';
import type { FailureCategory } from './agent-outcome.ts';
import { Constraints } from './config/constraints.ts';
import { EMBEDDING_LENGTH, TEXT_LENGTH } from './config/context.ts';
import { ArmName } from './config/names.ts';
import { rewardKinds } from './config/reward.ts';
import type { DomainConfig } from './domain-config.ts';

const RequestId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
  .describe(
    'makes the request idempotent: the same id with the same body gives the recorded answer; printable ASCII without spaces',
  );

const Subject = z.string().min(1).max(256).describe('the person it is for; only a pseudonym is stored');
const unit = z.number().min(0).max(1);

/** Longest name of a feature. */
const NAME_LENGTH = 64;

/** The features of a request by name: an array of numbers is an embedding. */
export const Context = z.record(
  z.string().max(NAME_LENGTH),
  z.union([z.number(), z.boolean(), z.string().max(TEXT_LENGTH), z.array(z.number()).max(EMBEDDING_LENGTH)]),
);
/** The value of a feature: as callers send it, or as it can be told from the log, where texts and embeddings are the numbers that were made of them. */
export type ContextValue = number | boolean | string | readonly number[];

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
/** `run`: the arm is to be carried out too, and what for, as a keyed hash. */
export type DecideCommand = z.output<typeof DecideBody> & { readonly run?: string };

/** How long a run may take where nothing else is said, and at most, in milliseconds. */
export const RUN_TIMEOUT = { default: 30_000, most: 600_000 } as const;

export const RunBody = DecideBody.omit({ k: true }).extend({
  question: z.unknown().describe('what the agent is asked, in the form that it understands; never recorded'),
  timeoutMs: z
    .int()
    .min(1)
    .max(RUN_TIMEOUT.most)
    .default(RUN_TIMEOUT.default)
    .describe('how long an answer is waited for, all attempts together, in milliseconds'),
});
export type RunBody = z.input<typeof RunBody>;
export type RunCommand = z.output<typeof RunBody>;

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

const Feedback = z.union([
  z.enum(['click', 'thumbs_up', 'thumbs_down']),
  z.strictObject({
    rating: z
      .number()
      .min(-1e6)
      .max(1e6)
      .describe('on the domain’s scale: its feedback.successRating and failureRating'),
  }),
]);

export const RewardBody = z
  .strictObject({
    value: unit.optional().describe('the reward itself'),
    feedback: Feedback.optional().describe('mapped to success, failure or neutral by the domain'),
    components: z
      .strictObject({ quality: unit, cost: unit, latency: unit, feedback: unit })
      .partial()
      .optional()
      .describe(
        'what was measured, each from 0 (worst) to 1 (best); the domain’s reward.weights make one reward of them',
      ),
    kind: z.enum(rewardKinds).optional().describe('default: explicit for feedback, else outcome'),
    item: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('the shown item it is for: the reward goes to that item’s arm'),
    costUsd: z
      .number()
      .min(0)
      .max(1e6)
      .optional()
      .describe(
        'dollars that the call has cost, for the domain’s budget; the first one of a decision counts. An agent that Reckoner itself calls tells it',
      ),
    subject: Subject.optional(),
    requestId: RequestId.optional(),
  })
  .refine(
    (body) => body.value !== undefined || body.feedback !== undefined || Object.keys(body.components ?? {}).length > 0,
    {
      message: 'Give a value, a feedback or components',
    },
  );
export type RewardBody = z.input<typeof RewardBody>;
export type RewardCommand = z.output<typeof RewardBody>;

const ItemId = z.string().min(1).max(256).describe('your id of the item');

export const ItemsBody = z.strictObject({
  items: z
    .array(
      z.strictObject({
        item: ItemId,
        arm: ArmName.describe('the arm that it came from, one of the decision’s slate'),
        position: z.int().min(0).max(100_000).describe('its place, from 0'),
      }),
    )
    .min(1)
    .max(1000),
});
export type ItemsCommand = z.output<typeof ItemsBody>;

export const BlendBody = z.strictObject({
  lists: z
    .array(
      z.strictObject({
        arm: ArmName.describe('the arm that ranked these items, one of the decision’s slate'),
        items: z.array(ItemId).max(1000).describe('what it recommends, best first; may be empty'),
      }),
    )
    .min(1)
    .max(100)
    .refine((lists) => new Set(lists.map(({ arm }) => arm)).size === lists.length, 'an arm has more than one list')
    .describe('one list for each arm that was asked'),
  size: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('how many items are wanted; fewer come where the lists end before'),
});
export type BlendBody = z.input<typeof BlendBody>;
export type BlendCommand = z.output<typeof BlendBody>;

export const ControlBody = z.strictObject({
  reason: z.string().max(500).default('').describe('why, for those who read the log'),
});
export type ControlCommand = z.output<typeof ControlBody>;

export const RollbackBody = ControlBody.extend({
  to: z
    .union([z.int().min(0), z.string().min(1).max(200)])
    .describe(
      'what to return to: a rollback point by its name (the newest of that name, or name@revision), a revision of the domain, or ' +
        'a time (ISO 8601), which means the newest revision that was recorded by then',
    ),
  keepConfig: z
    .boolean()
    .default(false)
    .describe('true: only what was learned goes back, the configuration stays as it is now'),
  dryRun: z.boolean().default(false).describe('true: records nothing, and tells what would change'),
  contexts: z
    .int()
    .min(1)
    .max(2_000)
    .default(200)
    .describe(
      'of a dry run: on how many of the last decisions the arms are compared; on fewer where there are thousands of arms',
    ),
});
export type RollbackBody = z.input<typeof RollbackBody>;
export type RollbackCommand = z.output<typeof RollbackBody>;

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

/** One agent that was tried for a run. */
export interface Attempt {
  readonly arm: string;
  readonly agent: string;
  /** Id of the event that recorded it; null where the agent's open breaker turned it away, which is only counted. */
  readonly eventId: string | null;
  readonly latencyMs: number;
  /** Why it failed; null where it answered. */
  readonly failure: FailureCategory | null;
}

/** The answer to a run command. */
export interface Run {
  readonly decision: Decision;
  /** The arm that answered: the chosen one, or one that stood in for it. Rewards of the decision go to it. */
  readonly arm: string;
  /** What its agent answered; null where the request is repeated and only the log still tells that it was answered. */
  readonly answer: unknown;
  readonly source: AgentSource;
  readonly latencyMs: number;
  readonly costUsd: number;
  /** In [0, 1]; null where it was not known at once. */
  readonly quality: number | null;
  /** Who was tried, in order; the last one answered. */
  readonly attempts: readonly Attempt[];
  /** True where the request had been answered before. */
  readonly repeated: boolean;
}

export interface RewardReceipt {
  readonly rewardId: string;
  readonly decisionId: string;
  readonly arm: string;
  readonly value: number;
  /** The part of one pull it counts as; 0 for neutral feedback. */
  readonly share: number;
  readonly kind: string;
  /** False where the domain is frozen: recorded, but it moved nothing. */
  readonly learned: boolean;
  /** True where it had been recorded before. */
  readonly repeated: boolean;
}

export interface RetractionReceipt {
  readonly rewardId: string;
  readonly decisionId: string;
  readonly retracted: true;
  readonly repeated: boolean;
}

export interface ItemsReceipt {
  readonly decisionId: string;
  readonly items: number;
  readonly repeated: boolean;
}

/** Items from several arms as one list, in its order. */
export interface Blend {
  readonly decisionId: string;
  readonly items: readonly { readonly item: string; readonly arm: string; readonly position: number }[];
  readonly repeated: boolean;
}

/** A recorded decision, told in full. */
export interface Explanation extends Decision {
  /** ISO 8601. */
  readonly time: string;
  readonly stream: string;
  readonly revision: number;
  readonly domainRevision: number;
  readonly posteriorRevision: number;
  readonly policyVersion: number;
  readonly seed: number;
  readonly floor: number;
  /** True when the floor, not the posterior, drew the arm. */
  readonly explored: boolean;
  readonly context: Readonly<Record<string, ContextValue>>;
  /** What the policy parted this context from others by, in words; empty where it parts none. */
  readonly path: readonly string[];
  readonly taskType: string | null;
  readonly complexity: number | null;
  readonly tokens: number | null;
  /** Whether recomputing the choice from the log gave the recorded arm and propensity. */
  readonly verified: boolean;
  /** Why the bucket had begun to learn from nothing again, where a change of what an arm earns made it; null where none did. */
  readonly restart: Restart | null;
  /** What every candidate looked like at that moment. */
  readonly arms: readonly (Belief & {
    readonly arm: string;
    readonly shift: number;
    /** What the shift is the sum of, by name; empty where nothing shifts any candidate. */
    readonly terms: Readonly<Record<string, number>>;
    /** The score it drew; null where the floor drew. */
    readonly sample: number | null;
    readonly propensity: number;
    readonly chosen: boolean;
  })[];
  /** Who was set aside, by which constraint, and what that was: a number, the missing capability, the tenant. */
  readonly excluded: readonly { readonly arm: string; readonly constraint: string; readonly limit: string }[];
  /** What the domain's budget said at that moment; null where it had none. */
  readonly budget: {
    readonly perRequestUsd: number;
    /** What the decision was charged with until its cost was known. */
    readonly chargedUsd: number;
    /** What was left before it; null where it was the bucket's first. */
    readonly balanceUsd: number | null;
    /** What a dollar was worth, in units of reward. */
    readonly price: number;
    readonly arms: readonly {
      readonly arm: string;
      readonly expectedUsd: number;
      /** Reports in a row that were more than ten times off, and are not believed yet. */
      readonly heldReports: number;
    }[];
  } | null;
  /** How the bucket stood by conservative mode; null where the domain has none, or the baseline was no candidate. */
  readonly conservative: {
    readonly baseline: string;
    readonly risk: number;
    /** What its decisions so far earned at least, and what they owe with this one: 1 − risk of the baseline’s, at most. */
    readonly earned: number;
    readonly owed: number;
    /** Whether arms were set aside for it. */
    readonly held: boolean;
  } | null;
  readonly items: readonly { readonly item: string; readonly arm: string; readonly position: number }[];
  readonly rewards: readonly {
    readonly rewardId: string;
    readonly time: string;
    readonly arm: string;
    readonly value: number;
    readonly share: number;
    readonly kind: string;
    readonly feedback: string | null;
    readonly item: string | null;
    readonly components: Readonly<Partial<Record<'quality' | 'cost' | 'latency' | 'feedback', number>>>;
    readonly costUsd: number | null;
    readonly retracted: boolean;
    /** True where it told of what was before a change, and moved nothing. */
    readonly outdated: boolean;
    /** True where it came after a rollback had set its decision aside, and moved nothing. */
    readonly setAside: boolean;
  }[];
}

/** The last restart of a bucket before a decision. */
export interface Restart {
  readonly revision: number;
  readonly time: string;
  readonly arm: string;
  readonly detector: string;
  readonly statistic: number;
  readonly threshold: number;
  /** Mean reward of the arm before the change and after it. */
  readonly meanBefore: number;
  readonly meanAfter: number;
  readonly pulls: number;
}

export interface DomainView {
  readonly domain: string;
  readonly revision: number;
  readonly frozen: boolean;
  readonly config: DomainConfig;
  /** A context that is valid for it. */
  readonly exampleContext: Readonly<Record<string, ContextValue>>;
  /** What all buckets together earned, as last shared. */
  readonly shared: readonly { readonly arm: string; readonly pulls: number; readonly mean: number }[];
  /** Rewards counted when it was last shared. */
  readonly counted: number;
  /** How far its buckets have learned anew for a configuration that takes over then; absent where none does. */
  readonly relearning?: Relearning;
}

/** How far the buckets of a domain have learned anew. */
export interface Relearning {
  /** Those that are learned anew before it takes over; 0 while they are counted. */
  readonly buckets: number;
  readonly done: number;
  /** Events that were folded. */
  readonly events: number;
}

export const CheckpointBody = ControlBody.extend({
  name: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[^@\p{Cc}]*[^@\p{Cc}\d][^@\p{Cc}]*$/u, 'must not be a number, nor contain @')
    .describe('what it is to be called; a name may be used again, the newest is meant then'),
});
export type CheckpointBody = z.input<typeof CheckpointBody>;
export type CheckpointCommand = z.output<typeof CheckpointBody>;

export const VoidBody = ControlBody.extend({
  subject: Subject.optional().describe('whose rewards; not given: everybody’s'),
  from: z.iso.datetime({ offset: true }).optional().describe('recorded at this time or later'),
  to: z.iso.datetime({ offset: true }).optional().describe('recorded before this time'),
  dryRun: z.boolean().default(false).describe('true: records nothing, and tells how many rewards it would be'),
})
  .refine((body) => body.subject !== undefined || body.from !== undefined || body.to !== undefined, {
    message: 'Give a subject, a from or a to',
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
    message: 'from must be before to',
  });
export type VoidBody = z.input<typeof VoidBody>;
export type VoidCommand = z.output<typeof VoidBody>;

/** What a voiding did, or would do. */
export interface Voiding {
  readonly domain: string;
  /** Revision of the domain at which it was recorded: a rollback to the one before it restores the rewards. Of a dry run the newest. */
  readonly revision: number;
  /** False for a dry run, and where there is no such reward. */
  readonly recorded: boolean;
  /** Rewards that count no more. */
  readonly rewards: number;
  /** In how many buckets. */
  readonly buckets: number;
  readonly arms: readonly { readonly arm: string; readonly pulls: number; readonly mean: number }[];
}

/** A revision that a domain can be returned to. */
export interface RollbackPoint {
  readonly name: string;
  /** Revision that it returns to: `name@revision` means this one of several. */
  readonly revision: number;
  /** config, policy, thaw, daily, manual, rollback or void. */
  readonly cause: string;
  readonly by: string;
  readonly reason: string;
  /** The moment that is restored: ISO 8601. */
  readonly time: string;
}

/** What a rollback would change. */
export interface RollbackPreview {
  readonly domain: string;
  /** The newest revision of the domain. */
  readonly revision: number;
  readonly to: RevisionSpan;
  readonly configKept: boolean;
  /** What would count no more. */
  readonly setAside: EventCounts;
  /** What would count again: it was set aside by a rollback that this one undoes. */
  readonly restored: EventCounts;
  /** On how many of the last decisions, since what would be set aside, the arms are compared. */
  readonly contexts: number;
  /** How many of the last decisions cannot be put to the restored configuration: their context does not fit it. */
  readonly unfit: number;
  /** Over those contexts; null where an arm is not there before or after. */
  readonly arms: readonly {
    readonly arm: string;
    /** Mean reward that is expected of it. */
    readonly mean: BeforeAfter;
    /** Part of the choices that it gets. */
    readonly share: BeforeAfter;
  }[];
  readonly config: readonly ConfigChange[];
}

export interface EventCounts {
  readonly decisions: number;
  readonly rewards: number;
  readonly retractions: number;
}

export interface BeforeAfter {
  readonly before: number | null;
  readonly after: number | null;
}

/** A place where two configurations differ; null where there is nothing. */
export interface ConfigChange {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What a rollback did. */
export interface Rollback {
  readonly domain: string;
  /** Revision of the domain at which it was recorded: rolling back to the one before it undoes it. */
  readonly revision: number;
  /** What it returned to, and when that was recorded. */
  readonly to: RevisionSpan;
  readonly configKept: boolean;
  /** False where the domain stood there already: then nothing was recorded, and `revision` is the newest. */
  readonly recorded: boolean;
}

/** A revision of a domain, and for how long it was the newest: ISO 8601. */
export interface RevisionSpan {
  readonly revision: number;
  readonly from: string;
  /** null where it still is. */
  readonly until: string | null;
}

export interface Health {
  readonly ready: boolean;
  readonly state: string;
  /** What keeps it from being ready though it is open: the log takes no appends. */
  readonly problem?: Pick<Problem, 'code' | 'remedy'>;
  readonly liveBuckets: number;
  readonly inFlight: number;
  readonly domains: number;
  /** Actors that failed and were brought back since the start. */
  readonly restarts: number;
  /** How the read models are kept, where this node makes them. Decisions do not depend on it. */
  readonly projections?: {
    readonly state: 'starting' | 'standby' | 'projecting' | 'trouble' | 'stopped';
    /** For how long the oldest event that is not yet in them has been waiting. */
    readonly secondsBehind: number;
    /** What is wrong, in state trouble; it is tried again. */
    readonly problem?: Pick<Problem, 'code' | 'remedy'>;
  };
}
