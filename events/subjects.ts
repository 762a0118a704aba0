/**
 * The port to the only mutable thing beside the log: a random salt for each person. The log holds pseudonyms, HMACs of a
 * person under that salt; erasing the salt erases the link for good.
 */
export interface SubjectSalts {
  /**
   * The person's salt, made at the first call and durable before it is returned.
   * @param lookup HMAC of tenant and person under the installation's key, so that the store holds no names
   * @throws ReckonerError log_full, log_locked, log_corrupt, log_unusable, shutting_down
   */
  saltOf(lookup: Uint8Array): Promise<Uint8Array>;
  /** The same where there is one; undefined where there is none, and none is made: for who only asks about a person. */
  knownSaltOf(lookup: Uint8Array): Promise<Uint8Array | undefined>;
  /** Erases the salt; false where there was none. A later `saltOf` makes a new one, with no relation to the old. */
  erase(lookup: Uint8Array): Promise<boolean>;
  close(): Promise<void>;
}
