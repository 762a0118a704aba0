/** Which requests are alike in what their calls cost, for a budget: those of the same categories. */
import type { DomainConfig } from '../config/domain-config.ts';
import { compileContext } from '../context/features.ts';

/** Configurations are replaced, and what was made of one goes with it. */
const known = new WeakMap<DomainConfig, (features: readonly number[]) => string>();

/**
 * The hash of the context's categories and booleans, by name and value, so that it means the same when others are declared; empty
 * where there are none. What makes the bucket is not among them: a pacer is one bucket's.
 */
export function costContextOf(config: DomainConfig, features: readonly number[]): string {
  let contextOf = known.get(config);
  if (contextOf === undefined) {
    contextOf = compiled(config);
    known.set(config, contextOf);
  }
  return contextOf(features);
}

function compiled({ context, bucketBy, timezone }: DomainConfig): (features: readonly number[]) => string {
  const telling = Object.entries(context).flatMap(([name, { type }]) =>
    (type === 'categorical' || type === 'boolean') && !bucketBy.includes(name) ? [name] : [],
  );
  if (telling.length === 0) return () => '';
  const { bucketOf } = compileContext({ context, bucketBy: telling, timezone });
  return (features) => bucketOf(features).id;
}
