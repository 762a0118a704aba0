/** In what two recorded configurations differ. */

export interface ConfigDifference {
  /** Where, in words: `arms.small.costUsd`. */
  readonly path: string;
  /** What was there; missing for what is new. */
  readonly was?: unknown;
  /** What is there; missing for what went. */
  readonly is?: unknown;
}

/**
 * The places, in order of path, where two JSON values differ: the smallest that do, or the whole that came or went. A list whose
 * items have names of their own, as that of the arms, is compared by name: who adds an arm in front has not changed the others.
 */
export function configDiff(was: unknown, is: unknown): ConfigDifference[] {
  const changes: ConfigDifference[] = [];
  compare('', was, is, changes);
  return changes.sort((left, right) => (left.path < right.path ? -1 : 1));
}

function compare(path: string, was: unknown, is: unknown, changes: ConfigDifference[]): void {
  const [before, after] = [partsOf(was), partsOf(is)];
  if (before === undefined || after === undefined || Array.isArray(was) !== Array.isArray(is)) {
    if (JSON.stringify(was) !== JSON.stringify(is)) changes.push({ path, was, is });
    return;
  }
  const order = changes.length;
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const at = path === '' ? name : `${path}.${name}`;
    if (!after.has(name)) changes.push({ path: at, was: before.get(name) });
    else if (!before.has(name)) changes.push({ path: at, is: after.get(name) });
    else compare(at, before.get(name), after.get(name), changes);
  }
  // The same items in another order.
  if (changes.length === order && Array.isArray(was) && JSON.stringify(was) !== JSON.stringify(is))
    changes.push({ path, was: [...before.keys()], is: [...after.keys()] });
}

/** What a value consists of, by name; undefined for one that has no parts. */
function partsOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const names = new Set(value.map(nameOf));
  const named = names.size === value.length && !names.has(undefined);
  return new Map(value.map((item, index) => [named ? (nameOf(item) ?? '') : String(index), item]));
}

function nameOf(item: unknown): string | undefined {
  return typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string'
    ? item.name
    : undefined;
}
