/** An event log over a double of EventStoreDB, quick in everything that waits. */
import { onTestFinished } from 'vitest';
import { parseAddress } from '../../../adapters/eventstoredb/address.ts';
import {
  type EventStoreLog,
  type EventStoreLogOptions,
  openEventStoreLog,
} from '../../../adapters/eventstoredb/event-log.ts';
import { type Double, type DoubleOptions, startDouble } from './double.ts';

/** Settings for tests: what waits, waits briefly. */
export const QUICK = {
  indexFile: ':memory:',
  appendMs: 1_500,
  readMs: 1_500,
  patienceMs: 5_000,
  indexMs: 20,
  quietMs: 8,
  lookMs: 40,
} as const;

/** A double that ends with the test. */
export async function givenDouble(options: DoubleOptions = {}): Promise<Double> {
  const double = await startDouble(options);
  onTestFinished(() => double.close());
  return double;
}

/** A log on it that ends with the test, before the double. */
export function givenLog(double: Pick<Double, 'url'>, options: Partial<EventStoreLogOptions> = {}): EventStoreLog {
  const log = openEventStoreLog({ ...QUICK, address: parseAddress(double.url), ...options });
  onTestFinished(() => log.close());
  return log;
}
