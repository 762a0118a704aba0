#!/usr/bin/env node
/** The bin. Everything it knows of the process it hands on: streams, environment, arguments. */
import { reportFailure } from './failure.ts';
import { runCli } from './program.ts';
import { openTerminal } from './terminal.ts';

const terminal = openTerminal(process, process.env);
process.on('uncaughtException', async (thrown) => {
  const style = { json: process.argv.includes('--json'), debug: Boolean(process.env.RECKONER_DEBUG) };
  process.exit(await reportFailure(thrown, terminal, style));
});
const code = await runCli(process.argv.slice(2), { terminal, env: process.env });
// What was written may still be in a pipe: let Node empty it, and hang about no longer than that for anything else.
process.exitCode = code;
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
