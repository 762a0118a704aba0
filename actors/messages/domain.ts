import { z } from 'zod';
import type { DomainConfig } from '../config/domain-config.ts';
import { ControlBody } from './control.ts';
import type { ContextValue } from './fields.ts';
import type { ConfigChange } from './rollback.ts';

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
  /** Why the last configuration that nobody waited for did not take over; absent where it did, or there was none. */
  readonly refused?: { readonly code: string; readonly message: string; readonly remedy: string };
}

/** A configuration, and how it is to take over. */
export const ConfigureBody = ControlBody.extend({
  config: z.unknown(),
  dryRun: z.boolean().default(false).describe('true: records nothing, and tells what would change'),
  ahead: z
    .enum(['minute', 'all', 'later'])
    .default('minute')
    .describe(
      'for how long buckets learn anew before it takes over: a minute at most, as long as it takes, or as long as it takes after the answer',
    ),
});

export type ConfigureBody = z.input<typeof ConfigureBody>;

export type ConfigureCommand = z.output<typeof ConfigureBody>;

/** How a configuration is to take over. */
export type ConfigureOptions = Pick<ConfigureBody, 'reason' | 'ahead'>;

/** A domain that was configured. */
export interface Configured extends DomainView {
  readonly created: boolean;
  /** There where its buckets learn anew after this answer, and it takes over then. */
  readonly accepted?: true;
}

/** What a configuration would change. */
export interface ConfigurePreview {
  readonly domain: string;
  readonly created: boolean;
  readonly changes: readonly ConfigChange[];
  /** Whether the buckets would learn anew from the log before it takes over. */
  readonly relearns: boolean;
  /** Arms whose declared price moves so far that it has to be confirmed. */
  readonly heldPrices: readonly string[];
}

/** How far the buckets of a domain have learned anew. */
export interface Relearning {
  /** Those that are learned anew before it takes over; 0 while they are counted. */
  readonly buckets: number;
  readonly done: number;
  /** Events that were folded. */
  readonly events: number;
  /** About how many there are in all. */
  readonly ofEvents: number;
}
