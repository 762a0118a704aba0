/**
 * Who else is there: every node says each second that it lives, and how it is. Who was not heard of for 3.5 seconds is gone, who says
 * goodbye is gone at once. Whether a node lives is told by this node's own clock alone; what the clocks say differently is told.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Members } from '../../actors/cluster/members.ts';
import { ReckonerError } from '../../events/errors.ts';
import type { Message, MessageBus } from '../../events/message-bus.ts';

export const HEARTBEAT = 'nodes.heartbeat';
/** Whoever asks is told by all at once how they are. */
export const HOW_ARE_YOU = 'nodes.ask';

/** What a node tells of itself. */
export const Heartbeat = z.object({
  name: z.string().min(1).max(200),
  /** Of this process: two of one name are a mistake. */
  instance: z.string().max(64),
  version: z.string().max(64),
  /** Milliseconds since 1970-01-01 UTC. */
  started: z.number(),
  clock: z.number(),
  /** Which log it writes, by its first event; empty as long as it has none. */
  log: z.string().max(64).default(''),
  /** False while it only listens, or goes. */
  takesPart: z.boolean(),
  status: z.object({
    liveBuckets: z.number(),
    inFlight: z.number(),
    /** How far it has read the log. */
    position: z.string().max(200),
    /** Requests that it had others answer, and that it took over from others that did not. */
    forwarded: z.number(),
    takenOver: z.number(),
  }),
});

export type Heartbeat = z.output<typeof Heartbeat>;
export type NodeStatus = Heartbeat['status'];

export interface MembersOptions {
  readonly bus: MessageBus;
  /** Name of this node. */
  readonly self: string;
  readonly version: string;
  readonly status: () => NodeStatus;
  /** Which log this node writes; empty, the default, where that is not known yet. Nodes of another log are none of ours. */
  readonly log?: () => string;
  /** Told of what is wrong with the cluster: two nodes of one name, clocks that differ. Each is told once. */
  readonly onTrouble?: (trouble: ReckonerError) => void;
  /** Milliseconds between two heartbeats, default 1,000. */
  readonly beatMs?: number;
  /** Who was not heard of for so long is gone; in milliseconds, default 3,500. */
  readonly goneMs?: number;
  /** How long to listen at first for those who are there, in milliseconds; default 300. */
  readonly listenMs?: number;
  /** Milliseconds since 1970-01-01 UTC, as this node has it; default the machine's clock. */
  readonly clock?: () => number;
}

export interface NodeMembers extends Members {
  /** What each of the others told last. */
  heard(): readonly HeardNode[];
  close(): Promise<void>;
}

export interface HeardNode extends Heartbeat {
  /** How far its clock is ahead of this node's, in milliseconds, less than the way of a message too little. */
  readonly skewMs: number;
}

interface Known {
  beat: Heartbeat;
  /** By `performance.now()`. */
  heardAt: number;
  /** The last few: the least delayed is the truest. */
  skews: number[];
}

const SKEWS = 8;
/** Clocks that differ by more are told of: times in the log, windows and daily points go by them. */
const SKEW_MOST_MS = 1_000;

