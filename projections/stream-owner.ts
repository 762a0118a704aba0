/** Whose a stream is, as its name tells: `bucket-{tenant}-{domain}-{bucketId}`, `domain-{tenant}-{domain}`. */

export interface Owner {
  readonly tenant: string;
  readonly domain: string;
  /** Id of the bucket; empty for a domain’s stream. */
  readonly bucket: string;
}

/** Undefined where it is neither a bucket’s nor a domain’s. */
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

export function bucketStreamOf({ tenant, domain, bucket }: Owner): string {
  return `bucket-${tenant}-${domain}-${bucket}`;
}
