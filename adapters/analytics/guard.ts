/**
 * What somebody may ask of the read models in words of their own: one reading statement, over the tables that are for readers.
 * The connection refuses to write by itself; here goes what it would tell of its insides, and what has no end that a person wants.
 */
import Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';

/** What a statement may begin with. */
const BEGINNINGS = new Set(['select', 'with', 'values']);

/** Names, whether of tables or of functions, that tell of the file and not of what is in it, or reach outside of it. */
const HIDDEN =
  /^(sqlite_|pragma_|projector_|fts[345])|^(dbstat|load_extension|readfile|writefile|edit|zeroblob|randomblob)$/;

/** Table functions without a table behind them that anybody may use. */
const HARMLESS = new Set(['json_each', 'json_tree']);

interface Token {
  readonly kind: 'name' | 'text' | 'parameter' | 'other';
  /** Of a name or text without its quotes, in lower case. */
  readonly value: string;
}

const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'((?:[^']|'')*)'|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|([A-Za-z_\u0080-\u{10ffff}][\w$\u0080-\u{10ffff}]*)|([?:@#$][\w:]*)|([\s\S])/gu;

function* tokensOf(sql: string): Generator<Token> {
  for (const [, text, quoted, ticked, bracketed, word, parameter, other] of sql.matchAll(TOKEN)) {
    const name = quoted?.replaceAll('""', '"') ?? ticked?.replaceAll('``', '`') ?? bracketed ?? word;
    if (name !== undefined) yield { kind: 'name', value: name.toLowerCase() };
    else if (text !== undefined) yield { kind: 'text', value: text.toLowerCase() };
    else if (parameter !== undefined) yield { kind: 'parameter', value: parameter };
    else if (other !== undefined) yield { kind: 'other', value: other };
  }
}

/** @throws ReckonerError query_refused where the words of a statement already say that it is not for readers */
export function requireReading(sql: string): void {
  const tokens = [...tokensOf(sql)];
  const first = tokens[0];
  if (first === undefined) throw refused('There is no statement.');
  if (first.kind !== 'name' || !BEGINNINGS.has(first.value))
    throw refused('Only SELECT, WITH … SELECT and VALUES are answered.');
  for (const { kind, value } of tokens) {
    // SQLite stops there; whoever reads the statement does not.
    if (value.includes('\0')) throw refused('It has a character of no width in it (NUL).');
    if (kind === 'parameter') throw refused(`There is nothing to put in the place of ${value}.`);
    // A text may stand where SQLite looks for a table's name, too.
    if ((kind === 'name' || kind === 'text') && HIDDEN.test(value)) throw refused(`${value} is not for readers.`);
  }
}

/**
 * Prepares a statement of somebody else's.
 * @param database opened for reading only
 * @param visible names of the tables that are for readers
 * @returns the statement, and which of those tables it reads
 * @throws ReckonerError query_refused
 */
export function prepareReading(
  database: Database.Database,
  sql: string,
  visible: readonly string[],
): { readonly statement: Database.Statement; readonly reads: readonly string[] } {
  requireReading(sql);
  try {
    const statement = database.prepare(sql);
    if (!statement.reader || !statement.readonly) throw refused('It is no reading statement.');
    return { statement, reads: tablesOf(database, sql, visible) };
  } catch (thrown) {
    throw saidOf(thrown);
  }
}

/** What SQLite, or better-sqlite3, says of a statement, as one of our errors; everything else as it is. */
export function saidOf(thrown: unknown): unknown {
  const wrong =
    thrown instanceof RangeError || (thrown instanceof Database.SqliteError && thrown.code === 'SQLITE_ERROR');
  if (wrong) return refused(`${thrown.message.replace(/\.$/, '')}.`, thrown);
  if (thrown instanceof Database.SqliteError && /^SQLITE_(TOOBIG|NOMEM|FULL|LIMIT)/.test(thrown.code))
    return refused('A value, or what has to be sorted for it, is too large.', thrown);
  return thrown;
}

interface Step {
  readonly opcode: string;
  readonly p2: number;
  readonly p3: number;
}

/**
 * The tables that a statement reads, by what SQLite is going to open for it: whatever it calls them, and however deep they are
 * hidden. @throws ReckonerError query_refused where one is not for readers
 */
function tablesOf(database: Database.Database, sql: string, visible: readonly string[]): string[] {
  const owners = new Map<number, string>(); // name of the visible table, by the page where a part of it begins
  const parts = database.prepare<[], { readonly rootpage: number; readonly tbl_name: string }>(
    'SELECT rootpage, tbl_name FROM sqlite_schema WHERE rootpage > 0',
  );
  const pages = parts.all();
  for (const name of visible) {
    const opened = stepsOf(database, `SELECT * FROM "${name}"`).find(({ opcode }) => opcode === 'OpenRead');
    const behind = pages.find(({ rootpage }) => rootpage === opened?.p2)?.tbl_name;
    for (const { rootpage, tbl_name } of pages) if (tbl_name === behind) owners.set(rootpage, name);
  }
  const reads = new Set<string>();
  let virtual = 0;
  for (const { opcode, p2, p3 } of stepsOf(database, sql)) {
    if (opcode === 'VOpen') virtual += 1;
    if (opcode !== 'OpenRead' && opcode !== 'ReopenIdx' && opcode !== 'OpenWrite') continue;
    const owner = opcode === 'OpenWrite' || p3 !== 0 ? undefined : owners.get(p2);
    if (owner === undefined) throw refused('It reads what is not for readers.');
    reads.add(owner);
  }
  const named = [...tokensOf(sql)].filter(({ kind, value }) => kind === 'name' && HARMLESS.has(value)).length;
  if (virtual > named) throw refused('It reads what is not for readers.');
  return [...reads];
}

function stepsOf(database: Database.Database, sql: string): Step[] {
  return database.prepare<[], Step>(`EXPLAIN ${sql}`).all();
}

function refused(message: string, cause?: unknown): ReckonerError {
  return new ReckonerError('query_refused', message, { cause });
}
