/**
 * The names of streams. A hyphen parts them, so no tenant and no domain may contain one; what follows the last known part
 * (a bucket's id, an agent's id and node) is taken as it stands.
 */

/** What every domain's stream begins with, whoever owns it. */
export const DOMAIN_STREAMS = 'domain-';

/** What every bucket's stream begins with. */
export const BUCKET_STREAMS = 'bucket-';

/** What every agent's stream begins with. */
export const AGENT_STREAMS = 'agent-';

/** What the streams of messages begin with that were put aside, whoever sent them. */
export const DEAD_LETTER_STREAMS = 'deadletters-';

/** What the streams of a tenant's domains begin with. */
export function domainPrefix(tenant: string): string {
  return `${DOMAIN_STREAMS}${tenant}-`;
}

export function domainStream(tenant: string, name: string): string {
  return domainPrefix(tenant) + name;
}

/** Whose stream a domain's stream is. */
export function domainOfStream(stream: string): { readonly tenant: string; readonly name: string } {
  const [, tenant = '', name = ''] = stream.split('-');
  return { tenant, name };
}

/** What the streams of a domain's buckets begin with; the bucket's id follows. */
export function bucketPrefix(tenant: string, name: string): string {
  return `${BUCKET_STREAMS}${tenant}-${name}-`;
}

/** Whose bucket a stream is; undefined where it is no bucket's. */
export function bucketOfStream(
  stream: string,
): { readonly tenant: string; readonly name: string; readonly bucketId: string } | undefined {
  const [kind, tenant, name, bucketId, ...more] = stream.split('-');
  if (kind !== 'bucket' || tenant === undefined || name === undefined || bucketId === undefined || more.length > 0)
    return undefined;
  return { tenant, name, bucketId };
}

export function agentStream(id: string, node: string): string {
  return `${AGENT_STREAMS}${id}-${node}`;
}

/** Where the messages of a tenant are told of that were put aside. */
export function deadLetterStream(tenant: string): string {
  return `${DEAD_LETTER_STREAMS}${tenant}`;
}

/** Whose a stream is that a domain has: its own, or that of one of its buckets. */
export interface Owner {
  readonly tenant: string;
  readonly domain: string;
  /** Id of the bucket; empty for the domain's own stream. */
  readonly bucket: string;
}

/** Undefined where it is neither a bucket's nor a domain's, or has a name that no domain can have. */
export function ownerOf(stream: string): Owner | undefined {
  const [kind, tenant = '', domain = '', bucket = '', ...more] = stream.split('-');
  if (tenant === '' || domain === '' || more.length > 0) return undefined;
  if (kind === 'bucket' && bucket !== '') return { tenant, domain, bucket };
  return kind === 'domain' && bucket === '' ? { tenant, domain, bucket } : undefined;
}

/** Remembers whose the streams are that come again and again. */
export function createOwners(atMost = 10_000): (stream: string) => Owner | undefined {
  const known = new Map<string, Owner | undefined>();
  return (stream) => {
    const found = known.get(stream);
    if (found !== undefined) return found;
    if (known.size >= atMost) known.clear();
    const owner = ownerOf(stream);
    known.set(stream, owner);
    return owner;
  };
}
