import type { ContextValue } from '../messages/fields.ts';

/** How one feature of a context becomes doubles, and words again. */
export interface Column {
  /** Number of its doubles; undefined where it is one, and that is no vector. */
  readonly size?: number;
  /** The double, or all of a vector, or what is wrong. */
  readonly encode: (value: ContextValue | undefined, time: number) => number | readonly number[] | string;
  /** Whether what is recorded is not the value, but something made of it. */
  readonly veiled?: true;
  readonly describe: (double: number) => ContextValue;
  /** The value that stands for the double in a bucket: its id hashes it, so what is written here is for good. */
  readonly cell: (double: number) => string;
  /** The same for people, where the cell is hard to read. */
  readonly label?: (double: number) => string;
  /** The double that has this cell, where only one has; undefined where none has. */
  readonly recall?: (cell: string) => number | undefined;
  readonly example: ContextValue | undefined;
}
