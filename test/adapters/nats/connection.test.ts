import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nkeys } from 'nats';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectNats, type NatsLink, type NatsOptions, type NatsStatus } from '../../../adapters/nats/connection.ts';
import { natsSettings, type Variables } from '../../../adapters/nats/settings.ts';
import { ReckonerError } from '../../../events/errors.ts';
import { natsServerPath } from './find-server.ts';
import { type NatsServer, type NatsServerOptions, startNatsServer } from './server.ts';

const open: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];
const folder = mkdtempSync(join(tmpdir(), 'reckoner-nats-files-'));
afterEach(async () => {
  for (const part of open.splice(0).reverse()) await (part.close?.() ?? part.stop?.());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function server(options?: NatsServerOptions): Promise<NatsServer> {
  const started = await startNatsServer({ jetstream: false, ...options });
  open.push(started);
  return started;
}

async function connected(variables: Variables, options: Partial<NatsOptions> = {}): Promise<NatsLink> {
  const settings = natsSettings(variables);
  if (settings === undefined) throw new Error('NATS_URL is missing');
  const link = await connectNats(settings, { name: 'reckoner test', connectMs: 1_500, ...options });
  open.push(link);
  return link;
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const seed = () => new TextDecoder().decode(nkeys.createUser().getSeed());

describe('the settings of NATS', () => {
  it('are none where NATS_URL is not set, or empty', () => {
    expect(natsSettings({})).toBeUndefined();
    expect(natsSettings({ NATS_URL: '' })).toBeUndefined();
  });

  it('name several servers, and a port that is not said is 4222', () => {
    const settings = natsSettings({ NATS_URL: 'nats://one:4333, two,tls://three', NATS_SUBJECT_PREFIX: 'a.b' });
    expect(settings).toMatchObject({ servers: ['one:4333', 'two:4222', 'three:4222'], prefix: 'a.b.', tls: {} });
  });

  const secret = 'Sec-ret-42';
  it.each<[string, Variables]>([
    ['NATS_URL', { NATS_URL: `ws://a:${secret}@host` }],
    ['NATS_URL', { NATS_URL: `nats://a:${secret}@ho st:99999` }],
    ['NATS_URL', { NATS_URL: `nats://a:${secret}@one,nats://b:x@two` }],
    ['NATS_URL', { NATS_URL: `nats://one/${secret}` }],
    ['NATS_URL', { NATS_URL: ',' }],
    ['NATS_SUBJECT_PREFIX', { NATS_URL: 'one', NATS_SUBJECT_PREFIX: 'a..b' }],
    ['NATS_PASSWORD', { NATS_URL: 'one', NATS_USER: secret }],
    ['NATS_USER', { NATS_URL: 'one', NATS_PASSWORD: secret }],
    ['NATS_NKEY', { NATS_URL: 'one', NATS_NKEY: secret }],
    ['NATS_CREDS', { NATS_URL: 'one', NATS_CREDS: file('bad.creds', secret) }],
    ['NATS_PASSWORD_FILE', { NATS_URL: 'one', NATS_USER: 'a', NATS_PASSWORD_FILE: join(folder, 'missing') }],
    ['NATS_TOKEN_FILE', { NATS_URL: 'one', NATS_TOKEN: secret, NATS_TOKEN_FILE: join(folder, 'missing') }],
    ['token, NATS_URL', { NATS_URL: `nats://a:${secret}@one`, NATS_TOKEN: secret }],
    ['NATS_TLS_CA', { NATS_URL: 'one', NATS_TLS_CA: join(folder, 'missing') }],
    ['NATS_TLS_KEY', { NATS_URL: 'one', NATS_TLS_CERT: file('cert.pem', 'x') }],
  ])('that are wrong about %s are refused, and no secret is told', (name, variables) => {
    const failure = thrownBy(() => natsSettings(variables));
    expect(failure).toMatchObject({ code: 'bus_settings_invalid', message: expect.stringContaining(name) });
    expect(`${failure.message} ${JSON.stringify(failure.problem)} ${failure.stack}`).not.toContain(secret);
  });
});

function thrownBy(attempt: () => unknown): ReckonerError {
  try {
    attempt();
  } catch (thrown) {
    if (thrown instanceof ReckonerError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

describe.skipIf(natsServerPath === undefined)('a connection to NATS', () => {
  it('takes another server of the list where one is away, and says who it is', async () => {
    const { url } = await server();
    const link = await connected({ NATS_URL: `nats://127.0.0.1:1,${url}` });
    expect(link.connected).toBe(true);
    expect(link.connection.info?.version).toMatch(/^2\./);
    await link.connection.flush();
  });

  it('that nobody answers is given up, and says where it tried', async () => {
    const began = performance.now();
    await expect(connected({ NATS_URL: 'nats://127.0.0.1:1' }, { connectMs: 600 })).rejects.toMatchObject({
      code: 'bus_unreachable',
      message: expect.stringContaining('127.0.0.1:1'),
    });
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  it('waits for a server that starts a little later', async () => {
    const late = await server();
    await late.kill();
    const connecting = connected({ NATS_URL: late.url }, { connectMs: 8_000 });
    await new Promise((resolve) => setTimeout(resolve, 400));
    await late.start();
    expect((await connecting).connected).toBe(true);
  });

  it('comes back when its server was killed and restarted, and tells both', async () => {
    const killed = await server();
    const told: NatsStatus['type'][] = [];
    const link = await connected({ NATS_URL: killed.url }, { onStatus: ({ type }) => void told.push(type) });
    await killed.kill();
    await expect.poll(() => link.connected).toBe(false);
    await killed.start();
    await expect.poll(() => link.connected).toBe(true);
    await link.connection.flush();
    expect(told).toEqual(['disconnected', 'reconnected']);
    await link.close();
    expect(told.at(-1)).toBe('closed');
  });

  it('notices a server that stays connected and says nothing', async () => {
    const silent = await server();
    const link = await connected({ NATS_URL: silent.url }, { pingMs: 100 });
    silent.pause();
    await expect.poll(() => link.connected).toBe(false);
    silent.resume();
    await expect.poll(() => link.connected).toBe(true);
  });

  it('closes at once where its server is away, and in time where it is silent', async () => {
    const gone = await server();
    const first = await connected({ NATS_URL: gone.url });
    const second = await connected({ NATS_URL: gone.url }, { drainMs: 300 });
    gone.pause();
    const began = performance.now();
    await second.close();
    expect(performance.now() - began).toBeLessThan(1_500);
    gone.resume();
    await gone.kill();
    await expect.poll(() => first.connected).toBe(false);
    await first.close();
  });

  describe('with a user and a password', () => {
    let guarded: NatsServer;
    beforeAll(async () => {
      const config = 'authorization { user: "node", password: "pass word" }';
      guarded = await startNatsServer({ jetstream: false, config });
    });
    afterAll(() => guarded?.stop());

    it('is let in, by variables, by a file, or by the URL', async () => {
      const { url: NATS_URL, port } = guarded;
      await connected({ NATS_URL, NATS_USER: 'node', NATS_PASSWORD: 'pass word' });
      await connected({ NATS_URL, NATS_USER: 'node', NATS_PASSWORD_FILE: file('password', 'pass word\n') });
      await connected({ NATS_URL: `nats://node:pass%20word@127.0.0.1:${port}` });
    });

    it.each<Variables>([{}, { NATS_USER: 'node', NATS_PASSWORD: 'Wrong-one' }, { NATS_TOKEN: 'Wrong-one' }])(
      'is refused at once where they are wrong, and no secret is told',
      async (variables) => {
        const failure = await connected({ NATS_URL: guarded.url, ...variables }).catch((thrown) => thrown);
        expect(failure).toMatchObject({
          code: 'bus_refused',
          problem: { remedy: expect.stringContaining('NATS_USER') },
        });
        expect(`${failure.stack}${JSON.stringify(failure.problem)}`).not.toContain('Wrong-one');
      },
    );

    it('comes back when the server is given its password again', async () => {
      const renewed = await server({ config: 'authorization { user: "node", password: "one" }' });
      const NATS_PASSWORD_FILE = file('renewed', 'one');
      const link = await connected({ NATS_URL: renewed.url, NATS_USER: 'node', NATS_PASSWORD_FILE });
      await renewed.kill();
      await renewed.start('authorization { user: "node", password: "two" }');
      await new Promise((resolve) => setTimeout(resolve, 800));
      expect(link.connected).toBe(false);
      writeFileSync(NATS_PASSWORD_FILE, 'two');
      await expect.poll(() => link.connected).toBe(true);
    });
  });

  it('is let in by a token', async () => {
    const { url } = await server({ config: 'authorization { token: "tok-1" }' });
    await connected({ NATS_URL: url, NATS_TOKEN: 'tok-1' });
    await connected({ NATS_URL: url.replace('//', '//tok-1@') });
  });

  it('is let in by an nkey, given or in a file', async () => {
    const key = seed();
    const { url } = await server({
      config: `authorization { users: [{ nkey: ${nkeys.fromSeed(new TextEncoder().encode(key)).getPublicKey()} }] }`,
    });
    await connected({ NATS_URL: url, NATS_NKEY: key });
    await connected({ NATS_URL: url, NATS_NKEY_FILE: file('user.nk', `${key}\n`) });
    await expect(connected({ NATS_URL: url, NATS_NKEY: seed() })).rejects.toMatchObject({ code: 'bus_refused' });
  });

  it('is private where the server has TLS, and refused where its certificate is not trusted', async () => {
    const { url, certificates } = await server({ tls: {} });
    const link = await connected({ NATS_URL: url, NATS_TLS_CA: certificates?.ca });
    expect(link.connection.info?.tls_required).toBe(true);
    await expect(connected({ NATS_URL: url })).rejects.toMatchObject({
      code: 'bus_refused',
      problem: { remedy: expect.stringContaining('NATS_TLS_CA') },
    });
  });

  it('shows its own certificate where the server asks for one', async () => {
    const { url, certificates } = await server({ tls: { verify: true } });
    const { ca, cert, key } = certificates ?? {};
    await connected({ NATS_URL: url, NATS_TLS_CA: ca, NATS_TLS_CERT: cert, NATS_TLS_KEY: key });
    await expect(connected({ NATS_URL: url, NATS_TLS_CA: ca }, { connectMs: 800 })).rejects.toThrow(ReckonerError);
  });

  it('that is to be private does not speak to a server without TLS', async () => {
    const { url } = await server();
    await expect(connected({ NATS_URL: url.replace('nats:', 'tls:') })).rejects.toMatchObject({ code: 'bus_refused' });
  });
});
