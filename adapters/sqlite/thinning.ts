/** Which snapshots of a stream to keep. */

const NEWEST = 4;

/**
 * The revisions that may go. Kept are the newest four, and of the older ones the oldest of each power of two of distance from
 * the newest: a rollback goes back a little or a lot, and after any of them at most as many events are folded again as
 * were undone. So a stream of n events keeps at most 4 + log2(n) snapshots.
 * @param revisions in descending order, without repetition
 */
export function surplus(revisions: readonly number[]): number[] {
  const newest = revisions[0] ?? 0;
  return revisions.filter((revision, index) => {
    if (index < NEWEST) return false;
    const next = revisions[index + 1]; // the next older one
    return next !== undefined && distanceClass(newest - next) === distanceClass(newest - revision);
  });
}

function distanceClass(distance: number): number {
  return Math.floor(Math.log2(distance));
}
