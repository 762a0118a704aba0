/** The tables of one edition of a projection, as its fold sees them: prepared statements, each made when it is first needed. */
import type Database from 'better-sqlite3';
import type { Row, Table, Tables, Value } from '../../projections/projection.ts';
import { type Edition, listOf, physicalName, quoted } from './declared.ts';

/** The operations on one table. */
type Operations = {
  [Name in keyof Tables]: Tables[Name] extends (table: string, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

/**
 * Tables that exist already. Everything runs in the transaction that is open on the connection.
 * @throws what SQLite throws; Error where a projection names a table or column that it has not declared
 */
export function openTables(database: Database.Database, tables: readonly Table[], edition: Edition): Tables {
  const byName = new Map(tables.map((table) => [table.name, operationsOn(database, table, edition)]));
  const of = (name: string): Operations => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`${edition.name} has no table ${name}.`);
    return found;
  };
  return {
    get: (table, key) => of(table).get(key),
    put: (table, row) => of(table).put(row),
    update: (table, key, changes) => of(table).update(key, changes),
    add: (table, key, amounts, rest) => of(table).add(key, amounts, rest),
    delete: (table, key) => of(table).delete(key),
    select: (table, where) => of(table).select(where),
  };
}

function operationsOn(database: Database.Database, table: Table, edition: Edition): Operations {
  const { key, columns } = table;
  const name = quoted(physicalName(table.name, edition));
  const all = Object.keys(columns);
  const others = all.filter((column) => !key.includes(column));
  const statements = new Map<string, Database.Statement<Value[], Row>>();

  /** A statement by what tells it from the others of this table. */
  function statement(which: string, text: () => string): Database.Statement<Value[], Row> {
    const known = statements.get(which);
    if (known !== undefined) return known;
    const made = database.prepare<Value[], Row>(text());
    statements.set(which, made);
    return made;
  }

  /** Every name must be declared: a value for a column that is not there would be lost without a word. */
  function known(names: readonly string[]): readonly string[] {
    for (const column of names)
      if (!Object.hasOwn(columns, column)) throw new Error(`${table.name} has no column ${column}.`);
    return names;
  }

  const keyed = key.map((column) => `${quoted(column)} = ?`).join(' AND ');

  function keyOf(row: Row): Value[] {
    return key.map((column) => {
      const value = row[column];
      if (value === undefined) throw new Error(`${table.name}: the key lacks ${column}.`);
      return value;
    });
  }

  return {
    get: (row) =>
      statement('get', () => `SELECT ${listOf(all)} FROM ${name} WHERE ${keyed}`).get(...keyOf(row)) ?? undefined,

    put(row) {
      for (const column in row) if (!Object.hasOwn(columns, column)) known([column]);
      const insert = statement('put', () => {
        const changes = others.map((column) => `${quoted(column)} = excluded.${quoted(column)}`).join(', ');
        const conflict = changes === '' ? 'NOTHING' : `UPDATE SET ${changes}`;
        return `INSERT INTO ${name} (${listOf(all)}) VALUES (${marks(all)}) ON CONFLICT (${listOf(key)}) DO ${conflict}`;
      });
      insert.run(...all.map((column) => row[column] ?? null));
    },

    update(row, changes) {
      const names = Object.keys(changes);
      if (names.length === 0) return this.get(row) !== undefined;
      const change = statement(`update ${names.join()}`, () => {
        const set = known(names).map((column) => `${quoted(column)} = ?`);
        return `UPDATE ${name} SET ${set.join(', ')} WHERE ${keyed}`;
      });
      return change.run(...Object.values(changes), ...keyOf(row)).changes > 0;
    },

    add(row, amounts, rest = {}) {
      const [counted, also] = [Object.keys(amounts), Object.keys(rest)];
      const upsert = statement(`add ${counted.join()} ${also.join()}`, () => {
        const given = known([...key, ...counted, ...also]);
        // A number that is not there yet counts as 0.
        const sums = counted.map(quoted).map((column) => `${column} = ifnull(${column}, 0) + excluded.${column}`);
        const conflict = sums.length === 0 ? 'NOTHING' : `UPDATE SET ${sums.join(', ')}`;
        return `INSERT INTO ${name} (${listOf(given)}) VALUES (${marks(given)}) ON CONFLICT (${listOf(key)}) DO ${conflict}`;
      });
      upsert.run(...keyOf(row), ...Object.values(amounts), ...Object.values(rest));
    },

    delete: (row) => statement('delete', () => `DELETE FROM ${name} WHERE ${keyed}`).run(...keyOf(row)).changes > 0,

    select(where) {
      const names = Object.keys(where);
      const found = statement(`select ${names.join()}`, () => {
        // IS finds nulls as well, by an index too.
        const tests = known(names).map((column) => `${quoted(column)} ${columns[column]?.nullable ? 'IS' : '='} ?`);
        const filter = tests.length === 0 ? '' : `WHERE ${tests.join(' AND ')}`;
        return `SELECT ${listOf(all)} FROM ${name} ${filter} ORDER BY ${listOf(key)}`;
      });
      // All at once: SQLite lets nothing be written on a connection while one of its statements is read row by row.
      return found.all(...Object.values(where));
    },
  };
}

function marks(columns: readonly string[]): string {
  return columns.map(() => '?').join(', ');
}
