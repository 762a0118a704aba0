/** What a bench is to the runner: a function that measures, says what it sees, and gives the figures. */

export interface BenchOptions {
  /** Whether the figures will follow as JSON. */
  readonly json: boolean;
  /** Directory for the files a bench writes; default: a temporary one on a disk. */
  readonly data?: string;
}

/** The figures of a run, as they are printed with `--json`: `bench` is its name, `pass` is false where a bar was missed. */
export type Figures = object;

export function missedBar(figures: Figures): boolean {
  return 'pass' in figures && figures.pass === false;
}

export interface Bench {
  run(options: BenchOptions): Promise<Figures>;
}
