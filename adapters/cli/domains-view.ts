/** Domains, told to a person. */
import type { Feature } from '../../actors/config/context.ts';
import type { DomainView } from '../../actors/messages/domain.ts';
import { ruleLines } from './domain-rules.ts';
import { type Cell, tableLines } from './table.ts';
import type { Colours } from './terminal.ts';

const BAR = 20;
/** So many numbers of an example are shown, and of a longer embedding so many: nobody reads the others. */
const SHOWN = { most: 8, first: 3 } as const;

/** One line a domain. */
export function domainsLines(domains: readonly DomainView[], colours: Colours): string[] {
  if (domains.length === 0) return ['There are no domains yet: PUT /v1/domains/{domain} makes one.'];
  const rows = domains.map((view): (Cell | string)[] => [
    { text: view.domain, paint: colours.bold },
    String(view.config.arms.length),
    view.config.bucketBy.join(', ') || 'one bucket',
    view.config.policy.name,
    String(view.counted),
    bestOf(view),
    view.frozen ? { text: 'frozen', paint: colours.yellow } : 'learning',
  ]);
  return tableLines(
    [
      { title: 'domain' },
      { title: 'arms', align: 'right' },
      { title: 'bucket by' },
      { title: 'policy' },
      { title: 'rewards shared', align: 'right' },
      { title: 'earns most' },
      { title: 'state' },
    ],
    rows,
    colours.dim,
  );
}

/** One domain in full. */
export function domainLines(view: DomainView, colours: Colours): string[] {
  const { config } = view;
  const label = (text: string) => colours.dim(text.padEnd(10));
  const earned = new Map(view.shared.map((arm) => [arm.arm, arm]));
  const rows = config.arms.map((arm): (Cell | string)[] => {
    const shared = earned.get(arm.name);
    return [
      { text: arm.name, paint: colours.bold },
      arm.costUsd === undefined ? '–' : `$${arm.costUsd}`,
      arm.latencyMs === undefined ? '–' : `${arm.latencyMs} ms`,
      shared === undefined ? '0' : String(Math.round(shared.pulls * 10) / 10),
      shared === undefined ? '–' : shared.mean.toFixed(3),
      { text: shared === undefined ? '' : '█'.repeat(Math.round(shared.mean * BAR)), paint: colours.cyan },
    ];
  });
  return [
    `${colours.bold(view.domain)}  revision ${view.revision}${view.frozen ? colours.yellow('  frozen') : ''}`,
    ...(config.description === '' ? [] : [config.description]),
    '',
    `${label('policy')}${config.policy.name}, exploration ${config.exploration}${config.profile === undefined ? '' : `, profile ${config.profile}`}`,
    `${label('bucket by')}${config.bucketBy.join(', ') || 'nothing: one bucket'}`,
    ...Object.entries(config.context).map(
      ([name, feature], index) => `${label(index === 0 ? 'context' : '')}${name}: ${featureOf(feature)}`,
    ),
    ...ruleLines(config).map((rule, index) => `${label(index === 0 ? 'rules' : '')}${rule}`),
    `${label('fallback')}${config.fallback ?? 'none'}`,
    `${label('example')}${exampleOf(view.exampleContext)}`,
    '',
    ...tableLines(
      [
        { title: 'arm' },
        { title: 'cost', align: 'right' },
        { title: 'latency', align: 'right' },
        { title: 'pulls', align: 'right' },
        { title: 'mean', align: 'right' },
        { title: sharedTitle(view) },
      ],
      rows,
      colours.dim,
    ),
  ];
}

function exampleOf(context: DomainView['exampleContext']): string {
  const pairs = Object.entries(context).map(([name, value]) => {
    const long = typeof value === 'object' && value.length > SHOWN.most;
    const json = long ? `[${value.slice(0, SHOWN.first).join(',')}, …]` : JSON.stringify(value);
    return `${JSON.stringify(name)}:${json}`;
  });
  return `{"context":{${pairs.join(',')}}}`;
}

function sharedTitle({ counted, config }: DomainView): string {
  const { every } = config.sharing;
  if (every === 0) return 'its buckets share nothing';
  return counted === 0 ? `shared first after ${every} rewards` : `as shared after ${counted} rewards, every ${every}`;
}

function bestOf({ shared }: DomainView): string {
  const pulled = shared.filter(({ pulls }) => pulls > 0).sort((left, right) => right.mean - left.mean);
  const best = pulled[0];
  return best === undefined ? '–' : `${best.arm} (${best.mean.toFixed(2)})`;
}

function featureOf(feature: Feature): string {
  switch (feature.type) {
    case 'numeric':
      return `a number${range(feature.min, feature.max)}${feature.bins === undefined ? '' : `, bins at ${feature.bins.join(', ')}`}`;
    case 'boolean':
      return 'true or false';
    case 'categorical':
      if (feature.values === undefined) return `any text, hashed to ${feature.hash} places`;
      return feature.values.length > 12 ? `one of ${feature.values.length} values` : feature.values.join(', ');
    case 'derived':
      return `${feature.from.replaceAll('_', ' ')} of the request, unless given`;
    case 'text':
      return `a text, as ${feature.dimensions} numbers`;
    case 'embedding':
      return `${feature.size} numbers${feature.size > feature.dimensions ? `, as ${feature.dimensions}` : ''}`;
  }
}

function range(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  return min !== undefined ? ` from ${min}` : max !== undefined ? ` up to ${max}` : '';
}
