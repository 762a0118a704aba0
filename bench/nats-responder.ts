/**
 * One of the responders that `nats.ts` asks, as a process of its own: `node nats-responder.js bare {natsUrl}` or
 * `node nats-responder.js reckoner {natsUrl} {dataDir} [subjectPrefix]`. Prints a line when it serves, and ends on SIGTERM.
 */
import { connect } from 'nats';
import { createClient } from '../actors/client.ts';
import { startSystem } from '../actors/system.ts';
import { nodeEnvironment } from '../adapters/cli/compose/node-environment.ts';
import { createOpened } from '../adapters/cli/compose/opened.ts';
import { openStores } from '../adapters/cli/compose/stores.ts';
import { openNatsBus } from '../adapters/nats/open-bus.ts';
import { natsSettings } from '../adapters/nats/settings.ts';
import { benchDomains } from './http-domain.ts';
import { BARE_SUBJECT, bareReply } from './nats-payloads.ts';

const [kind, url = '', directory = '', prefix = ''] = process.argv.slice(2);
if (kind === 'bare') await openBare();
else if (kind === 'reckoner') await openReckoner();
else throw new Error('usage: nats-responder.js bare {url} | reckoner {url} {dataDir} [prefix]');
console.log('serving');

/** As little as a responder can do that takes a request and gives an answer of the same length as a decision. */
async function openBare(): Promise<void> {
  const connection = await connect({ servers: url, noAsyncTraces: true });
  const reply = bareReply();
  connection.subscribe(BARE_SUBJECT, { queue: 'bare', callback: (_, message) => message.respond(reply) });
  await connection.flush();
  process.once('SIGTERM', () => void connection.drain());
}

/** The whole system; in memory where the directory is empty text, else on disk with the log synced before each answer. */
async function openReckoner(): Promise<void> {
  const opened = createOpened();
  const env = nodeEnvironment(undefined, 'bench');
  const onFailure = (where: string, thrown: unknown) => console.error(where, thrown);
  const { log, snapshots, salts, keys } = await openStores(
    {
      dataDir: directory === '' ? undefined : directory,
      onFailure,
      variables: {},
      seed: undefined,
      log: undefined,
      disk: undefined,
      onDisk: undefined,
    },
    opened,
  );
  const settings = natsSettings({ NATS_URL: url, NATS_SUBJECT_PREFIX: prefix });
  if (settings === undefined) throw new Error('there is no URL');
  const bus = opened.keep(await openNatsBus({ settings, node: env.node, version: '0.0.0' }));
  const system = await startSystem({ env, log, bus, snapshots, salts, keys, onFailure });
  const reckoner = createClient(bus, system.health);
  for (const { name, config } of Object.values(benchDomains)) await reckoner.configure(name, config);
  await bus.link.connection.flush();
  process.once('SIGTERM', () => void system.stop().then(opened.close));
}
