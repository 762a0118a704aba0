/** One reader's part of an audit: some of the buckets, and what all readers need of the domains. */
import { setImmediate as turn } from 'node:timers/promises';
import { type AuditCounts, type AuditFinding, createAudit } from '../../actors/audit/audit.ts';
import { DEFAULT_TENANT } from '../../actors/reckoner.ts';
import { type Position, START } from '../../events/event-log.ts';
import type { Head } from '../../events/seal.ts';
import { BUCKET_STREAMS, bucketPrefix, domainStream } from '../../events/streams.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { openSalvage, type Part } from '../sqlite/salvage.ts';
import { rowOf } from '../sqlite/schema.ts';
import { openStateShelf } from '../sqlite/state-shelf.ts';

/** A place in the log, or a time in milliseconds since 1970. */
export type Moment = { readonly position: Position } | { readonly time: number };

/** What is reported on, and which decisions are made again. */
export interface Range {
  readonly domain?: string;
  readonly from?: Moment;
  readonly to?: Moment;
}

export type FileFinding =
  | AuditFinding
  /** unreadable: a part of the file. file: what SQLite says of its structure. repeated: an id. seal: the log is not what was sealed. */
  | (Omit<AuditFinding, 'kind'> & { readonly kind: 'unreadable' | 'file' | 'repeated' | 'seal' });

/** Plain data: it goes to other threads. */
export interface PartOptions {
  readonly file: string;
  readonly part: Part;
  readonly upTo: number;
  readonly range: Range;
  readonly share: number | undefined;
  readonly seed: number | undefined;
  readonly liveBuckets: number | undefined;
  /** The heads are wanted as they were up to here; default to the end. */
  readonly headsAt: Position | undefined;
}

export interface PartResult {
  readonly counts: AuditCounts;
  readonly heads: ReadonlyMap<string, Head>;
  /** As they were up to `headsAt`. */
  readonly sealed: ReadonlyMap<string, Head>;
}

const NO_EVENT = { stream: '', revision: -1, eventId: '' } as const;

/** @param progress told of how far it is, in [0, 1]; what it throws ends the audit */
export async function auditPart(
  { file, part, upTo, range, share, seed, liveBuckets, headsAt }: PartOptions,
  found: (finding: FileFinding) => void,
  progress: (share: number) => void,
): Promise<PartResult> {
  const salvage = openSalvage(file);
  const shelf = openStateShelf();
  const inRange = rangeOf(range);
  // What is no bucket's is read by all and told by the first.
  const own = (stream: unknown) => part.index === 0 || String(stream).startsWith(BUCKET_STREAMS);
  try {
    const audit = createAudit({
      log: salvage,
      makePolicy: createPolicy,
      shelf,
      found,
      own,
      wanted: inRange,
      share,
      seed,
      liveBuckets,
    });
    let sealed: ReadonlyMap<string, Head> | undefined;
    for (const read of salvage.read(part, upTo)) {
      await turn(); // for whoever interrupts it
      if (!('events' in read)) {
        const { from, what } = read;
        if (part.index === 0 && inRange({ stream: '', position: from }))
          found({ ...NO_EVENT, kind: 'unreadable', position: from, what });
        continue;
      }
      for (const event of read.events) {
        if (headsAt !== undefined && sealed === undefined && event.position > headsAt) sealed = copied(audit.heads);
        const reading = audit.next(event);
        if (reading !== undefined) await reading;
      }
      const last = read.events.at(-1);
      if (last !== undefined) progress(Math.min(1, rowOf(last.position) / upTo));
    }
    const counts = await audit.finish();
    const heads = copied([...audit.heads].filter(([stream]) => own(stream)));
    const ownSealed = sealed === undefined ? heads : new Map([...sealed].filter(([stream]) => own(stream)));
    return {
      counts: { ...counts, streams: heads.size },
      heads,
      sealed: ownSealed,
    };
  } finally {
    shelf.close();
    salvage.close();
  }
}

/** As plain data: the heads themselves move on, and another thread takes nothing else. */
function copied(heads: Iterable<readonly [stream: string, head: Head]>): Map<string, Head> {
  return new Map(Array.from(heads, ([stream, { revision, hash }]) => [stream, { revision, hash }]));
}

function rangeOf({ domain, from, to }: Range) {
  const governed = domain === undefined ? undefined : domainStream(DEFAULT_TENANT, domain);
  const prefix = domain === undefined ? '' : bucketPrefix(DEFAULT_TENANT, domain);
  return ({ stream, position }: { readonly stream: string; readonly position: Position }, time?: number): boolean => {
    // What cannot be read may have been of any stream.
    if (stream !== '' && governed !== undefined && stream !== governed && !stream.startsWith(prefix)) return false;
    return !isBefore(position, time, from) && (to === undefined || isBefore(position, time, to));
  };
}

/** What has no time that can be read is never before a time. */
function isBefore(position: Position, time: number | undefined, moment: Moment | undefined): boolean {
  if (moment === undefined) return false;
  if ('position' in moment) return position < moment.position;
  return time !== undefined && time < moment.time;
}

/** A finding about no event. */
export function findingOf(kind: 'file' | 'repeated' | 'seal', what: string): FileFinding {
  return { ...NO_EVENT, kind, position: START, what };
}
