/** A bounded memory by name: what was used lately stays. */

export interface Remembered<T> {
  get(name: string): T | undefined;
  set(name: string, value: T): void;
  clear(): void;
}

/**
 * Two maps: the younger fills up, then becomes the elder, and what is not asked for again goes with it. Keeps between half of
 * `most` and `most` entries. Asked for once per append, where a list in exact order of use cost as much as all of the rest.
 */
export function remember<T>(most: number): Remembered<T> {
  let young = new Map<string, T>();
  let old = new Map<string, T>();

  function set(name: string, value: T): void {
    if (young.size >= most / 2) {
      old = young;
      young = new Map();
    }
    young.set(name, value);
  }

  return {
    get(name) {
      const found = young.get(name);
      if (found !== undefined) return found;
      const elder = old.get(name);
      if (elder !== undefined) set(name, elder);
      return elder;
    },
    set,
    clear() {
      young.clear();
      old.clear();
    },
  };
}
