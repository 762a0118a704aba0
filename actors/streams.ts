/**
 * The names of streams. A hyphen parts them, so no tenant and no domain may contain one; what follows the last known part
 * (a bucket's id, an agent's id and node) is taken as it stands.
 */

/** What every domain's stream begins with, whoever owns it. */
export const DOMAIN_STREAMS = 'domain-';

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
  return `bucket-${tenant}-${name}-`;
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
  return `agent-${id}-${node}`;
}
