import { reference } from '../proto/generated/events.ts';
import { catalogue } from './catalogue.ts';

const streams = {
  bucket: '`bucket-{tenant}-{domain}-{bucketId}`, written by its bucket actor',
  domain: '`domain-{tenant}-{domain}`, written by its domain actor',
  agent: '`agent-{id}-{node}`, written by the agent actor of that node',
  deadletters: '`deadletters-{tenant}`, written by whichever node puts a message aside',
} as const;

/** Messages of snapshots: no events, nor parts of them. */
const CACHED: ReadonlySet<string> = new Set([
  'BucketSnapshot',
  'BucketChanges',
  'WatchedArm',
  'PacerState',
  'ArmCostState',
  'ContextCostState',
]);

/** The event reference, what the catalogue and the `.proto` say, as a page of Markdown: REFERENCE.md beside this file. */
export function eventReference(): string {
  const described = new Map<string, (typeof reference)[number]>(reference.map((message) => [message.name, message]));
  const events = Object.entries(catalogue).map(([name, { stream, version }]) =>
    [
      `## ${name}`,
      '',
      `${described.get(name)?.comment ?? ''} Stream: ${streams[stream]}. Schema version ${version}.`,
      '',
      table(described.get(name)),
    ].join('\n'),
  );
  const parts = reference.filter(({ name }) => !(name in catalogue) && !CACHED.has(name));
  return [
    '# Event reference',
    '',
    'Generated from `proto/events.proto` and `events/catalogue.ts` by `npm run generate`. Every event is stored as its id (UUIDv5), its type, its data',
    'and its metadata, the latter two in protobuf. Types that a version does not know are kept and skipped.',
    '',
    ...events.flatMap((text) => [text, '']),
    '# Parts of events',
    '',
    ...parts.flatMap((part) => [`## ${part.name}`, '', part.comment, '', table(part), '']),
  ].join('\n');
}

function table(message: (typeof reference)[number] | undefined): string {
  const rows = (message?.fields ?? []).map(({ name, type, comment }) => `| ${name} | ${type} | ${comment} |`);
  return ['| field | type | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}
