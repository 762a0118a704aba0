/** What every event log does, whatever it stores its events in. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventLog, NO_STREAM, START } from '../../events/event-log.ts';
import { collect, idsOf, someEvent, someEvents, someStream } from './event-fixtures.ts';
import { modelContract } from './event-log-model.ts';
import { subscriptionContract } from './event-log-subscriptions.ts';

export interface EventLogSuite {
  /** A log without events. The suite closes it. */
  readonly create: () => EventLog | Promise<EventLog>;
  /** True where the store keeps an id unique in the whole log; a store that cannot must never be given one twice. */
  readonly idsUniqueAcrossStreams: boolean;
  /** False where appends to several streams that are made at once may be stored in any order among each other; default true. */
  readonly storesInOrderOfCalls?: boolean;
  /** Histories that are compared with the model, default 60: fewer where each needs a server of its own. */
  readonly histories?: number;
}

/** Runs the whole suite against one adapter. */
export function eventLogContract(name: string, suite: EventLogSuite): void {
  describe(`the event log in ${name}`, () => {
    let log: EventLog;
    beforeEach(async () => {
      log = await suite.create();
    });
    afterEach(() => log.close());

    appendContract(() => log);
    if (suite.idsUniqueAcrossStreams) idContract(() => log);
    readContract(() => log);
    closeContract(() => log);
    subscriptionContract(() => log);
  });
  modelContract(name, suite);
}

