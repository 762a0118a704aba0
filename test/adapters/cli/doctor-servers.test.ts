/** What doctor says of servers that nodes use. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { clockFinding } from '../../../adapters/cli/doctor-checks.ts';
import { compiled } from '../../compiled.ts';
import { givenDouble } from '../eventstoredb/given-log.ts';
import { natsServerPath } from '../nats/find-server.ts';
import { freePort, type NatsServerOptions, startNatsServer } from '../nats/server.ts';
import { newDirectory, removeDirectories, run } from './run.ts';

beforeAll(compiled);
afterAll(removeDirectories);

/** Checks by name, of an installation that is not there: only the servers may be wrong. */
async function doctor(env: Record<string, string>): Promise<Record<string, { status: string; message: string }>> {
  const { stdout } = await run(['doctor', '--json', '--port', '0'], { RECKONER_DATA_DIR: newDirectory(), ...env });
  const { checks } = JSON.parse(stdout) as { checks: { check: string; status: string; message: string }[] };
  return Object.fromEntries(checks.map((found) => [found.check, found]));
}

const fail = (message: RegExp) => ({
  ...{ status: 'fail', message: expect.stringMatching(message), remedy: expect.any(String) },
});

describe.skipIf(natsServerPath === undefined)('doctor, of a real nats-server', () => {
  async function served(options: NatsServerOptions = {}) {
    const server = await startNatsServer(options);
    onTestFinished(server.stop);
    return server;
  }

  it('finds a good one good', async () => {
    const { url } = await served();
    expect(await doctor({ NATS_URL: url })).toMatchObject({
      nats: { status: 'ok', message: expect.stringMatching(/version 2\.\d+/) },
      ...{ 'nats payload': { status: 'ok' }, 'nats rights': { status: 'ok' } },
      ...{ jetstream: { status: 'ok' }, 'nats clock': { status: 'ok' } },
    });
  });

  it('says that there is no JetStream, and that messages are small', async () => {
    const { url } = await served({ jetstream: false, maxPayload: 65_536 });
    expect(await doctor({ NATS_URL: url })).toMatchObject({
      jetstream: fail(/cannot be used/),
      'nats payload': { status: 'warn' },
    });
  });

  it('names the subjects that its user may not use', async () => {
    const config =
      'authorization { users: [ { user: a, password: b, permissions: { publish: ["$JS.>", "_INBOX.>"], subscribe: { deny: "decide.*" } } } ] }';
    const { url } = await served({ config });
    const found = await doctor({ NATS_URL: url, NATS_USER: 'a', NATS_PASSWORD: 'b' });
    expect(found['nats rights']).toMatchObject(fail(/decide\.\*/));
    expect(found['nats rights']?.message).toContain('events.doctor');
  });

  it('says that nobody answers, who is not let in, and what is set wrongly, and never a password', async () => {
    const { url } = await served({ config: 'authorization { user: a, password: right }' });
    const wrong = await doctor({ NATS_URL: url, NATS_USER: 'a', NATS_PASSWORD: 'hunter2' });
    expect(wrong.nats).toMatchObject(fail(/let us in/));
    expect(JSON.stringify(wrong)).not.toContain('hunter2');
    expect((await doctor({ NATS_URL: `nats://127.0.0.1:${await freePort()}` })).nats).toMatchObject(fail(/answers/));
    expect((await doctor({ NATS_URL: 'http://localhost' })).nats).toMatchObject(fail(/nats:\/\//));
  });
});

describe('doctor, of EventStoreDB (its double)', () => {
  it('finds a good one good', async () => {
    const { url } = await givenDouble();
    const found = await doctor({ EVENTSTORE_URL: url });
    expect(found).toMatchObject({
      ...{ eventstore: { status: 'ok' }, 'eventstore use': { status: 'ok' }, 'store clock': { status: 'ok' } },
    });
  });

  it('says who may not append, and that nobody answers', async () => {
    const double = await givenDouble();
    double.script('append', { kind: 'accessDenied' });
    expect((await doctor({ EVENTSTORE_URL: double.url }))['eventstore use']).toMatchObject(fail(/denied/));
    const nobody = `esdb://ada:hunter2@127.0.0.1:${await freePort()}?tls=false`;
    const found = await doctor({ EVENTSTORE_URL: nobody });
    expect(found.eventstore).toMatchObject(fail(/does not answer/));
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});

it.each([
  [1_000_000, 'ok', /goes with/],
  [1_000_500, 'ok', /400 ms ahead/],
  [1_005_100, 'warn', /5000 ms ahead/],
  [990_000, 'warn', /10000 ms behind/],
])('a clock that says %i is %s', (theirs, status, message) => {
  expect(clockFinding('clock', theirs, 1_000_000, 1_000_100)).toMatchObject({
    status,
    message: expect.stringMatching(message),
  });
});
