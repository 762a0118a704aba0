/** What a declared table is in SQLite: the names and the statements that make it. */
import type { Column, Projection, Table } from '../../projections/projection.ts';

/** One building of one version of a projection: tables of its own. */
export interface Edition {
  readonly name: string;
  readonly version: number;
  /** 0 for the first of its version; raised each time the same version is built anew beside itself. */
  readonly generation: number;
}

/** The name behind a reader's view: `decisions_v2`, `decisions_v2_1` where that version was built a second time. */
export function physicalName(table: string, { version, generation }: Omit<Edition, 'name'>): string {
  return generation === 0 ? `${table}_v${version}` : `${table}_v${version}_${generation}`;
}

const NAME = /^[a-z][a-z0-9_]*$/;
/** Names that the runtime or SQLite keeps for itself. */
const TAKEN = /^(sqlite|projector)_|_v\d+(_\d+)?$/;

/**
 * Everything that is wrong with the declarations, in words; none where they can be used together.
 * @param projections all that are to share one file
 */
export function faultsOf(projections: readonly Projection[]): string[] {
  const faults: string[] = [];
  const owners = new Map<string, string>();
  const names = new Set<string>();
  for (const { name, version, tables } of projections) {
    if (names.has(name)) faults.push(`there are two projections called ${name}`);
    names.add(name);
    if (!Number.isSafeInteger(version) || version < 1) faults.push(`${name} has version ${version}`);
    for (const table of tables) {
      const owner = owners.get(table.name);
      if (owner !== undefined) faults.push(`${owner} and ${name} both have a table ${table.name}`);
      owners.set(table.name, name);
      faults.push(...faultsOfTable(table));
    }
  }
  return faults;
}

function faultsOfTable({ name, columns, key, indexes = [] }: Table): string[] {
  const faults: string[] = [];
  if (!NAME.test(name) || TAKEN.test(name)) faults.push(`a table cannot be called ${name}`);
  for (const column of Object.keys(columns))
    if (!NAME.test(column)) faults.push(`${name}: a column cannot be called ${column}`);
  if (key.length === 0) faults.push(`${name} has no key`);
  for (const column of [...key, ...indexes.flat()])
    if (!Object.hasOwn(columns, column)) faults.push(`${name} has no column ${column}`);
  for (const column of key)
    if (columns[column]?.nullable === true) faults.push(`${name}: ${column} is in the key and may not be null`);
  return faults;
}

/** Rows of more columns take some hundred bytes each. */
const FEW_COLUMNS = 16;

/** The statements that make a table and its indexes. */
export function creation(table: Table, edition: Edition): string[] {
  const physical = physicalName(table.name, edition);
  const columns = Object.entries(table.columns).map(columnText);
  // Clustered by its key, unless its rows are so large that few fit on a page: those are laid down in the order in which they come.
  const kinds = Object.values(table.columns).map(({ type }) => type);
  const large = kinds.includes('blob') || kinds.length > FEW_COLUMNS;
  const options = large ? 'STRICT' : 'STRICT, WITHOUT ROWID';
  // What an index finds comes in the order of the key, as it does by itself where the key is what rows are clustered by.
  const indexes = (table.indexes ?? []).map((index, place) => {
    const all = [...index, ...table.key.filter((column) => large && !index.includes(column))];
    return `CREATE INDEX ${quoted(`${physical}_by_${place}`)} ON ${quoted(physical)} (${listOf(all)})`;
  });
  return [
    `CREATE TABLE ${quoted(physical)} (${[...columns, `PRIMARY KEY (${listOf(table.key)})`].join(', ')}) ${options}`,
    ...indexes,
  ];
}

function columnText([name, { type, nullable = false }]: [string, Column]): string {
  return `${quoted(name)} ${type.toUpperCase()}${nullable ? '' : ' NOT NULL'}`;
}

/** The statement that shows a table to readers. */
export function showing(table: Table, edition: Edition): string {
  const columns = listOf(Object.keys(table.columns));
  return `CREATE VIEW ${quoted(table.name)} AS SELECT ${columns} FROM ${quoted(physicalName(table.name, edition))}`;
}

/** Changes with everything about the tables that a reader or a fold depends on; not with the words about them. */
export function shapeOf(tables: readonly Table[]): string {
  return JSON.stringify(
    tables.map(({ name, columns, key, indexes = [], internal = false }) => [
      name,
      Object.entries(columns).map(([column, { type, nullable = false }]) => [column, type, nullable]),
      key,
      indexes,
      internal,
    ]),
  );
}

/** A name in a statement. Names of declarations hold no quotes: `faultsOf` sees to it. */
export function quoted(name: string): string {
  return `"${name}"`;
}

export function listOf(names: readonly string[]): string {
  return names.map(quoted).join(', ');
}