function appendContract(log: () => EventLog): void {
  describe('an append', () => {
    it('to a stream that does not exist starts at revision 0', async () => {
      const stream = someStream();
      const result = await log().append(stream, NO_STREAM, someEvents(3));
      expect(result).toMatchObject({ status: 'appended', revision: 2 });
      const stored = await collect(log().readStream(stream));
      expect(stored.map(({ revision }) => revision)).toEqual([0, 1, 2]);
      expect(result).toHaveProperty('position', stored[2]!.position);
    });

    it('keeps id, type, data and metadata to the byte, empty ones too', async () => {
      const stream = someStream();
      const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const part = every.subarray(100, 120); // a view that does not start at its buffer's beginning
      const events = [
        { id: randomUUID(), type: 'RewardObserved', data: every, metadata: part },
        { id: randomUUID(), type: 'DomainThawed', data: new Uint8Array(0), metadata: new Uint8Array(0) },
      ];
      await log().append(stream, NO_STREAM, events);
      const stored = await collect(log().readStream(stream));
      for (const [index, event] of events.entries()) {
        const { id, type, data, metadata } = stored[index]!;
        expect({ id, type }).toEqual({ id: event.id, type: event.type });
        expect(Buffer.compare(data, event.data)).toBe(0);
        expect(Buffer.compare(metadata, event.metadata)).toBe(0);
      }
    });

    it('that expects the last revision continues the stream', async () => {
      const stream = someStream();
      await log().append(stream, NO_STREAM, someEvents(2));
      expect(await log().append(stream, 1, someEvents(2))).toMatchObject({ status: 'appended', revision: 3 });
    });

    it.each([
      ['no stream where there is one', NO_STREAM],
      ['an older revision', 0],
      ['a revision that does not exist yet', 7],
    ])('that expects %s conflicts and tells the actual revision', async (_, expected) => {
      const stream = someStream();
      await log().append(stream, NO_STREAM, someEvents(3));
      const result = await log().append(stream, expected, someEvents(2));
      expect(result).toEqual({ status: 'conflict', reason: 'revision', actual: 2 });
      expect(await collect(log().readStream(stream))).toHaveLength(3);
    });

    it('that expects a revision of a stream that does not exist conflicts', async () => {
      const result = await log().append(someStream(), 0, someEvents(1));
      expect(result).toEqual({ status: 'conflict', reason: 'revision', actual: NO_STREAM });
    });

    it('of no events is refused', async () => {
      await expect(log().append(someStream(), NO_STREAM, [])).rejects.toMatchObject({ code: 'request_invalid' });
    });

    it('repeated with the same ids at the same place is already appended, also when the stream has moved on', async () => {
      const stream = someStream();
      const events = someEvents(2);
      const first = await log().append(stream, NO_STREAM, events);
      const repeated = { ...first, status: 'alreadyAppended' };
      expect(await log().append(stream, NO_STREAM, events)).toEqual(repeated);
      await log().append(stream, 1, someEvents(3));
      expect(await log().append(stream, NO_STREAM, events)).toEqual(repeated);
      expect(await collect(log().readStream(stream))).toHaveLength(5);
    });

    it.each([
      ['an id is new', (ids: string[]) => [ids[0]!, randomUUID()]],
      ['the order differs', (ids: string[]) => [ids[1]!, ids[0]!]],
      ['there are more than the stream has', (ids: string[]) => [...ids, randomUUID()]],
    ])('repeated where %s conflicts and writes nothing', async (_, change) => {
      const stream = someStream();
      const events = someEvents(2);
      await log().append(stream, NO_STREAM, events);
      const changed = change(idsOf(events)).map((id) => someEvent('DecisionMade', id));
      expect(await log().append(stream, NO_STREAM, changed)).toMatchObject({ status: 'conflict', reason: 'revision' });
      expect(idsOf(await collect(log().readStream(stream)))).toEqual(idsOf(events));
    });

    it('may follow another to the same stream before that one has answered', async () => {
      const stream = someStream();
      const events = someEvents(20);
      const results = await Promise.all(events.map((event, index) => log().append(stream, index - 1, [event])));
      expect(results.map((result) => ('revision' in result ? result.revision : result))).toEqual([...events.keys()]);
      expect(idsOf(await collect(log().readStream(stream)))).toEqual(idsOf(events));
    });

    it('of many that expect the same revision at once wins alone', async () => {
      const stream = someStream();
      const results = await Promise.all(
        Array.from({ length: 20 }, () => log().append(stream, NO_STREAM, someEvents(2))),
      );
      expect(results.filter(({ status }) => status === 'appended')).toHaveLength(1);
      expect(results.filter(({ status }) => status === 'conflict')).toHaveLength(19);
      expect(await collect(log().readStream(stream))).toHaveLength(2);
    });

    it('that conflicts does not disturb those to other streams made with it', async () => {
      const [taken, free] = [someStream(), someStream()];
      await log().append(taken, NO_STREAM, someEvents(1));
      const results = await Promise.all([
        log().append(taken, NO_STREAM, someEvents(1)),
        log().append(free, NO_STREAM, someEvents(1)),
        log().append(taken, 0, someEvents(1)),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['conflict', 'appended', 'appended']);
    });
  });
}

function idContract(log: () => EventLog): void {
  describe('an event id', () => {
    it('that another stream uses is refused, with the place where it is', async () => {
      const [first, second] = [someStream(), someStream()];
      const events = someEvents(3);
      await log().append(first, NO_STREAM, events);
      const { id } = events[1]!;
      const result = await log().append(second, NO_STREAM, [someEvent(), someEvent('DecisionMade', id)]);
      expect(result).toEqual({ status: 'conflict', reason: 'eventId', id, stream: first, revision: 1 });
      expect(await collect(log().readStream(second))).toEqual([]);
      expect(await log().append(second, NO_STREAM, someEvents(1))).toMatchObject({ status: 'appended', revision: 0 });
    });

    it('that the same stream uses further back is refused, with its place', async () => {
      const stream = someStream();
      const events = someEvents(2);
      await log().append(stream, NO_STREAM, events);
      const { id } = events[0]!;
      const result = await log().append(stream, 1, [someEvent('DecisionMade', id)]);
      expect(result).toEqual({ status: 'conflict', reason: 'eventId', id, stream, revision: 0 });
    });

    it('that occurs twice in one append is refused and nothing is written', async () => {
      const stream = someStream();
      const twin = someEvent();
      const result = await log().append(stream, NO_STREAM, [someEvent(), twin, someEvent(), twin]);
      expect(result).toEqual({ status: 'conflict', reason: 'eventId', id: twin.id, stream, revision: 1 });
      expect(await collect(log().readStream(stream))).toEqual([]);
      expect(await log().find(twin.id)).toBeUndefined();
    });

    it('that two appends of one moment share goes to the first; what else they were made with is stored', async () => {
      const [first, second, third] = [someStream(), someStream(), someStream()];
      const { id } = someEvent();
      const results = await Promise.all([
        log().append(first, NO_STREAM, [someEvent(), someEvent('DecisionMade', id)]),
        log().append(second, NO_STREAM, [someEvent('DecisionMade', id)]),
        log().append(third, NO_STREAM, someEvents(1)),
        log().append(second, NO_STREAM, someEvents(1)),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['appended', 'conflict', 'appended', 'appended']);
      expect(results[1]).toEqual({ status: 'conflict', reason: 'eventId', id, stream: first, revision: 1 });
      expect(await collect(log().readAll())).toHaveLength(4);
    });
  });
}

function readContract(log: () => EventLog): void {
  describe('reading', () => {
    it('finds an event by its id wherever it is, and nothing for an unknown id', async () => {
      const stream = someStream();
      const events = someEvents(3);
      await log().append(someStream(), NO_STREAM, someEvents(2));
      await log().append(stream, NO_STREAM, events);
      const found = await log().find(events[1]!.id);
      expect(found).toMatchObject({ id: events[1]!.id, stream, revision: 1 });
      expect(found).toEqual((await collect(log().readStream(stream)))[1]);
      expect(await log().find(randomUUID())).toBeUndefined();
    });

    it('a stream that does not exist gives no events', async () => {
      expect(await collect(log().readStream(someStream()))).toEqual([]);
      expect(await collect(log().readStream(someStream(), { backwards: true }))).toEqual([]);
    });

    it('a stream can begin anywhere, end anywhere and go backwards', async () => {
      const stream = someStream();
      await log().append(stream, NO_STREAM, someEvents(10));
      const revisions = async (options: Parameters<EventLog['readStream']>[1]) =>
        (await collect(log().readStream(stream, options))).map(({ revision }) => revision);
      expect(await revisions({ from: 7 })).toEqual([7, 8, 9]);
      expect(await revisions({ from: 2, limit: 3 })).toEqual([2, 3, 4]);
      expect(await revisions({ limit: 0 })).toEqual([]);
      expect(await revisions({ from: 10 })).toEqual([]);
      expect(await revisions({ backwards: true, limit: 2 })).toEqual([9, 8]);
      expect(await revisions({ backwards: true, from: 3 })).toEqual([3, 2, 1, 0]);
      expect(await revisions({ backwards: true, from: 3, limit: 2 })).toEqual([3, 2]);
      expect(await revisions({ backwards: true, from: 0 })).toEqual([0]);
      expect(await revisions({ backwards: true, from: -1 })).toEqual([]);
    });

    it('a stream longer than any page gives every event once, in both directions', async () => {
      const stream = someStream();
      const events = someEvents(1_300);
      await log().append(stream, NO_STREAM, events);
      expect(idsOf(await collect(log().readStream(stream)))).toEqual(idsOf(events));
      expect(idsOf(await collect(log().readStream(stream, { backwards: true })))).toEqual(idsOf(events).reverse());
      expect(await collect(log().readStream(stream, { limit: 1_100 }))).toHaveLength(1_100);
    });

    it('all streams gives the order of the log: positions ascend as strings, revisions are contiguous', async () => {
      const streams = Array.from({ length: 5 }, () => someStream());
      for (let round = 0; round < 4; round++) {
        await Promise.all(streams.map((stream) => log().append(stream, round * 2 - 1, someEvents(2))));
      }
      const all = await collect(log().readAll());
      expect(all).toHaveLength(40);
      for (const [index, event] of all.entries()) {
        if (index > 0) expect(event.position > all[index - 1]!.position).toBe(true);
        expect(event.position > START).toBe(true);
      }
      for (const stream of streams) {
        const revisions = all.filter((event) => event.stream === stream).map(({ revision }) => revision);
        expect(revisions).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      }
      expect(await log().head()).toBe(all.at(-1)!.position);
    });

    it('all streams goes on after a position and stops at a limit', async () => {
      await log().append(someStream(), NO_STREAM, someEvents(6));
      const all = await collect(log().readAll());
      const after = all[1]!.position;
      expect(await collect(log().readAll({ after, limit: 3 }))).toEqual(all.slice(2, 5));
      expect(await collect(log().readAll({ after: all[5]!.position }))).toEqual([]);
    });

    it('can be narrowed to streams by the beginning of their names and to types', async () => {
      const [bucket, domain] = [someStream('bucket-a_b'), someStream('domain')];
      await log().append(bucket, NO_STREAM, [someEvent('DecisionMade'), someEvent('RewardObserved')]);
      await log().append(domain, NO_STREAM, [someEvent('DomainConfigured'), someEvent('DecisionMade')]);
      await log().append(someStream('bucket-a%b'), NO_STREAM, [someEvent('RewardObserved')]);
      const types = async (filter: Parameters<EventLog['readAll']>[0]) =>
        (await collect(log().readAll(filter))).map(({ type }) => type);
      expect(await types({ streamPrefix: 'bucket-a_b' })).toEqual(['DecisionMade', 'RewardObserved']);
      expect(await types({ types: ['RewardObserved'] })).toEqual(['RewardObserved', 'RewardObserved']);
      expect(await types({ types: ['DecisionMade', 'DomainConfigured'], streamPrefix: 'domain-' })).toEqual([
        'DomainConfigured',
        'DecisionMade',
      ]);
      expect(await types({ types: [] })).toEqual([]);
      expect(await types({ streamPrefix: 'nobody' })).toEqual([]);
      expect(await types({ streamPrefix: 'bucket', types: ['RewardObserved'], limit: 1 })).toEqual(['RewardObserved']);
    });

    it('an empty log has its head at the start', async () => {
      expect(await log().head()).toBe(START);
      expect(await collect(log().readAll())).toEqual([]);
    });

    it('can be left in the middle', async () => {
      const stream = someStream();
      await log().append(stream, NO_STREAM, someEvents(5));
      for await (const event of log().readStream(stream)) if (event.revision === 1) break;
      for await (const event of log().readAll()) if (event.revision === 1) break;
      expect(await log().append(stream, 4, someEvents(1))).toMatchObject({ status: 'appended' });
    });
  });
}

function closeContract(log: () => EventLog): void {
  describe('close', () => {
    it('stores what was accepted before, refuses what comes after, and may be called again', async () => {
      const accepted = log().append(someStream(), NO_STREAM, someEvents(1));
      const closing = log().close();
      await expect(log().append(someStream(), NO_STREAM, someEvents(1))).rejects.toMatchObject({
        code: 'shutting_down',
      });
      expect(await accepted).toMatchObject({ status: 'appended' });
      await closing;
      await log().close();
      await expect(log().find(randomUUID())).rejects.toMatchObject({ code: 'shutting_down' });
      await expect(log().head()).rejects.toMatchObject({ code: 'shutting_down' });
      await expect(collect(log().readAll())).rejects.toMatchObject({ code: 'shutting_down' });
    });
  });
}
