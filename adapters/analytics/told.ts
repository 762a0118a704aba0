/** A row of a read model as JSON has it: names in camel case, times in ISO 8601, and its decision by its id. */
import { decisionId } from '../../actors/identity/decision-id.ts';
import { bucketOfStream } from '../../events/streams.ts';
import type { Row } from '../../projections/projection.ts';
import { camelCase } from './camel-case.ts';

const FLAGS = new Set(['fallback', 'run', 'outdated', 'configured', 'relearn', 'config_kept', 'set_aside']);
const JSON_TEXTS = new Set(['parameters', 'diff', 'config', 'context']);
/** The decision's id says both. The tenant is the caller's own. */
const LEFT_OUT = new Set(['stream', 'tenant']);

/** What a column of this name holds. */
export function columnKind(name: string): 'time' | 'flag' | 'json' | 'plain' {
  if (name === 'configured_at') return 'plain'; // a revision
  if (/^(time|start|hour)$|_(at|time)$/.test(name)) return 'time';
  if (FLAGS.has(name)) return 'flag';
  return JSON_TEXTS.has(name) ? 'json' : 'plain';
}

/** @param key the installation's, of decision ids */
export function told(row: Row, key: Uint8Array): Record<string, unknown> {
  const item: Record<string, unknown> = {};
  const decision = decisionOf(row, key);
  if (decision !== undefined) item.decisionId = decision;
  for (const [name, value] of Object.entries(row)) {
    if (LEFT_OUT.has(name) || (decision !== undefined && name === 'decision_revision')) continue;
    item[camelCase(name)] = cellOf(name, value);
  }
  return item;
}

function cellOf(name: string, value: Row[string] | undefined): unknown {
  if (value === null || value === undefined) return null;
  const kind = columnKind(name);
  if (kind === 'time' && typeof value === 'number') return new Date(value).toISOString();
  if (kind === 'flag') return value === 1;
  return kind === 'json' && typeof value === 'string' ? JSON.parse(value) : value;
}

function decisionOf({ stream, revision, decision_revision: decided = revision }: Row, key: Uint8Array) {
  if (typeof stream !== 'string' || typeof decided !== 'number') return undefined;
  const bucket = bucketOfStream(stream);
  if (bucket === undefined) return undefined;
  return decisionId(key, bucket.tenant, { domain: bucket.name, bucketId: bucket.bucketId, revision: decided });
}
