/** Something in a configuration that is allowed, and that whoever wrote it should know. */
export interface ConfigWarning {
  /** Path into the configuration. */
  readonly path: string;
  readonly message: string;
  /** What to do. */
  readonly remedy: string;
}

/** How many names a message has. */
const NAMED = 5;

/** The first few of them. */
export function someOf(names: readonly string[]): string {
  return `${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ''}`;
}

/** To three digits. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}