/** Listens for a moment, so that what a node takes on when it joins is what belongs to it. */
export async function openMembers(options: MembersOptions): Promise<NodeMembers> {
  const { bus, self, version, status, log = () => '', onTrouble = () => {}, clock = Date.now } = options;
  const { beatMs = 1_000, goneMs = 3_500, listenMs = 300 } = options;
  const instance = randomUUID();
  const started = clock();
  const known = new Map<string, Known>();
  const listeners = new Set<() => void>();
  const told = new Set<string>();
  let takesPart = false;
  let lookedAt = performance.now();
  let view: readonly string[] = [];

  const tellOnce = (what: string, trouble: ReckonerError) => {
    if (told.has(what)) return;
    told.add(what);
    onTrouble(trouble);
  };

  const isOther = (beat: Heartbeat) => beat.log !== '' && log() !== '' && beat.log !== log();

  function look(): void {
    const live = [...known.values()]
      .filter(({ beat }) => beat.takesPart && !isOther(beat))
      .map(({ beat }) => beat.name);
    if (takesPart) live.push(self);
    const next = live.sort();
    if (next.join('\n') === view.join('\n')) return;
    view = next;
    for (const listener of [...listeners]) listener();
  }

  function forgetSilent(): void {
    const now = performance.now();
    // Where this node itself was held up, the others' heartbeats still wait to be read: nobody is gone for that.
    const held = Math.max(0, now - lookedAt - 2 * beatMs);
    lookedAt = now;
    for (const [name, node] of known) {
      node.heardAt += held;
      if (now - node.heardAt > goneMs) known.delete(name);
    }
    look();
  }

  function hear(beat: Heartbeat): void {
    if (beat.name === self) {
      if (beat.instance !== instance) tellOnce('name', twoOfOneName(self));
      return;
    }
    const before = known.get(beat.name);
    const skews = [...(before?.beat.instance === beat.instance ? before.skews : []), beat.clock - clock()].slice(
      -SKEWS,
    );
    known.set(beat.name, { beat, heardAt: performance.now(), skews });
    const skew = skewOf(skews);
    // Not before several agree: what waited while one of the two was held up comes late, all of it.
    if (skews.length === SKEWS && Math.abs(skew) > SKEW_MOST_MS)
      tellOnce(`clock ${beat.name}`, clocksDiffer(beat.name, skew));
    if (isOther(beat)) tellOnce(`log ${beat.name}`, twoLogs(beat.name));
    look();
  }

  const beat = (): Heartbeat => ({
    ...{ name: self, instance, version, started, clock: clock(), log: log(), takesPart, status: status() },
  });
  // A bus that is lost for a while takes nothing; the others notice, and so does who asks this node.
  const tell = () => bus.publish(HEARTBEAT, beat()).catch(() => {});

  const heartbeats = bus.subscribe(HEARTBEAT, ({ body }: Message) => {
    const parsed = Heartbeat.safeParse(body);
    if (parsed.success) hear(parsed.data);
  });
  const questions = bus.subscribe(HOW_ARE_YOU, () => void tell());
  const timer = setInterval(() => {
    forgetSilent();
    void tell();
  }, beatMs);
  await bus.publish(HOW_ARE_YOU, {}).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, listenMs));

  return {
    self,
    live: () => view,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    ask: (node, message, timeoutMs) =>
      bus.request(`node.${wordOf(node)}.${message.subject}`, message.body, { headers: message.headers, timeoutMs }),
    respond: (handler) => {
      const prefix = `node.${wordOf(self)}.`;
      return bus.respond(`${prefix}>`, (message) =>
        handler({ ...message, subject: message.subject.slice(prefix.length) }),
      );
    },
    join() {
      takesPart = true;
      look();
      void tell();
    },
    leave() {
      takesPart = false;
      look();
      void tell();
    },
    heard: () => [...known.values()].map(({ beat, skews }) => ({ ...beat, skewMs: skewOf(skews) })),
    async close() {
      clearInterval(timer);
      await Promise.all([heartbeats.close(), questions.close()]);
    },
  };
}

/** All that answer within so many milliseconds, by name. For who takes no part: a command of an operator. */
export async function askNodes(
  bus: MessageBus,
  { waitMs = 500, clock = Date.now }: { readonly waitMs?: number; readonly clock?: () => number } = {},
): Promise<readonly HeardNode[]> {
  const heard = new Map<string, HeardNode>();
  const heartbeats = bus.subscribe(HEARTBEAT, ({ body }) => {
    const { data } = Heartbeat.safeParse(body);
    if (data !== undefined) heard.set(data.instance, { ...data, skewMs: data.clock - clock() });
  });
  await bus.publish(HOW_ARE_YOU, {});
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  await heartbeats.close();
  return [...heard.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** A message's way makes a clock look late by as much: so the one that looks least late is believed. */
function skewOf(skews: readonly number[]): number {
  return Math.max(...skews);
}

const WORD = /^[A-Za-z0-9_-]+$/;

/** A node's name as one word of a subject: host names have dots in them. */
function wordOf(name: string): string {
  return WORD.test(name) && !name.startsWith('b64_') ? name : `b64_${Buffer.from(name).toString('base64url')}`;
}

function twoOfOneName(name: string): ReckonerError {
  return new ReckonerError('conflict', `Another node has the name ${name} too.`, {
    remedy: 'Start each node under a name of its own (--node): events and buckets are told apart by it.',
  });
}

function twoLogs(name: string): ReckonerError {
  return new ReckonerError(
    'log_unusable',
    `The node ${name} writes another log than this one: nothing is shared with it.`,
    {
      remedy:
        'Nodes that share work have one log: give all of them the same EVENTSTORE_URL, or another NATS_SUBJECT_PREFIX.',
    },
  );
}

function clocksDiffer(name: string, skewMs: number): ReckonerError {
  const by = `${(Math.abs(skewMs) / 1000).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`;
  return new ReckonerError('conflict', `The clock of node ${name} is ${by} this one’s.`, {
    remedy: 'Keep the clocks of all machines by NTP: reward windows, days and times in the log go by them.',
  });
}
