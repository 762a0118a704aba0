/** `reckoner nodes`: which nodes share the work, and how each of them is. */
import type { Command } from 'commander';
import { createRing } from '../../actors/cluster/rendezvous.ts';
import { askNodes, type HeardNode } from '../nats/members.ts';
import type { Cli } from './cli.ts';
import { exitCodes, usageError } from './failure.ts';
import { figure } from './figure.ts';
import { helpText } from './help-text.ts';
import { tableLines } from './table.ts';
import type { Colours } from './terminal.ts';

interface Options {
  readonly json: boolean;
  readonly wait: number;
}

const NOTES = `
Asks all nodes on the NATS server of NATS_URL how they are, and shows those that answer. Each bucket belongs to one node, as its name
and the names of those that take part say; nobody has to be told when one comes or goes. Share is how much of the buckets belongs to a
node. Log is how far it has read, behind how many events it lacks to the one that is farthest. Clock is how its clock differs from
this machine's.

Exit codes: 0 there are nodes and all is well; 1 nobody answers, two have one name, logs differ, or clocks by more than a second.

Examples:
  NATS_URL=nats://localhost reckoner nodes
  reckoner nodes --json | jq -r '.[] | select(.behind > 1000) | .name'`;

/** Clocks that differ by more are worth a word. */
const SKEW_MOST_MS = 1_000;
/** Made-up buckets by which shares are measured: good to half a percent. */
const SAMPLE = 20_000;

/** A node as it is told of. */
export interface NodeView {
  readonly name: string;
  readonly version: string;
  /** ISO 8601, by its own clock. */
  readonly since: string;
  /** False while it comes or goes: nothing belongs to it. */
  readonly takesPart: boolean;
  /** Part of all buckets that belongs to it, in [0, 1]. */
  readonly share: number;
  readonly liveBuckets: number;
  readonly inFlight: number;
  /** Requests that other nodes answered for it, and that it took over from nodes that did not answer, since it started. */
  readonly forwarded: number;
  readonly takenOver: number;
  readonly position: string;
  /** Events that it lacks to the farthest; null where positions are no numbers. */
  readonly behind: number | null;
  readonly skewMs: number;
  /** Which log it writes, by its first event; empty as long as it has none. */
  readonly log: string;
}

/** Adds `reckoner nodes`. */
export function registerNodes(program: Command, cli: Cli): void {
  program
    .command('nodes')
    .description('the nodes that share the work over NATS: who is there, and how each is')
    .option('--json', 'as JSON: an array of nodes', false)
    .option('--wait <ms>', 'how long to wait for answers, in milliseconds', wholeMs, 500)
    .addHelpText('after', helpText(NOTES))
    .action(async ({ json, wait }: Options) => {
      // Help needs all commands, and none of what this one asks with.
      const { natsSettings } = await import('../nats/settings.ts');
      const settings = natsSettings(cli.env);
      if (settings === undefined)
        throw usageError(
          'NATS_URL is not set: a node without it is the only one.',
          'Set it as it is set for the nodes.',
        );
      const { connectNats } = await import('../nats/connection.ts');
      const { createNatsBus } = await import('../nats/message-bus.ts');
      const link = await connectNats(settings, { name: 'reckoner nodes', connectMs: 5_000 });
      const bus = createNatsBus({ link, node: 'reckoner nodes', version: cli.version });
      try {
        const nodes = viewsOf(await askNodes(bus, { waitMs: wait }));
        const { colours, line } = { colours: cli.terminal.out.colours, line: cli.terminal.out.line };
        for (const text of json ? [JSON.stringify(nodes)] : nodeLines(nodes, colours)) await line(text);
        if (troubles(nodes).length > 0) cli.exit(exitCodes.failed);
      } finally {
        await bus.close();
        await link.close();
      }
    });
}

