/**
 * Beta counts as bytes: 'RBC1', the length of the names (uint32), the names as JSON in UTF-8, then all successes, all
 * failures and all pulls as float64. Little-endian throughout; equal counts give equal bytes, and not a bit is lost.
 */

import { type BetaCounts, emptyCounts } from './beta-counts.ts';

const MAGIC = [0x52, 0x42, 0x43, 0x31];
const HEADER = 8;

/** The bytes of the counts. */
export function writeCounts(counts: BetaCounts): Uint8Array {
  const names = new TextEncoder().encode(JSON.stringify(counts.arms));
  const bytes = new Uint8Array(HEADER + names.length + 24 * counts.arms.length);
  bytes.set(MAGIC);
  bytes.set(names, HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, names.length, true);
  let at = HEADER + names.length;
  for (const column of [counts.successes, counts.failures, counts.pulls]) {
    for (const value of column) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  }
  return bytes;
}

/**
 * The counts that `writeCounts` wrote.
 * @throws RangeError for bytes that it cannot have written
 */
export function readCounts(bytes: Uint8Array): BetaCounts {
  if (bytes.length < HEADER || MAGIC.some((byte, i) => bytes[i] !== byte)) throw broken('it does not begin as one');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = HEADER + view.getUint32(4, true);
  if (start > bytes.length) throw broken('its names are cut off');
  const arms = readNames(bytes.subarray(HEADER, start));
  if (bytes.length !== start + 24 * arms.length) throw broken(`it has the wrong length for ${arms.length} arms`);
  const counts = emptyCounts();
  for (const [at, arm] of arms.entries()) {
    if (counts.index.has(arm)) throw broken(`the arm '${arm}' is there twice`);
    counts.index.set(arm, at);
    counts.arms.push(arm);
  }
  let at = start;
  for (const column of [counts.successes, counts.failures, counts.pulls]) {
    for (let i = 0; i < arms.length; i++) {
      const value = view.getFloat64(at, true);
      if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw broken(`a count is ${value}`);
      column.push(value);
      at += 8;
    }
  }
  return counts;
}

function readNames(bytes: Uint8Array): string[] {
  let names: unknown;
  try {
    names = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw broken('its names are not JSON');
  }
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string'))
    throw broken('its names are not strings');
  return names as string[];
}

function broken(why: string): RangeError {
  return new RangeError(`this is not a posterior of Beta counts: ${why}. Drop the snapshot and refold the log.`);
}
