/** How often, and after how long, the actors try again: the same for every stream. */

/** So often a command is made anew after another writer was faster; then its caller is told to come again. */
export const CONFLICT_RETRIES = 3;

/** Before the nth try a bucket pauses up to 2^n times so many milliseconds, at random: writers that lost a race would else run the next one together. */
export const CONFLICT_PAUSE_MS = 16;

/** Milliseconds before an append is repeated whose outcome the log did not tell. */
export const UNKNOWN_PAUSE_MS = 100;

/** Milliseconds before following the log begins anew, after it failed. */
export const FOLLOW_PAUSE_MS = 500;
