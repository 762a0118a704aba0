/** Reading the live log and what was archived of it as one. */

import { ReckonerError } from '../../events/errors.ts';
import type { RecordedEvent } from '../../events/event-log.ts';
import type { Archive } from './archive.ts';
import type { Reads, StreamPage } from './reads.ts';
import { rowOf } from './schema.ts';

/**
 * The live file is always read first: events only ever go from it to a segment, so what is not there any more is found in the
 * second look. A stream that is read where it is live costs nothing more than before.
 */
export function readAcross(live: Reads, archive: Archive): Reads {
  function upwards(stream: string, from: number, limit: number): StreamPage {
    const page = live.stream(stream, from, limit, false);
    if (page.events[0]?.revision === from) return page;
    const span = archive.spanAt(stream, from);
    if (span === undefined || span.through < from) return page;
    const wanted = Math.min(limit, span.through - from + 1);
    return { events: present(archive.read(span, stream, from, wanted, false), stream, from), end: false };
  }

  function downwards(stream: string, from: number, limit: number): StreamPage {
    const page = live.stream(stream, from, limit, true);
    if (!page.end) return page;
    const last = page.events.at(-1)?.revision;
    if (last === 0) return page;
    const next = last === undefined ? from : last - 1;
    const span = archive.spanAt(stream, next);
    if (span === undefined) return page;
    if (last !== undefined) return { ...page, end: span.through < next };
    const start = Math.min(next, span.through);
    const wanted = Math.min(limit, start - span.first + 1);
    return { events: present(archive.read(span, stream, start, wanted, true), stream, start), end: start === 0 };
  }

  return {
    pageSize: live.pageSize,
    head: live.head,
    newest: live.newest,
    find: (id) => live.find(id) ?? archive.find(id),
    stream: (stream, from, limit, backwards) => (backwards ? downwards : upwards)(stream, from, limit),
    page(after, filter, limit = live.pageSize, until) {
      const page = live.page(after, filter, limit, until);
      const wanted = Math.min(limit, live.pageSize);
      const moved = archive.page(after, page.upTo, filter, wanted);
      if (moved.length === 0) return page;
      const events = merged(page.events, moved).slice(0, wanted);
      const last = events.length === wanted ? events.at(-1)?.position : undefined;
      return { events, upTo: last === undefined ? page.upTo : rowOf(last), head: page.head };
    },
  };
}

/** In order, each once: an event that is just being moved may be in both. */
function merged(live: readonly RecordedEvent[], moved: readonly RecordedEvent[]): RecordedEvent[] {
  const events = [...live, ...moved].sort((one, other) => (one.position < other.position ? -1 : 1));
  return events.filter(({ position }, index) => position !== events[index - 1]?.position);
}

function present(events: readonly RecordedEvent[], stream: string, revision: number): readonly RecordedEvent[] {
  if (events[0]?.revision === revision) return events;
  throw new ReckonerError('log_corrupt', `${stream}, revision ${revision}, is not in the segment it was archived to.`);
}
