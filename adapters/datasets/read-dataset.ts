import { basename } from 'node:path';
import { TEXT_LENGTH } from '../../actors/config/context.ts';
import { ReckonerError } from '../../events/errors.ts';
import { type CsvRecord, readCsv } from './csv.ts';
import type { Dataset, RecordedRequest } from './dataset.ts';
import { decimalOf } from './decimal.ts';
import {
  detectLayout,
  detectPrompt,
  type Layout,
  type PromptColumn,
  type PromptFeature,
  promptColumns,
  understoodColumns,
} from './layout.ts';

/** What of a file is read. */
export interface Reading {
  /** Arms that are not: neither is a row left out because their outcome is missing. */
  readonly without?: readonly string[];
  /** What is to be known of the prompts; default their length where the file has it and no bucket, else nothing. */
  readonly prompt?: readonly PromptFeature[];
}

/**
 * Reads recorded requests from a .csv or .csv.gz whose columns are understood (see layout.ts). Rows that are marked as
 * contaminated, or in which an arm's outcome is missing, are left out and counted.
 * @param name what to call it; default the file's name without its ending
 * @throws ReckonerError request_invalid: unreadable file, unknown columns, a cell that is not a number (with its row), no rows, no
 *   column of what is asked of the prompts
 */
export async function readDataset(
  path: string,
  name: string = basename(path).replace(/\.csv(\.gz)?$/, ''),
  { without = [], prompt }: Reading = {},
): Promise<Dataset> {
  let layout: Layout | undefined;
  let prompts: readonly PromptColumn[] = [];
  const rows: RecordedRequest[] = [];
  const buckets = new Set<string>();
  const leftOut = { contaminated: 0, incomplete: 0 };
  for await (const record of readCsv(path)) {
    if (layout === undefined) {
      const detected = detectLayout(record.cells);
      layout = { ...detected, arms: detected.arms.filter(({ arm }) => !without.includes(arm)) };
      prompts = detectPrompt(record.cells, prompt ?? usualPrompt(record.cells, layout));
      continue;
    }
    if (isContaminated(layout, record)) {
      leftOut.contaminated++;
      continue;
    }
    const row = requestOf(layout, record, prompts);
    if (row === undefined) {
      leftOut.incomplete++;
      continue;
    }
    for (const value of Object.values(row.context)) buckets.add(value);
    rows.push(row);
  }
  if (layout === undefined || rows.length === 0) throw empty(path, leftOut.contaminated + leftOut.incomplete);
  return {
    name,
    arms: layout.arms.map(({ arm }) => arm),
    bucketFeature: layout.bucket?.feature ?? null,
    buckets: [...buckets],
    promptFeatures: prompts.map(({ feature }) => feature),
    priced: layout.priced,
    rows,
    leftOut,
  };
}

/** Requests that nothing tells apart cannot be routed; where there is a bucket, the length says little beside it. */
function usualPrompt(header: readonly string[], { bucket }: Layout): PromptFeature[] {
  return bucket === null && header.includes(promptColumns.chars) ? ['chars'] : [];
}

function isContaminated(layout: Layout, record: CsvRecord): boolean {
  return layout.contaminated !== null && (numberAt(record, layout.contaminated, 'contaminated', 0, 1) ?? 0) === 1;
}

/** The request in a record; undefined where an outcome is missing. */
function requestOf(layout: Layout, record: CsvRecord, prompts: readonly PromptColumn[]): RecordedRequest | undefined {
  const rewards: number[] = [];
  const dollars: number[] = [];
  for (const { arm, reward, dollars: column } of layout.arms) {
    const value = numberAt(record, reward, `the reward of ${arm}`, 0, 1);
    const cost = column === null ? 0 : numberAt(record, column, `the dollars of ${arm}`, 0, Number.MAX_VALUE);
    if (value === undefined || cost === undefined) return undefined;
    rewards.push(value);
    if (column !== null) dollars.push(cost);
  }
  const request = { context: contextOf(layout, record), rewards, dollars };
  return prompts.length === 0 ? request : { ...request, prompt: promptOf(record, prompts) };
}

function promptOf(record: CsvRecord, prompts: readonly PromptColumn[]): Record<string, string | number> {
  const valueIn = ({ feature, name, column }: PromptColumn) =>
    feature === 'text'
      ? (record.cells[column] ?? '').slice(0, TEXT_LENGTH)
      : (numberAt(record, column, name, 0, Number.MAX_VALUE) ?? 0);
  return Object.fromEntries(prompts.map((one) => [one.name, valueIn(one)]));
}

function contextOf(layout: Layout, record: CsvRecord): Record<string, string> {
  if (layout.bucket === null) return {};
  const { feature, column } = layout.bucket;
  const value = record.cells[column] ?? '';
  if (value.length > 128) {
    throw wrong(record, `${feature} has ${value.length} characters`, 'A bucket value has at most 128 characters.');
  }
  // A categorical value may not be empty, and rows that say nothing are a bucket of their own.
  return { [feature]: value === '' ? '(none)' : value };
}

/** A decimal number; undefined where the cell is empty. */
function numberAt(record: CsvRecord, column: number, what: string, min: number, max: number): number | undefined {
  const cell = record.cells[column] ?? '';
  if (cell === '') return undefined;
  const value = decimalOf(cell);
  if (value >= min && value <= max) return value;
  const shown = cell.length > 40 ? `${cell.slice(0, 40)}…` : cell;
  if (Number.isNaN(value))
    throw wrong(
      record,
      `${what} is not a number: ${JSON.stringify(shown)}`,
      'Write a decimal number, or leave the cell empty where it is missing.',
    );
  throw wrong(
    record,
    `${what} is ${shown}`,
    `It must lie between ${min} and ${max === Number.MAX_VALUE ? 'infinity' : max}.`,
  );
}

function wrong(record: CsvRecord, what: string, remedy: string): ReckonerError {
  return new ReckonerError('request_invalid', `Row ${record.number} (the header is row 1): ${what}.`, { remedy });
}

function empty(path: string, leftOut: number): ReckonerError {
  const message =
    leftOut === 0
      ? `${path} has no rows.`
      : `All ${leftOut} rows of ${path} are left out (contaminated, or an outcome is missing).`;
  return new ReckonerError('request_invalid', message, {
    remedy: `Give a file with a header line and rows: ${understoodColumns}.`,
  });
}
