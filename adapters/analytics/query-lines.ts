/** What goes between who asks the read models and the process that answers. */
import type { Problem } from '../../events/errors.ts';

export interface QueryRequest {
  /** The file of the read models. */
  readonly file: string;
  readonly sql: string;
  /** Rows at most. */
  readonly limit: number;
}

export type Cell = string | number | null;

/** How far the read models had got that were read: the one that lags most. */
export interface AsOf {
  /** Log position up to which everything is in them. */
  readonly position: string;
  /** When the last event in them was recorded, milliseconds since 1970; null before the first. */
  readonly time: number | null;
}

export type QueryLine =
  | { readonly kind: 'columns'; readonly columns: readonly string[]; readonly asOf: AsOf | null }
  | { readonly kind: 'row'; readonly row: readonly Cell[] }
  /** `more`: there were more rows than the limit. */
  | { readonly kind: 'end'; readonly more: boolean }
  | { readonly kind: 'problem'; readonly problem: Problem };
