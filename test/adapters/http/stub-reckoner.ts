/**
 * A Reckoner that does what a test tells it: for what the real one cannot be made to do on demand (be slow, fail inside). What
 * it is not told to do fails.
 */
import type { Reckoner } from '../../../actors/reckoner.ts';

export function stubReckoner(told: Partial<Reckoner>): Reckoner {
  const untold = () => Promise.reject(new Error('the test did not say what this does'));
  return {
    decide: untold,
    run: untold,
    reward: untold,
    retract: untold,
    showItems: untold,
    blend: untold,
    explain: untold,
    configure: untold,
    previewConfiguration: untold,
    domain: untold,
    domains: untold,
    freeze: untold,
    thaw: untold,
    rollBack: untold,
    previewRollback: untold,
    voidRewards: untold,
    checkpoint: untold,
    rollbackPoints: untold,
    posterior: untold,
    posteriorDiff: untold,
    health: untold,
    ...told,
  };
}
