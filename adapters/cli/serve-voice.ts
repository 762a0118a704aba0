/** How a server speaks: to a person in words, to a machine in JSON lines, of trouble always on stderr. */
import { type Logger, pino } from 'pino';
import { problemOf, ReckonerError } from '../../events/errors.ts';
import { bannerLines, curlOf, type Started } from './banner.ts';
import type { Demo } from './demo.ts';
import { liveLine, plainLine } from './demo-view.ts';
import type { Terminal } from './terminal.ts';

export interface Voice {
  started(started: Started): Promise<void>;
  /** Tells how the demonstration goes until the signal is aborted. */
  follow(demo: Demo, signal: AbortSignal): void;
  /** Something went wrong and was dealt with. */
  trouble(where: string, thrown: unknown): void;
  /** The disk has become nearly full, or has room again (undefined). */
  disk(refusal: ReckonerError | undefined): void;
  say(event: 'stopping' | 'stopped', words: string): Promise<void>;
  /** For the HTTP door. */
  readonly log: Logger;
}

const LIVE_EVERY_MS = 250;
/** Where the live line has to take turns: three seconds each. */
const SHOWS_A_TURN = 12;
/** Plain lines: every three seconds while the demonstration is fast, then once in thirty requests. */
const PLAIN_EVERY_MS = 3000;
const REQUESTS_A_LINE = 30;

export function createVoice({ out, err }: Terminal, json: boolean): Voice {
  const log = pino(
    { base: undefined, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
  const person = out.interactive && !json;

  async function tell(event: string, facts: object, lines: readonly string[]): Promise<void> {
    for (const line of json ? [JSON.stringify({ event, ...facts })] : lines) await out.line(line);
  }

  return {
    log,
    async started(started) {
      const { url, dataDir, domains, demo, version } = started;
      const facts = { url, dataDir, mode: 'simulated', demo, version, domains: domains.map(({ domain }) => domain) };
      await tell('listening', { ...facts, curl: curlOf(url, domains) }, bannerLines(started, out.colours));
    },
    follow(demo, signal) {
      const every = setInterval(show, person ? LIVE_EVERY_MS : PLAIN_EVERY_MS);
      let told = 0;
      let shown = 0;
      show();
      signal.addEventListener('abort', () => {
        clearInterval(every);
        out.live('');
      });

      function show(): void {
        const status = demo.status();
        if (person) {
          out.live(liveLine(status, out.colours, out.width(), Math.floor(shown++ / SHOWS_A_TURN)));
          return;
        }
        // Where requests are rare, lines that repeat themselves would only fill a log.
        const due = status.intervalMs <= 100 || status.requests - told >= REQUESTS_A_LINE;
        if (status.requests === told || !due) return;
        told = status.requests;
        void tell('demo', { source: 'simulated', ...status }, [plainLine(status)]);
      }
    },
    disk(refusal) {
      if (refusal !== undefined) return tellTrouble('disk', refusal);
      const text = 'the disk has room again: decisions and rewards are recorded as before.';
      if (!person) return log.info({ where: 'disk' }, text);
      void (err.interactive ? out : err).line(text);
    },
    trouble(where, thrown) {
      // Told once, when it began: everything that records would repeat it.
      if (thrown instanceof ReckonerError && thrown.code === 'disk_nearly_full') return;
      tellTrouble(where, thrown);
    },
    async say(event, words) {
      await tell(event, {}, [words]);
    },
  };

  function tellTrouble(where: string, thrown: unknown): void {
    const { message, remedy } = problemOf(thrown);
    const text = thrown instanceof ReckonerError || !(thrown instanceof Error) ? message : thrown.message;
    if (!person) {
      log.warn({ where, remedy }, text);
      return;
    }
    // On a terminal both streams are one screen: the channel that knows the live line writes.
    const channel = err.interactive ? out : err;
    void channel.line(`${channel.colours.yellow('warning:')} ${where}: ${text}`);
    if (thrown instanceof ReckonerError) void channel.line(`${channel.colours.cyan('→')} ${remedy}`);
  }
}
