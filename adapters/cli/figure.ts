/** A measured number for a person: to six significant digits, so that 0.1 + 0.2 is 0.3. Programs get every digit, by `--json`. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(6)));
}
