import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { addressFrom, formFrom, parseAddress, placeOf } from '../../../adapters/eventstoredb/address.ts';
import { ReckonerError } from '../../../events/errors.ts';
import { NO_STREAM } from '../../../events/event-log.ts';
import { collect, someEvents, someStream } from '../../contracts/event-fixtures.ts';
import { makeCertificates } from '../certificates.ts';
import { givenDouble, givenLog } from './given-log.ts';

const SECRET = 'changeit-4711';

test('a connection string names one server, several, or a cluster by its name', () => {
  expect(parseAddress('esdb://localhost')).toMatchObject({
    ...{ hosts: [{ address: 'localhost', port: 2113 }], discover: false, tls: true, nodePreference: 'leader' },
  });
  expect(parseAddress('esdb://a:1,b:2,[::1]:3?tls=false&node_preference=Follower')).toMatchObject({
    hosts: [
      { address: 'a', port: 1 },
      { address: 'b', port: 2 },
      { address: '[::1]', port: 3 },
    ],
    ...{ tls: false, nodePreference: 'follower' },
  });
  const cluster = parseAddress('esdb+discover://cluster.example:2114/?tlsCAFile=%2Fca.pem&keepAliveInterval=20000');
  expect(cluster).toMatchObject({ discover: true, tlsCAFile: '/ca.pem', keepAliveInterval: 20_000 });
  expect(placeOf(cluster)).toBe('esdb+discover://cluster.example:2114');
});

test('credentials in the string may have any character, and are in no place that is shown', () => {
  const address = parseAddress(`esdb://ops%40example:p%3Aw@${SECRET}@host:2113`);
  expect(address.credentials).toEqual({ username: 'ops@example', password: `p:w@${SECRET}` });
  expect(placeOf(address)).toBe('esdb://host:2113');
});

test('credentials of the environment come before those of the string; a file may hold the password', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reckoner-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'password');
  writeFileSync(file, `${SECRET}\n`);
  const env = { EVENTSTORE_URL: 'esdb://someone:else@host', EVENTSTORE_USER: 'ops' };
  expect(addressFrom({ ...env, EVENTSTORE_PASSWORD_FILE: file })?.credentials).toEqual({
    username: 'ops',
    password: SECRET,
  });
  expect(addressFrom({ ...env, EVENTSTORE_PASSWORD: 'direct' })?.credentials?.password).toBe('direct');
  expect(addressFrom({})).toBeUndefined();
  for (const wrong of [env, { ...env, EVENTSTORE_PASSWORD: 'a', EVENTSTORE_PASSWORD_FILE: file }]) {
    expect(() => addressFrom(wrong)).toThrow(ReckonerError);
  }
  expect(() => addressFrom({ ...env, EVENTSTORE_PASSWORD_FILE: join(folder, 'nothing') })).toThrow(/cannot be read/);
});

test.each([
  `esdb//ops:${SECRET}@host`,
  `http://ops:${SECRET}@host`,
  `esdb://ops:${SECRET}@host:99999`,
  `esdb://ops:${SECRET}@ho st`,
  `esdb://ops:${SECRET}%ZZ@host`,
  `esdb://ops:${SECRET}@host?unknownOption=1`,
  `esdb://ops:${SECRET}@host?tls=maybe`,
  `esdb://ops:${SECRET}@host?tlsVerifyCert=false`,
  `esdb://ops:${SECRET}@host?userCertFile=a`,
  `esdb://ops:${SECRET}@host?keepAliveInterval=${SECRET}`,
])('what is wrong in a string is told without its secrets: %#', (url) => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  onTestFinished(() => warned.mockRestore());
  let thrown: unknown;
  try {
    parseAddress(url);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'config_invalid' });
  expect(JSON.stringify(thrown) + String(thrown)).not.toContain(SECRET);
  expect(warned).not.toHaveBeenCalled();
});

test('how events are stored is read from the environment', () => {
  expect(formFrom({})).toEqual({ prefix: '', json: false, maxAppendBytes: undefined });
  const given = { EVENTSTORE_PREFIX: 'team_a.', EVENTSTORE_JSON: '1', EVENTSTORE_MAX_APPEND_BYTES: '4194304' };
  expect(formFrom(given)).toEqual({ prefix: 'team_a.', json: true, maxAppendBytes: 4_194_304 });
  for (const wrong of [{ EVENTSTORE_PREFIX: '$a' }, { EVENTSTORE_MAX_APPEND_BYTES: '1 MB' }]) {
    expect(() => formFrom(wrong)).toThrow(ReckonerError);
  }
});

test('over TLS the server is checked and the user told; a wrong password, or a server nobody vouches for, is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reckoner-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { ca, cert, key } = makeCertificates(folder);
  const double = await givenDouble({
    tls: { key: readFileSync(key), cert: readFileSync(cert) },
    credentials: `ops:${SECRET}`,
  });
  const url = `esdb://localhost:${double.port}?tlsCAFile=${encodeURIComponent(ca)}`;
  const as = (password: string) => ({ ...parseAddress(url), credentials: { username: 'ops', password } });
  const stream = someStream();
  const log = givenLog(double, { address: as(SECRET), appendMs: 5_000, readMs: 5_000 });
  expect(await log.append(stream, NO_STREAM, someEvents(2))).toMatchObject({ status: 'appended' });
  expect(await collect(log.readStream(stream))).toHaveLength(2);
  for await (const message of log.subscribe()) if (message.type === 'caughtUp') break;
  expect(await log.version()).toMatch(/^\d+\.\d+/);

  const stranger = givenLog(double, { address: as('guessed') });
  await expect(stranger.append(stream, 1, someEvents(1))).rejects.toMatchObject({ code: 'log_unusable' });
  await expect(collect(stranger.readStream(stream))).rejects.toMatchObject({ code: 'log_unusable' });

  const trusting = givenLog(double, { address: { ...as(SECRET), tlsCAFile: undefined } });
  expect(await trusting.append(stream, 1, someEvents(1))).toMatchObject({ status: 'outcomeUnknown' });
  await expect(collect(trusting.readStream(stream))).rejects.toMatchObject({ code: 'log_unreachable' });
  expect(double.store.head(stream)).toBe(1);
  expect(() => givenLog(double, { address: { ...as(SECRET), tlsCAFile: join(folder, 'none.pem') } })).toThrow(
    /tlsCAFile/,
  );
});
