/** Asking for a rebuild or a retry: by whoever projects already, or by this process where nobody does. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { errorOf, type Problem } from '../../events/errors.ts';
import { type EventLog, type Position, START } from '../../events/event-log.ts';
import { pause } from '../projector/abortable.ts';
import { unknown } from '../projector/answering.ts';
import { allProjections } from '../projector/catalogue.ts';
import { openReadModelsFile } from '../projector/file.ts';
import { startProjector } from '../projector/projector.ts';
import { type ProjectionReport, reportOf } from '../projector/report.ts';
import { ask, type Request, requestIn } from '../projector/requests.ts';
import { minFreeFrom, watchDisk } from '../sqlite/disk-guard.ts';
import { failureOf } from '../sqlite/failures.ts';
import { patience, patiently } from '../sqlite/patience.ts';
import { rowOf } from '../sqlite/schema.ts';
import type { Terminal } from './terminal.ts';
import { workBar } from './work-bar.ts';

export interface CarryOutOptions {
  readonly action: Request['action'];
  /** Undefined: all of them. */
  readonly projection: string | undefined;
  readonly log: EventLog;
  /** The read models. */
  readonly file: string;
  readonly terminal: Terminal;
  /** For a machine: no bar. */
  readonly json: boolean;
  /** Ends the waiting, not what was asked for. */
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 200;

/**
 * Asks, and waits until it is done; progress is shown on the way.
 * @returns what came of it, undefined where the waiting was broken off
 * @throws ReckonerError request_invalid for a projection that is not there; what the request failed of
 */
export async function carryOut(options: CarryOutOptions): Promise<unknown> {
  const { action, projection, log, file, terminal, json, signal } = options;
  const projections = allProjections(log);
  const names = projections.map(({ name }) => name);
  if (projection !== undefined && !names.includes(projection)) throw unknown(projection, names);
  const onTrouble = (where: string, thrown: unknown) =>
    void terminal.err.line(`${terminal.err.colours.yellow('warning:')} ${where}: ${(thrown as Error).message}`);
  const database = openReadModelsFile(file, (error) => onTrouble('projections', error));
  // A rebuild needs as much room again: it must not take what the log needs.
  const guard = watchDisk({ directory: dirname(file), minFreeBytes: minFreeFrom(process.env) });
  const bar = workBar('building', terminal, json);
  // Whoever projects holds the lock for the length of a batch.
  const id = await patiently(() => ask(database, action, projection, Date.now()), patience({ limitMs: 30_000 })).catch(
    (thrown: unknown) => {
      throw failureOf(thrown, file);
    },
  );
  // Where somebody else projects it stands by, and takes over should that one die before it is done.
  const projector = startProjector({
    ...{ log, projections, file, owner: `${hostname()} ${process.pid} ${randomUUID()}`, guard },
    ...{ now: Date.now, random: Math.random, pace: { rest: 0 }, onTrouble },
  });
  try {
    while (!signal.aborted) {
      const request = requestIn(database, id);
      const result: unknown = JSON.parse(request?.result ?? '{}');
      if (request?.state === 'failed') throw errorOf(result as Problem); // what answering.ts wrote
      if (request?.state === 'done') return result;
      const { head, projections: all } = await reportOf(file, log, projections, Date.now());
      const building = all.filter((one) => one.building && [undefined, one.name].includes(projection));
      if (building.length > 0) bar.show(shareOf(head, building));
      await pause(LOOK_EVERY_MS, signal);
    }
    return undefined;
  } finally {
    bar.stop();
    await projector.stop();
    guard.close();
    database.close();
  }
}

/** All are built in one reading of the log: the last of them tells how far it is. */
function shareOf(head: Position, building: readonly ProjectionReport[]): number {
  const at = Math.min(...building.map((report) => rowOf(report.building?.position ?? report.position ?? START)));
  return at / Math.max(1, rowOf(head));
}
