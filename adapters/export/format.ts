import type { DomainOutline } from './domain-outline.ts';
import type { Place, Round } from './rounds.ts';

/** How rounds are written down: one line for each place of a round that is wanted. */
export interface Format {
  /** What it is read by, in a few words. */
  readonly about: string;
  /** Whether it needs the propensities of all candidates. */
  readonly allPropensities: boolean;
  /** Whether it has lines for the further places of a slate; else only for the arm that was chosen. */
  readonly slates: boolean;
  /** The line before all others. */
  header(outline: DomainOutline): string | undefined;
  /** @param row number of the line, from 0 */
  line(round: Round, place: Place, row: number, outline: DomainOutline): string;
}

export type Cell = string | number | boolean | undefined;

/**
 * Cells as one line of CSV (RFC 4180), without the line break; booleans as 0 and 1, what is undefined as nothing. A spreadsheet takes a
 * text that begins with = + - or @ for a formula, and runs it: such a text gets an apostrophe before it (OWASP, CSV injection).
 */
export function csvLine(cells: readonly Cell[]): string {
  return cells.map(csvCell).join(',');
}

const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

function csvCell(cell: Cell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'boolean') return cell ? '1' : '0';
  const text = typeof cell === 'string' && FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A feature of a context as a cell. */
export function featureCell(round: Round, name: string): Cell {
  const value = round.features.get(name);
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

export function isoTime(time: number): string {
  return new Date(time).toISOString();
}
