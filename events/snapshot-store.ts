/** The port to the cache of bucket states. Losing it costs time, never facts. */
export interface Snapshot {
  /** Revision of the stream's last event that is folded into it. */
  readonly revision: number;
  /** Versions of everything its bytes depend on; a reader drops what differs from its own. */
  readonly versions: string;
  readonly bytes: Uint8Array;
}

export interface SnapshotStore {
  /** The newest snapshot of the stream at or before `revision` (default: any) with these versions. Snapshots with others are dropped. */
  latest(stream: string, versions: string, revision?: number): Promise<Snapshot | undefined>;
  /** Keeps it beside older ones of the stream; the store may thin them out. Failing to is not an error for the caller. */
  put(stream: string, snapshot: Snapshot): Promise<void>;
  close(): Promise<void>;
}

/** Keeps nothing: for who asks the log alone, because caches are not asked what it says. */
export const NO_SNAPSHOTS: SnapshotStore = {
  latest: async () => undefined,
  put: async () => {},
  close: async () => {},
};
