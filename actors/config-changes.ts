/** Where two configurations of a domain differ. */
import { canonical } from './canonical.ts';
import type { ConfigChange } from './messages.ts';

/** Arms are told by their name, so that one that is added in front does not change all of them. */
export function configChanges(before: unknown, after: unknown, path = ''): readonly ConfigChange[] {
  if (canonical(before) === canonical(after)) return [];
  const left = partsOf(before);
  const right = partsOf(after);
  if (left === undefined || right === undefined) return [{ path, before: before ?? null, after: after ?? null }];
  const names = [...new Set([...left.keys(), ...right.keys()])];
  return names.flatMap((name) =>
    configChanges(left.get(name), right.get(name), path === '' ? name : `${path}.${name}`),
  );
}

/** What a value consists of, by name; undefined where it is told as a whole. */
function partsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (Array.isArray(value)) {
    const named = value.map((item: unknown) => [nameOf(item), item] as const);
    return named.every((entry): entry is readonly [string, unknown] => entry[0] !== undefined)
      ? new Map(named)
      : undefined;
  }
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
}

function nameOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || !('name' in item)) return undefined;
  return typeof item.name === 'string' ? item.name : undefined;
}
