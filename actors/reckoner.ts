/**
 * What a door may ask of the house. The composition root makes one over the bus (`client.ts`), so that a door never knows
 * whether the actors live in its own process.
 */
import type { DomainConfigInput } from './config/domain-config.ts';
import type { ControlCommand } from './messages/control.ts';
import type { DecideBody, Decision } from './messages/decide.ts';
import type { Configured, ConfigureOptions, ConfigurePreview, DomainView } from './messages/domain.ts';
import type { Explanation } from './messages/explanation.ts';
import type { Health } from './messages/health.ts';
import type { Blend, BlendBody, ItemsCommand, ItemsReceipt } from './messages/items.ts';
import type { PosteriorDiff, PosteriorDiffQuery, PosteriorQuery, PosteriorView } from './messages/posterior.ts';
import type { RetractionReceipt, RewardBody, RewardReceipt } from './messages/reward.ts';
import type {
  CheckpointBody,
  Rollback,
  RollbackBody,
  RollbackPoint,
  RollbackPreview,
  VoidBody,
  Voiding,
} from './messages/rollback.ts';
import type { Run, RunBody } from './messages/run.ts';

/** Owner of what is asked for where nothing else is said. */
export const DEFAULT_TENANT = 'default';

/** Who asks. */
export interface Caller {
  /** Owner of the domains. */
  readonly tenant: string;
  /** Name for the log: a key's name, `cli`, `http`. */
  readonly by: string;
}

/** Every method validates its input and rejects with a ReckonerError. Answers leave only after their event is durable. */
export interface Reckoner {
  decide(domain: string, body: DecideBody, caller?: Caller): Promise<Decision>;
  /**
   * Decides, hands the arm to its agent, and falls back along the remaining candidates when the call fails. Acts whatever the
   * decision’s mode is: who wants to look first decides.
   */
  run(domain: string, body: RunBody, caller?: Caller): Promise<Run>;
  /** Gives (decision) one reward; twice is once. */
  reward(decisionId: string, body: RewardBody, caller?: Caller): Promise<RewardReceipt>;
  retract(
    decisionId: string,
    rewardId: string,
    body?: Partial<ControlCommand>,
    caller?: Caller,
  ): Promise<RetractionReceipt>;
  showItems(decisionId: string, body: ItemsCommand, caller?: Caller): Promise<ItemsReceipt>;
  /** Makes one list of what the arms of a slate recommend, and records it as shown. */
  blend(decisionId: string, body: BlendBody, caller?: Caller): Promise<Blend>;
  explain(decisionId: string, caller?: Caller): Promise<Explanation>;
  /** Creates the domain or replaces its configuration; the same configuration again changes nothing. */
  configure(
    domain: string,
    config: DomainConfigInput,
    caller?: Caller,
    options?: ConfigureOptions,
  ): Promise<Configured>;
  /** What the same would change; nothing is recorded. */
  previewConfiguration(domain: string, config: DomainConfigInput, caller?: Caller): Promise<ConfigurePreview>;
  domain(domain: string, caller?: Caller): Promise<DomainView>;
  domains(caller?: Caller): Promise<readonly DomainView[]>;
  freeze(domain: string, body?: Partial<ControlCommand>, caller?: Caller): Promise<DomainView>;
  thaw(domain: string, body?: Partial<ControlCommand>, caller?: Caller): Promise<DomainView>;
  /** Returns what the domain has learned, and its configuration, to one of its revisions. */
  rollBack(domain: string, body: RollbackBody, caller?: Caller): Promise<Rollback>;
  /** The same as a dry run: records nothing, and tells what would change. */
  previewRollback(domain: string, body: RollbackBody, caller?: Caller): Promise<RollbackPreview>;
  /** Takes rewards of a person or a span of time out of what is learned; a dry run only counts them. */
  voidRewards(domain: string, body: VoidBody, caller?: Caller): Promise<Voiding>;
  /** Marks the domain as it is now, to be returned to by name. */
  checkpoint(domain: string, body: CheckpointBody, caller?: Caller): Promise<RollbackPoint>;
  /** The newest points that the domain can be returned to, newest first. */
  rollbackPoints(domain: string, caller?: Caller): Promise<readonly RollbackPoint[]>;
  /** What the buckets of a domain knew at a moment. */
  posterior(domain: string, query: PosteriorQuery, caller?: Caller): Promise<PosteriorView>;
  /** What changed between two. */
  posteriorDiff(domain: string, query: PosteriorDiffQuery, caller?: Caller): Promise<PosteriorDiff>;
  health(): Promise<Health>;
}
