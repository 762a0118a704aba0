#!/usr/bin/env node
/** The bin. Everything it knows of the process it hands on: streams, environment, arguments. */
import { runCli } from './program.ts';
import { openTerminal } from './terminal.ts';

const terminal = openTerminal(process, process.env);
const code = await runCli(process.argv.slice(2), { terminal, env: process.env });
// What was written may still be in a pipe: let Node empty it, and hang about no longer than that for anything else.
process.exitCode = code;
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
