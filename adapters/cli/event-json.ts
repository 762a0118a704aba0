import { type DecodedEvent, decodeMetadata } from '../../events/catalogue.ts';
import type { RecordedEvent } from '../../events/event-log.ts';

/**
 * An event for `jq`: envelope and decoded data, bytes as hex. An event of a newer version keeps its bytes, as base64.
 * @param decision id of the decision that it is about, where it is about one
 */
export function eventJson(event: RecordedEvent, decoded: DecodedEvent | undefined, decision?: string): object {
  const metadata = decoded?.metadata ?? decodeMetadata(event);
  return {
    position: event.position,
    stream: event.stream,
    revision: event.revision,
    type: event.type,
    id: event.id,
    time: new Date(metadata.time).toISOString(),
    ...(decision === undefined ? {} : { decisionId: decision }),
    ...(decoded === undefined
      ? { unknown: true, bytes: Buffer.from(event.data).toString('base64') }
      : { data: plain(decoded.data) }),
    metadata: plain(metadata),
  };
}

/** The value with its bytes as hex, and a configuration as what it says. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === 'config' ? parsed(inner) : plain(inner)]),
  );
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}
