/** What `doctor` looks at of EventStoreDB, where EVENTSTORE_URL is set. */
import { hostname } from 'node:os';
import { END, jsonEvent } from '@eventstore/db-client';
import { problemOf, ReckonerError } from '../../events/errors.ts';
import { addressFrom, formFrom, placeOf } from '../eventstoredb/address.ts';
import { connect, type EventStoreConnection } from '../eventstoredb/client.ts';
import { within } from '../eventstoredb/deadline.ts';
import { refusalOf, unreachable } from '../eventstoredb/failures.ts';
import type { Cli } from './cli.ts';
import { clockFinding, type Finding } from './doctor-checks.ts';

const ANSWER_MS = 3_000;

/** Findings one by one; none where EVENTSTORE_URL is not set. Leaves one event in a stream of its own, which nobody reads. */
export async function* checkEventStore(env: Cli['env'], now: () => number): AsyncGenerator<Finding> {
  let connection: EventStoreConnection;
  let place: string;
  try {
    const address = addressFrom(env);
    if (address === undefined) return;
    place = placeOf(address);
    connection = connect(address, ANSWER_MS);
  } catch (thrown) {
    yield failedBy('eventstore', thrown);
    return;
  }
  const { client } = connection;
  const ask = async <T>(what: string, asked: Promise<T>): Promise<T> => {
    try {
      return await within(ANSWER_MS, asked, what);
    } catch (thrown) {
      throw refusalOf(thrown) ?? unreachable(place, thrown);
    }
  };
  try {
    const version = await ask('the version', connection.version());
    const major = Number.parseInt(version, 10);
    const known = Number.isInteger(major);
    const message = `${place}: ${known ? `version ${version}` : 'it does not tell its version'}`;
    if (known && major < 21)
      yield { check: 'eventstore', status: 'fail', message, remedy: 'Run EventStoreDB 22.10 or newer.' };
    else yield { check: 'eventstore', status: 'ok', message };
  } catch (thrown) {
    yield failedBy('eventstore', thrown);
    await connection.close();
    return;
  }
  try {
    await ask('$all', drained(client.readAll({ fromPosition: END, direction: 'backwards', maxCount: 1 })));
    const stream = `${formFrom(env).prefix}doctor-${hostname()}`;
    const began = now();
    await ask('an append', client.appendToStream(stream, jsonEvent({ type: 'DoctorCalled', data: {} })));
    const ended = now();
    yield { check: 'eventstore use', status: 'ok', message: `may read $all and append (${ended - began} ms)` };
    const back = { fromRevision: END, direction: 'backwards', maxCount: 1 } as const;
    const [last] = await ask('the event', drained(client.readStream(stream, back)));
    const created = last?.event?.created;
    if (created !== undefined) yield clockFinding('store clock', new Date(created).getTime(), began, ended);
  } catch (thrown) {
    yield failedBy('eventstore use', thrown);
  } finally {
    await connection.close();
  }
}

async function drained<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

function failedBy(check: string, thrown: unknown): Finding {
  const error = thrown instanceof ReckonerError ? thrown : new ReckonerError('internal', String(thrown));
  const { message, remedy } = problemOf(error);
  return { check, status: 'fail', message, remedy };
}
