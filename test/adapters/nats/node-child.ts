/**
 * A whole node in a process of its own: a log file that it shares with others, and a real NATS server. Configured by its arguments,
 * `{ dataDir, url, node, prefix }` as JSON; says `ready` when it takes part. SIGTERM has it stop in order.
 */
import { createClient } from '../../../actors/client.ts';
import { startSystem } from '../../../actors/system.ts';
import { openCluster } from '../../../adapters/cli/compose/cluster.ts';
import { nodeEnvironment } from '../../../adapters/cli/compose/node-environment.ts';
import { createOpened } from '../../../adapters/cli/compose/opened.ts';
import { openStores } from '../../../adapters/cli/compose/stores.ts';
import { connectNats } from '../../../adapters/nats/connection.ts';
import { createNatsBus } from '../../../adapters/nats/message-bus.ts';
import { natsSettings } from '../../../adapters/nats/settings.ts';

export interface NodeChildOptions {
  readonly dataDir: string;
  readonly url: string;
  readonly node: string;
  /** Before all subjects. */
  readonly prefix?: string;
  /** How often it looks for what other processes have appended, in milliseconds; default as for every log. */
  readonly pollMs?: number;
  /** A domain to configure at the start, with its configuration. */
  readonly configure?: { readonly name: string; readonly config: object };
}

const { dataDir, url, node, prefix, pollMs, configure }: NodeChildOptions = JSON.parse(process.argv[2] ?? '{}');
const settings = natsSettings({ NATS_URL: url, NATS_SUBJECT_PREFIX: prefix });
if (settings === undefined) throw new Error('There is no URL of a NATS server.');

const onFailure = (where: string, thrown: unknown) => process.stderr.write(`${node} ${where}: ${String(thrown)}\n`);
const opened = createOpened();
const env = nodeEnvironment(undefined, node);
const { log, snapshots, salts, keys } = await openStores(
  { dataDir, seed: undefined, onFailure, variables: {}, log: { pollMs }, disk: undefined, onDisk: undefined },
  opened,
);
const link = opened.keep(await connectNats(settings, { name: node }));
const bus = opened.keep(createNatsBus({ link, node, version: '0.0.0', onError: (thrown) => onFailure('bus', thrown) }));
const cluster = opened.keep(await openCluster({ bus, node, version: '0.0.0', log, onFailure }));
const { placement } = cluster;
const system = await startSystem({ env, log, bus, snapshots, salts, keys, placement, onFailure });
cluster.follow(system);
if (configure !== undefined)
  await createClient(bus, system.health).configure(configure.name, configure.config as never);

process.on('SIGTERM', () => {
  void system
    .stop()
    .then(opened.close)
    .then(() => process.exit(0));
});
// Whoever started it is gone: nobody would end it.
process.on('disconnect', () => process.exit(1));
// Whoever measures asks what it has used so far, in microseconds of processor time and bytes.
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system, memory: process.memoryUsage().rss });
});
process.send?.({ ready: true });
