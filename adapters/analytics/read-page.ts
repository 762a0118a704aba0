/** One reading on one state of the read models: what a thread does for a request. */
import type { ReadModels } from '../projector/reader.ts';
import type { AsOf } from './query-lines.ts';
import type { Asked, Slice } from './reading.ts';
import { type ReadingName, readings } from './readings.ts';

export interface Page extends Slice {
  readonly asOf: AsOf;
}

const CHECKPOINT = "SELECT position, time FROM projector_editions WHERE state = 'live' AND name = ?";

/** @throws ReckonerError projections_building, log_corrupt, log_newer, log_locked, log_unusable */
export function readPage(models: ReadModels, name: ReadingName, asked: Asked): Page {
  const reading = readings[name];
  return models.read(reading.tables, (database) => {
    const asOf = database.prepare<[string], AsOf>(CHECKPOINT).get(reading.projection);
    return { ...reading.read(database, asked), asOf: asOf ?? { position: '', time: null } };
  });
}

/** How far the projection of a reading has got; nowhere where it is still being built. */
export function readAsOf(models: ReadModels, name: ReadingName): AsOf {
  const { projection } = readings[name];
  const nowhere = { position: '', time: null };
  return models.read([], (database) => database.prepare<[string], AsOf>(CHECKPOINT).get(projection)) ?? nowhere;
}