/** What the nodes told, as it is shown. */
export function viewsOf(heard: readonly HeardNode[]): readonly NodeView[] {
  const shares = sharesOf(heard.filter(({ takesPart }) => takesPart).map(({ name }) => name));
  const rows = heard.map(({ status }) => rowOf(status.position));
  const farthest = rows.reduce<bigint | undefined>(
    (most, row) => (row !== undefined && (most === undefined || row > most) ? row : most),
    undefined,
  );
  return heard.map(({ name, version, started, takesPart, status, skewMs, log }, index) => {
    const row = rows[index];
    const behind = row === undefined || farthest === undefined ? null : Number(farthest - row);
    const since = new Date(started).toISOString();
    return { name, version, since, takesPart, share: shares.get(name) ?? 0, ...status, behind, skewMs, log };
  });
}

/** What is wrong, a sentence each. */
export function troubles(nodes: readonly NodeView[]): readonly string[] {
  if (nodes.length === 0) return ['No node answers. Are they on this NATS server, under the same NATS_SUBJECT_PREFIX?'];
  const twice = nodes.filter(({ name }, index) => nodes.findIndex((other) => other.name === name) !== index);
  const off = nodes.filter(({ skewMs }) => Math.abs(skewMs) > SKEW_MOST_MS);
  const logs = new Set(nodes.map(({ log }) => log).filter((log) => log !== ''));
  return [
    ...(logs.size > 1
      ? ['They write different logs, so they share nothing: give all of them the same EVENTSTORE_URL.']
      : []),
    ...twice.map(({ name }) => `Two nodes have the name ${name}: start each under a name of its own.`),
    ...off.map(({ name, skewMs }) => `The clock of ${name} is ${skewOf(skewMs)}: keep clocks by NTP.`),
  ];
}

export function nodeLines(nodes: readonly NodeView[], colours: Colours): string[] {
  const trouble = troubles(nodes).map((text) => colours.yellow(text));
  if (nodes.length === 0) return trouble;
  const rows = nodes.map((node) => [
    { text: node.name, paint: colours.bold },
    node.version,
    node.since.slice(0, 19).replace('T', ' '),
    node.takesPart ? `${(node.share * 100).toFixed(1)} %` : '–',
    figure(node.liveBuckets),
    figure(node.inFlight),
    figure(node.forwarded),
    figure(node.takenOver),
    node.behind === null ? '–' : figure(node.behind),
    { text: skewOf(node.skewMs), ...(Math.abs(node.skewMs) > SKEW_MOST_MS ? { paint: colours.yellow } : {}) },
  ]);
  const columns = [
    { title: 'node' },
    { title: 'version' },
    { title: 'since (UTC)' },
    { title: 'share', align: 'right' as const },
    { title: 'live buckets', align: 'right' as const },
    { title: 'under way', align: 'right' as const },
    { title: 'forwarded', align: 'right' as const },
    { title: 'taken over', align: 'right' as const },
    { title: 'log behind', align: 'right' as const },
    { title: 'clock' },
  ];
  return [...tableLines(columns, rows, colours.dim), ...trouble];
}

function skewOf(ms: number): string {
  if (Math.abs(ms) < 50) return 'the same';
  return `${(Math.abs(ms) / 1000).toFixed(1)} s ${ms > 0 ? 'ahead' : 'behind'}`;
}

function sharesOf(names: readonly string[]): ReadonlyMap<string, number> {
  const owned = new Map<string, number>();
  if (names.length === 0) return owned;
  const ring = createRing(names);
  for (let index = 0; index < SAMPLE; index++) {
    const owner = ring.ownerOf(`bucket-default-sample-${index}`);
    owned.set(owner, (owned.get(owner) ?? 0) + 1 / SAMPLE);
  }
  return owned;
}

/** The number of an event, in a log that numbers its events. */
function rowOf(position: string): bigint | undefined {
  return /^\d{0,30}$/.test(position) ? BigInt(position || '0') : undefined;
}

function wholeMs(text: string): number {
  const ms = Number(text);
  if (!Number.isInteger(ms) || ms < 50 || ms > 60_000)
    throw usageError('--wait must be from 50 to 60000 milliseconds.', 'Leave it out for half a second.');
  return ms;
}
