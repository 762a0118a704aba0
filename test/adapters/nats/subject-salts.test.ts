import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectNats, type NatsLink } from '../../../adapters/nats/connection.ts';
import { natsSettings } from '../../../adapters/nats/settings.ts';
import { openNatsSalts } from '../../../adapters/nats/subject-salts.ts';
import { openSubjectSalts } from '../../../adapters/sqlite/subject-salts.ts';
import { subjectSaltsContract } from '../../contracts/subject-salts.ts';
import { temporaryFile } from '../sqlite/temporary.ts';
import { natsServerPath } from './find-server.ts';
import { type NatsServer, startNatsServer } from './server.ts';

const someone = Buffer.alloc(32, 1);
const salt = Buffer.from('a recognisable salt of 32 bytes!');

subjectSaltsContract('sqlite', async () => {
  const file = temporaryFile('salts.db');
  return () => openSubjectSalts({ file });
});

describe.skipIf(natsServerPath === undefined)('over a real nats-server', () => {
  let server: NatsServer;
  let stores = 0;
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterAll(() => server.stop());

  async function linkTo(prefix: string, to = server): Promise<NatsLink> {
    const settings = natsSettings({ NATS_URL: to.url, NATS_SUBJECT_PREFIX: prefix });
    if (settings === undefined) throw new Error('no settings');
    const link = await connectNats(settings, { name: 'salts' });
    onTestFinished(link.close);
    return link;
  }

  subjectSaltsContract('nats', async () => {
    const prefix = `store${stores++}`;
    return async () => openNatsSalts({ link: await linkTo(prefix) });
  });

  it('keeps them through a kill of the server, and erases the bytes from its disk', async () => {
    const own = await startNatsServer();
    onTestFinished(own.stop);
    const store = await openNatsSalts({ link: await linkTo('own', own), newSalt: () => salt });
    await store.saltOf(someone);
    expect(filesWith(own, salt)).not.toEqual([]);
    await own.kill();
    await own.start();
    await expect.poll(() => store.knownSaltOf(someone).catch(() => undefined), { timeout: 10_000 }).toBeDefined();
    expect(await store.erase(someone)).toBe(true);
    expect(filesWith(own, salt)).toEqual([]);
  });

  it('takes salts as they are from another store, and no second one for a person', async () => {
    const store = await openNatsSalts({ link: await linkTo('brought') });
    await store.bring(someone, salt);
    await store.bring(someone, salt);
    expect(Buffer.from(await store.saltOf(someone))).toEqual(salt);
    await expect(store.bring(someone, Buffer.alloc(32, 9))).rejects.toMatchObject({ code: 'destination_differs' });
  });

  it('says what to do where the server has no JetStream', async () => {
    const plain = await startNatsServer({ jetstream: false });
    onTestFinished(plain.stop);
    const opening = openNatsSalts({ link: await linkTo('plain', plain), timeoutMs: 1_000 });
    await expect(opening).rejects.toMatchObject({ code: 'salts_unreachable' });
  });
});

/** Files of the server's store that hold these bytes. */
function filesWith({ output }: NatsServer, bytes: Buffer): string[] {
  const [, folder = ''] = /Store Directory: "([^"]+)"/.exec(output) ?? [];
  try {
    const listed = execFileSync('grep', ['-rlaF', bytes.toString(), folder], { encoding: 'utf8' });
    return listed.split('\n').filter((line) => line !== '');
  } catch {
    return []; // grep has found none
  }
}
