import type { DomainConfig } from '../config/domain-config.ts';
import type { ContextValue } from './fields.ts';

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
