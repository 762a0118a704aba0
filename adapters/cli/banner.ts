/** What `serve` says when it is ready: where things are, and one thing to try. */
import type { DomainView } from '../../actors/messages/domain.ts';
import { shellWord } from '../files/shell-word.ts';
import type { Colours } from './terminal.ts';

export interface Started {
  readonly version: string;
  readonly url: string;
  readonly dataDir: string;
  readonly domains: readonly DomainView[];
  readonly demo: boolean;
  /** How this command line is called from here, options that every command needs included. */
  readonly command: (name: string) => string;
}

export function bannerLines(started: Started, colours: Colours): string[] {
  const { version, url, dataDir, domains, demo, command } = started;
  const label = (text: string) => `  ${colours.dim(text.padEnd(9))}`;
  const curl = curlOf(url, domains);
  return [
    '',
    `${colours.bold(`Reckoner ${version}`)}  every decision explained, replayed, undone`,
    '',
    `${label('API')}${colours.cyan(`${url}/docs`)}`,
    `${label('domains')}${domains.map(({ domain }) => domain).join(' ') || 'none yet'}`,
    `${label('data')}${dataDir}`,
    `${label('mode')}${colours.yellow('simulated')}: no provider is configured, no model is called`,
    ...(demo ? [`${label('demo')}simulated requests in the domain demo; --no-demo silences them`] : []),
    '',
    ...(curl === undefined ? [] : ['Ask for a decision:', `  ${curl}`, '']),
    'Then, in another terminal:',
    `  ${command('explain')} DECISION_ID`,
    `  ${command('events')} --follow`,
    '',
    colours.dim('Ctrl-C stops.'),
    '',
  ];
}

/** A command that works as it stands: for model_routing, or whatever domain there is. */
export function curlOf(
  url: string,
  domains: readonly Pick<DomainView, 'domain' | 'exampleContext'>[],
): string | undefined {
  const view = domains.find(({ domain }) => domain === 'model_routing') ?? domains[0];
  if (view === undefined) return undefined;
  const body = shellWord(JSON.stringify({ context: view.exampleContext }));
  return `curl -s ${url}/v1/domains/${view.domain}/decisions -H 'content-type: application/json' -d ${body}`;
}
