/** What was opened, so that it can be closed in the opposite order. */
export interface Opened {
  keep<T extends { close(): Promise<void> }>(part: T): T;
  close(): Promise<void>;
}

export function createOpened(): Opened {
  const parts: { close(): Promise<void> }[] = [];
  return {
    keep(part) {
      parts.unshift(part);
      return part;
    },
    async close() {
      for (const part of parts) await part.close();
    },
  };
}
