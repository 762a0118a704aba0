/** How the command line fails: what happened, what to do, and an exit code; never a stack trace that nobody asked for. */
import { type ErrorCode, type Problem, problemOf, ReckonerError } from '../../events/errors.ts';
import type { Terminal } from './terminal.ts';

/** The last two are what a shell makes of SIGINT and SIGTERM. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** The table of errors speaks to those who use HTTP; these remedies are better where a command was typed. */
const remedies: Partial<Record<ErrorCode, string>> = {
  request_invalid: 'Correct what is named; the --help of the command shows what it takes.',
  domain_unknown: '`reckoner domains` lists the domains.',
  rollback_point_unknown: '`reckoner rollback-points --domain D` lists the moments that it can be returned to.',
  decision_unknown: 'Check that --data-dir names the installation that made the decision.',
  decision_id_invalid: 'Use the id exactly as it was returned, and the --data-dir of the installation that made it.',
  config_invalid: 'Correct the configuration at the paths that are named; `reckoner serve` shows every field at /docs.',
  port_unavailable: 'Stop what listens there, or choose another port with --port (0 takes any that is free).',
};

/**
 * Tells an error and gives the exit code for it.
 * @param style json: the problem as one line of JSON; debug: with stack traces
 */
export async function reportFailure(
  thrown: unknown,
  terminal: Terminal,
  style: { readonly json: boolean; readonly debug: boolean },
): Promise<number> {
  const problem = told(thrown);
  const { err } = terminal;
  if (style.json) {
    await err.line(JSON.stringify(problem));
  } else {
    await err.line(`${err.colours.red('error:')} ${problem.message}`);
    for (const line of detailLines(problem)) await err.line(`  ${line}`);
    await err.line(`${err.colours.cyan('→')} ${problem.remedy}`);
  }
  if (style.debug) await err.line(stackOf(thrown));
  return usage.includes(problem.code) ? exitCodes.usage : exitCodes.failed;
}

/** What whoever typed the command got wrong. */
const usage: readonly ErrorCode[] = ['request_invalid', 'query_refused'];

/** What is wrong, path by path; nothing where the message has said it all. */
function detailLines({ message, details = [] }: Problem): string[] {
  const lines = details.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const only = lines.length === 1 ? lines[0] : undefined;
  return only !== undefined && message.toLowerCase().includes(only.toLowerCase()) ? [] : lines;
}

/** A wrong option or argument: exit code 2. */
export function usageError(message: string, remedy: string): ReckonerError {
  return new ReckonerError('request_invalid', message, { remedy });
}

function told(thrown: unknown): Problem {
  const problem = problemOf(thrown);
  const isOurs = thrown instanceof ReckonerError;
  if (!isOurs) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    const remedy =
      'Run it again with RECKONER_DEBUG=1 and report what it prints; `reckoner doctor` looks for known causes.';
    return { ...problem, message: `Something failed that should not have: ${text}`, remedy };
  }
  // A remedy that was written for the occasion knows better than the one for every command.
  const general = new ReckonerError(problem.code, '').problem.remedy;
  return problem.remedy === general ? { ...problem, remedy: remedies[problem.code] ?? general } : problem;
}

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause === undefined ? `${thrown.stack}` : `${thrown.stack}\ncaused by ${stackOf(thrown.cause)}`;
}
