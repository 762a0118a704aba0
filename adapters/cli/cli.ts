import type { Terminal } from './terminal.ts';

/** What a command may touch of the process it runs in. */
export interface Cli {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Ends the process with this code once the command is done, without calling that an error. */
  exit(code: number): void;
}
