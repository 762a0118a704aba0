import type { Projection, Table } from './projection.ts';

/** The reference of the read models, what their declarations say, as a page of Markdown: REFERENCE.md beside this file. */
export function tablesReference(
  projections: readonly Pick<Projection, 'name' | 'version' | 'about' | 'tables'>[],
): string {
  return [
    '# Read models',
    '',
    'Generated from the declarations in this folder by `npm run generate`. Each table is a view of `projections.db` in the data directory: `reckoner query`',
    'reads it. Times are milliseconds since 1970-01-01 UTC, a boolean is 0 or 1, a column may be null only where it says so. All of it is computed from the',
    'log and may be thrown away.',
    '',
    ...projections.flatMap(({ name, version, about, tables }) => [
      `# ${name}`,
      '',
      `${about} Version ${version}.`,
      '',
      ...tables.filter(({ internal }) => internal !== true).flatMap(section),
    ]),
  ].join('\n');
}

function section({ name, about, columns, key, indexes = [] }: Table): string[] {
  const rows = Object.entries(columns).map(
    ([column, { type, nullable, about: meaning }]) =>
      `| ${column} | ${type}${nullable === true ? ' or null' : ''} | ${meaning.replaceAll('|', '\\|')} |`,
  );
  const also = indexes.map((columnsOf) => `(${columnsOf.join(', ')})`).join(', ');
  return [
    `## ${name}`,
    '',
    `${about} Key: (${key.join(', ')}).${also === '' ? '' : ` Also indexed by ${also}.`}`,
    '',
    '| column | type | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ];
}
