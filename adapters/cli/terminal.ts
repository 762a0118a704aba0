/** Where the command line writes: lines to one of two streams, colours only where somebody sees them, quiet when nobody reads. */
import pc from 'picocolors';

export type Colours = ReturnType<typeof pc.createColors>;

export interface Channel {
  /** Writes a line; waits where the reader is slower. */
  line(text?: string): Promise<void>;
  /** Replaces the line it wrote last with `live`; a no-op unless `interactive`. */
  live(text: string): void;
  readonly colours: Colours;
  /** Whether a person watches it. */
  readonly interactive: boolean;
  /** Columns, 80 where it is no terminal. */
  width(): number;
}

export interface Terminal {
  readonly out: Channel;
  readonly err: Channel;
  /** Aborted when whoever read the output is gone, as after `| head`. */
  readonly gone: AbortSignal;
}

/** The terminal of a process. */
export function openTerminal(
  streams: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream },
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const gone = new AbortController();
  for (const stream of [streams.stdout, streams.stderr]) {
    // A closed pipe is not an error of ours; anything else that befalls the output has no better place to be told.
    stream.on('error', () => gone.abort());
  }
  return {
    out: channel(streams.stdout, env, gone.signal),
    err: channel(streams.stderr, env, gone.signal),
    gone: gone.signal,
  };
}

function channel(
  stream: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
  gone: AbortSignal,
): Channel {
  const interactive = stream.isTTY === true;
  let live = '';
  /** Takes the live line away, writes, and puts it back below. */
  function around(text: string): string {
    return live === '' ? text : `\r\x1b[2K${text}${live}`;
  }
  // A program reads what was recorded as it is; a terminal would obey it.
  const shown = (text: string) => (interactive ? harmless(text) : text);
  return {
    async line(text = '') {
      if (gone.aborted || stream.write(around(`${shown(text)}\n`))) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          stream.removeListener('drain', done);
          gone.removeEventListener('abort', done);
          resolve();
        };
        stream.once('drain', done);
        gone.addEventListener('abort', done);
      });
    },
    live(text) {
      if (!interactive || gone.aborted) return;
      live = shown(text);
      stream.write(`\r\x1b[2K${live}`);
    },
    colours: pc.createColors(interactive && !env.NO_COLOR && env.TERM !== 'dumb'),
    interactive,
    width: () => stream.columns ?? 80,
  };
}

/** Characters that turn the direction of what follows: a name that holds one may be shown as another. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text without control characters but line breaks, tabs and colours: a reason or an item may hold what moves a cursor or sets a title. */
function harmless(text: string): string {
  return text.replace(TURNING, '\ufffd').replace(/\p{Cc}(?:\[[\d;]*m)?/gu, (found) => {
    const first = found.charAt(0);
    const known = first === '\n' || first === '\t' || (first === '\x1b' && found.length > 1);
    return known ? found : `\ufffd${found.slice(1)}`;
  });
}
