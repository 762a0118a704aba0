/** `reckoner serve`: a node with its HTTP door, the example domains, and the demonstration. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import { exampleDomains } from '../../actors/config/examples.ts';
import type { DomainView } from '../../actors/messages/domain.ts';
import { DEFAULT_TENANT, type Reckoner } from '../../actors/reckoner.ts';
import { ReckonerError } from '../../events/errors.ts';
import { DEFAULT_HOST } from '../http/address.ts';
import { openHttpDoor } from '../http/door.ts';
import { doubtOfNativePart } from '../sqlite/native.ts';
import type { Cli } from './cli.ts';
import { openNode, type ReckonerNode } from './compose.ts';
import { dataDirOption, dataDirShown } from './data-dir.ts';
import { startDemo } from './demo.ts';
import { DEMO_DOMAIN, demoAgents, demoConfig, demoWorld } from './demo-world.ts';
import { helpText } from './help-text.ts';
import { requireSoundTail } from './log-tail.ts';
import { portOption } from './port.ts';
import { createVoice, type Voice } from './serve-voice.ts';
import { onInterrupt } from './signals.ts';

interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly demo: boolean;
  readonly projections: boolean;
  readonly json: boolean;
  readonly dataDir: string;
  readonly logFile?: string;
}

const NOTES = `
On the first start the example domains are configured (model_routing, content_analysis, user_engagement, recommendations);
later starts leave them as you changed them. Where no model provider is configured, simulated agents play a light stream of
requests in a domain of their own, demo: twenty a second for 15 s, one a second for ten minutes, then one in ten seconds.

Only this machine can reach it unless --host says otherwise. Ctrl-C or SIGTERM finishes what is under way and exits with 0; a
second one exits at once, with 130 or 143.

With NATS_URL set it takes its part beside the other nodes of that server: requests over NATS are answered, and the buckets are
shared out (reckoner nodes). With EVENTSTORE_URL set the log is in EventStoreDB. The data directory then is each node's own.
On one machine several nodes may share one file: --log-file.

Examples:
  reckoner serve
  reckoner serve --port 9000 --data-dir /var/lib/reckoner --no-demo --json
  NATS_URL=nats://localhost reckoner serve --port 9001 --data-dir ./node-1 --log-file ./shared/events.db --no-demo`;

/** Adds `reckoner serve`. */
export function registerServe(program: Command, cli: Cli): void {
  program
    .command('serve')
    .description('run a node with its HTTP API: decide, learn, explain')
    .addOption(portOption('TCP port; 0 takes any that is free'))
    .option('--host <host>', 'address to bind to', DEFAULT_HOST)
    .option('--no-demo', 'do not play simulated requests')
    .option('--no-projections', 'make no read models: analytics and queries show what was made before')
    .option('--json', 'speak in JSON lines', false)
    .addOption(dataDirOption())
    .addOption(
      new Option('--log-file <file>', 'the log, where several nodes share one file; keys and salts lie beside it').env(
        'RECKONER_LOG_FILE',
      ),
    )
    .addHelpText('after', helpText(NOTES))
    .action((options: ServeOptions) => serve(options, cli));
}

async function serve(options: ServeOptions, cli: Cli): Promise<void> {
  const voice = createVoice(cli.terminal, options.json);
  const interrupted = onInterrupt();
  try {
    await serveUntil(interrupted.signal, options, cli, voice);
  } finally {
    interrupted.dispose();
  }
  await voice.say('stopped', 'Stopped.');
}

/** Opens everything, waits, and closes what it opened in the opposite order, also where opening stopped half-way. */
async function serveUntil(stop: AbortSignal, options: ServeOptions, cli: Cli, voice: Voice): Promise<void> {
  const { port, host, demo } = options;
  const { version, env } = cli;
  const dataDir = resolve(options.dataDir);
  // The same name after a restart, so that agents find their own streams; another one for a second server on the same log.
  const nodeName = port === 0 ? undefined : `${hostname()}-${port}`;
  const doubt = doubtOfNativePart();
  if (doubt !== undefined) voice.trouble('sqlite', doubt);
  const node = await openNode({
    ...{ dataDir, logFile: options.logFile, variables: env, joins: { version } },
    nodeName,
    agents: demo ? demoAgents : [],
    projections: options.projections,
    onFailure: voice.trouble,
    onDisk: voice.disk,
  });
  try {
    await requireSoundTail(node.log);
    const { reckoner, analytics } = node;
    const door = await openHttpDoor({ reckoner, analytics, host, port, version, log: voice.log });
    try {
      await configureMissing(reckoner, demo, node.log.trouble() === undefined);
      const domains = await reckoner.domains();
      const command = commandFrom(env, options.dataDir);
      await voice.started({ version, url: door.url, dataDir, domains, demo, command });
      const stopDemo = demo && mayPlay(domains, voice) ? play(node, voice) : async () => {};
      await aborted(stop);
      await voice.say('stopping', 'Stopping: finishing what is under way. Again to stop at once.');
      await stopDemo();
    } finally {
      await door.close();
    }
  } finally {
    await node.close();
  }
}

/** Configures what is not there yet; what is there belongs to the user. */
async function configureMissing(reckoner: Reckoner, demo: boolean, mayWrite: boolean): Promise<void> {
  const wanted: { readonly name: string; readonly config: DomainConfigInput }[] = [...exampleDomains];
  if (demo) wanted.push({ name: DEMO_DOMAIN, config: demoConfig });
  for (const { name, config } of wanted) {
    try {
      await reckoner.domain(name);
    } catch (thrown) {
      if (!(thrown instanceof ReckonerError) || thrown.code !== 'domain_unknown') throw thrown;
      if (!mayWrite) continue; // what is there can be read all the same
      await reckoner.configure(name, config, { tenant: DEFAULT_TENANT, by: 'serve' });
    }
  }
}

/** A domain of that name with other arms is the user's: nothing simulated is mixed into it. */
function mayPlay(domains: readonly DomainView[], voice: Voice): boolean {
  const arms = domains.find(({ domain }) => domain === DEMO_DOMAIN)?.config.arms ?? [];
  if (arms.every(({ name }) => Object.hasOwn(demoWorld.arms, name))) return true;
  voice.trouble(
    'demo',
    new Error(`the domain ${DEMO_DOMAIN} is not the demonstration's own, so nothing is played in it`),
  );
  return false;
}

/** Plays the demonstration; what it gives stops it. */
function play(node: ReckonerNode, voice: Voice): () => Promise<void> {
  const { reckoner, env } = node;
  const onFault = (fault: unknown) => voice.trouble('demo', fault);
  const demo = startDemo({ reckoner, run: `demo-${env.uuid()}`, now: env.now, onFault });
  const watching = new AbortController();
  voice.follow(demo, watching.signal);
  return async () => {
    watching.abort();
    await demo.stop();
  };
}

/** How a command is typed where this server was started: in the repository by npm, elsewhere by its bin. */
function commandFrom(env: Cli['env'], dataDir: string): (name: string) => string {
  const program = env.npm_lifecycle_event === undefined ? 'reckoner' : 'npm run -s reckoner --';
  const place = dataDirShown(dataDir);
  return (name) => `${program} ${name}${place}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
}
