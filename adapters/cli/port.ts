import { InvalidArgumentError, Option } from 'commander';
import { DEFAULT_PORT } from '../http/address.ts';

/** `--port`, with what it is for in the words of its command. */
export function portOption(about: string): Option {
  return new Option('-p, --port <port>', about).argParser(portGiven).default(DEFAULT_PORT);
}

function portGiven(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It is a whole number from 0 to 65535.');
  return port;
}
