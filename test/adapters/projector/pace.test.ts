import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { loadIn, meterLoad } from '../../../adapters/projector/load.ts';
import { defaultPace, type ProjectorOptions, startProjector } from '../../../adapters/projector/projector.ts';
import { restMs } from '../../../adapters/projector/work.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import type { EventLog } from '../../../events/event-log.ts';
import type { Projection } from '../../../projections/projection.ts';
import { temporaryFile } from '../sqlite/temporary.ts';
import { appendTo, counting, emptyEvent, someHistory } from './samples.ts';

const memoryLog = () => openSqliteEventLog({ file: ':memory:', pollMs: 5 });

function projecting(log: EventLog, projection: Projection, { pace, load }: Pick<ProjectorOptions, 'pace' | 'load'>) {
  const projector = startProjector({
    ...{ log, projections: [projection], file: temporaryFile('projections.db'), owner: 'the test' },
    ...{ now: Date.now, random: () => 0.5, ...(pace && { pace }), ...(load && { load }) },
  });
  onTestFinished(() => projector.stop());
  return projector;
}

/** Counts its batches. */
function batching(): { readonly projection: Projection; batches: number } {
  const counted = { projection: counting(), batches: 0 };
  const { open } = counted.projection;
  counted.projection = {
    ...counted.projection,
    open: (tables) => ({ ...open(tables), flush: () => void counted.batches++ }),
  };
  return counted;
}

describe('a rebuild', () => {
  test('rests while the node is busy, and goes on as soon as it is not', async () => {
    const log = memoryLog();
    await someHistory(log, 200);
    let load = 1;
    const projector = projecting(log, counting(), {
      pace: { batchEvents: 20, rest: 1e9, restMs: 60_000 },
      load: () => load,
    });
    const head = await log.head();
    expect(await projector.whenProcessed(head, 400)).toBe(false);
    load = 0;
    expect(await projector.whenProcessed(head, 10_000)).toBe(true);
  });

  test('takes no more than a tenth of the time of a node that has none left, always goes on, and ends beside any load', () => {
    const batch = { tookMs: 100, load: 1, lap: 0 };
    expect(restMs(defaultPace, batch)).toBeGreaterThanOrEqual(9 * batch.tookMs);
    expect(restMs(defaultPace, { ...batch, load: 0.5 })).toBe(restMs(defaultPace, batch) / 2);
    expect(restMs(defaultPace, { ...batch, load: 0 })).toBe(0);
    expect(restMs(defaultPace, { ...batch, tookMs: 1e9 })).toBe(defaultPace.restMs);
    // Also the longest rest is halved: on a slow machine it is the one that counts.
    for (const tookMs of [100, 1e9])
      expect(restMs(defaultPace, { tookMs, load: 1, lap: 3 })).toBe(
        restMs(defaultPace, { tookMs, load: 1, lap: 0 }) / 8,
      );
  });
});

describe('what is live', () => {
  test('gathers what comes one by one into few batches', async () => {
    const log = memoryLog();
    const counted = batching();
    const projector = projecting(log, counted.projection, { pace: { liveRest: 1e9, liveRestMs: 400 } });
    expect(await projector.whenProcessed(await log.head(), 10_000)).toBe(true);
    counted.batches = 0;
    const appends = 40;
    for (let append = 0; append < appends; append++) {
      await appendTo(log, 'bucket-mine', [emptyEvent()]);
      await sleep(10);
    }
    expect(await projector.whenProcessed(await log.head(), 10_000)).toBe(true);
    // One by one it would be as many as there were appends.
    expect(counted.batches).toBeGreaterThan(0);
    expect(counted.batches).toBeLessThan(appends / 3);
  });

  test('does not rest before it has read everything', async () => {
    const log = memoryLog();
    const projector = projecting(log, counting(), {
      pace: { batchEvents: 5, liveRest: 1e9, liveRestMs: 300, rest: 0 },
    });
    expect(await projector.whenProcessed(await log.head(), 10_000)).toBe(true);
    await someHistory(log, 500);
    // Of a hundred batches each would rest for 300 ms.
    expect(await projector.whenProcessed(await log.head(), 15_000)).toBe(true);
  });
});

test('the load of an event loop is the part of the time in which it is busy', async () => {
  const meter = meterLoad();
  onTestFinished(() => meter.stop());
  expect(loadIn(meter.shared)).toBe(0);
  let spinning = true;
  const spin = (async () => {
    while (spinning) await turn();
  })();
  await vi.waitUntil(() => loadIn(meter.shared) > 0.9, 10_000);
  spinning = false;
  await spin;
  await vi.waitUntil(() => loadIn(meter.shared) < 0.5, 10_000);
});
