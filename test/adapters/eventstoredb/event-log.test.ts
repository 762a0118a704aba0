import { randomUUID } from 'node:crypto';
import { afterAll } from 'vitest';
import { addressFrom, parseAddress } from '../../../adapters/eventstoredb/address.ts';
import { openEventStoreLog } from '../../../adapters/eventstoredb/event-log.ts';
import { eventLogContract } from '../../contracts/event-log.ts';
import { type Double, startDouble } from './double.ts';
import { QUICK } from './given-log.ts';

/** Two cores for many tests: what is not about time has it. */
const UNHURRIED = { ...QUICK, readMs: 5_000, appendMs: 5_000 };

const doubles: Double[] = [];
afterAll(() => Promise.all(doubles.map((double) => double.close())));

eventLogContract('a double of EventStoreDB', {
  idsUniqueAcrossStreams: true,
  storesInOrderOfCalls: false,
  histories: 20,
  create: async () => {
    const double = await startDouble();
    doubles.push(double);
    return openEventStoreLog({ ...UNHURRIED, address: parseAddress(double.url) });
  },
});

const real = addressFrom(process.env);
if (real !== undefined) {
  eventLogContract('the EventStoreDB that EVENTSTORE_URL names', {
    idsUniqueAcrossStreams: true,
    storesInOrderOfCalls: false,
    histories: 20,
    // Streams of its own each time: what others wrote there, and what earlier runs did, is not seen.
    create: () =>
      openEventStoreLog({ ...UNHURRIED, address: real, prefix: `test_${randomUUID().replaceAll('-', '')}_` }),
  });
}
