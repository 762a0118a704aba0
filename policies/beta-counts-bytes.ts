/** Beta counts as bytes: 'RBC1', then all successes, all failures and all pulls. */

import { readColumns, writeColumns } from './arm-columns.ts';
import type { BetaCounts } from './beta-counts.ts';

/** The bytes of the counts. */
export function writeCounts({ arms, successes, failures, pulls }: BetaCounts): Uint8Array {
  return writeColumns('RBC1', arms, [successes, failures, pulls]);
}

/**
 * The counts that `writeCounts` wrote.
 * @throws RangeError for bytes that it cannot have written
 */
export function readCounts(bytes: Uint8Array): BetaCounts {
  const { arms, index, columns } = readColumns('RBC1', 3, bytes, 'a posterior of Beta counts');
  return { arms, index, successes: columns[0]!, failures: columns[1]!, pulls: columns[2]! };
}
