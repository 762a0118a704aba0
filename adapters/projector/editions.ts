/** Which editions of which projections the file holds, how far each has come, and which one readers see. */
import type Database from 'better-sqlite3';
import { ReckonerError } from '../../events/errors.ts';
import { type Position, START } from '../../events/event-log.ts';
import type { Projection, Table } from '../../projections/projection.ts';
import { createDeadLetters } from './dead-letters.ts';
import { creation, type Edition, faultsOf, physicalName, quoted, shapeOf, showing } from './declared.ts';

export type EditionState =
  /** Readers see it, and it follows the log. */
  | 'live'
  /** It is on its way to the head of the log; nobody sees it. */
  | 'building'
  /** An event could not be folded while it was built. */
  | 'failed';

/** How far an edition has come. */
export interface Checkpoint {
  /** Everything up to here is in its tables. */
  readonly position: Position;
  /** Id of the last event that it looked at; null before the first. */
  readonly eventId: string | null;
  /** Events that it has folded. */
  readonly events: number;
  /** When the last of them was recorded, milliseconds since 1970; null before the first. */
  readonly time: number | null;
}

export interface StoredEdition extends Edition, Checkpoint {
  readonly state: EditionState;
  readonly tables: readonly Table[];
  /** Why it failed. */
  readonly reason: string | null;
}

/** The statements on editions. Each runs in the transaction of its caller. */
export interface Editions {
  all(): StoredEdition[];
  /** Makes an edition's tables, empty; its generation follows those of its version that are there. */
  begin(projection: Projection): StoredEdition;
  checkpoint(edition: Edition, checkpoint: Checkpoint): void;
  fail(edition: Edition, reason: string): void;
  /** Goes on building one that failed. */
  resume(edition: Edition): void;
  /** Shows this edition to readers in place of every other of its projection, whose tables are dropped. */
  show(edition: Edition): void;
  /** Takes an edition away, and its views where it was live. */
  drop(edition: Edition): void;
}

interface EditionRow {
  readonly name: string;
  readonly version: number;
  readonly generation: number;
  readonly state: EditionState;
  readonly declaration: string;
  readonly position: string;
  readonly event_id: string | null;
  readonly events: number;
  readonly time: number | null;
  readonly reason: string | null;
}

/** @throws Error where the declarations cannot be used together: a mistake in the code */
export function requireSound(projections: readonly Projection[]): void {
  const faults = faultsOf(projections);
  if (faults.length > 0) throw new ReckonerError('internal', `The projections are not sound: ${faults.join('; ')}.`);
}

/** Whether an edition holds what this projection makes: its version, and tables of its shape. */
export function isOf({ name, version, tables }: StoredEdition, projection: Projection): boolean {
  return name === projection.name && version === projection.version && shapeOf(tables) === shapeOf(projection.tables);
}

export function createEditions(database: Database.Database): Editions {
  const rows = database.prepare<[], EditionRow>('SELECT * FROM projector_editions ORDER BY name, version, generation');
  const insert = database.prepare<[string, number, number, string]>(
    `INSERT INTO projector_editions (name, version, generation, state, declaration, position)
     VALUES (?, ?, ?, 'building', ?, '')`,
  );
  const key = 'name = ? AND version = ? AND generation = ?';
  const advance = database.prepare<[string, string | null, number, number | null, string, number, number]>(
    `UPDATE projector_editions SET position = ?, event_id = ?, events = ?, time = ? WHERE ${key}`,
  );
  const setState = database.prepare<[EditionState, string | null, string, number, number]>(
    `UPDATE projector_editions SET state = ?, reason = ? WHERE ${key}`,
  );
  const remove = database.prepare<[string, number, number]>(`DELETE FROM projector_editions WHERE ${key}`);
  const deadLetters = createDeadLetters(database, () => 0);

  function all(): StoredEdition[] {
    return rows.all().map(({ declaration, event_id, position, ...row }) => ({
      ...row,
      eventId: event_id,
      position: position as Position, // as the log gave it
      tables: JSON.parse(declaration), // as `begin` wrote it
    }));
  }

  function drop({ name, version, generation }: Edition): void {
    const found = all().find(
      (other) => other.name === name && other.version === version && other.generation === generation,
    );
    for (const table of found?.tables ?? []) {
      // First the view: it would name a table that is no more.
      if (found?.state === 'live') database.exec(`DROP VIEW IF EXISTS ${quoted(table.name)}`);
      database.exec(`DROP TABLE IF EXISTS ${quoted(physicalName(table.name, { version, generation }))}`);
    }
    remove.run(name, version, generation);
    deadLetters.removeAll({ name, version, generation });
  }

  return {
    all,
    begin(projection) {
      const { name, version, tables } = projection;
      const taken = all().filter((other) => other.name === name && other.version === version);
      const generation = Math.max(-1, ...taken.map((other) => other.generation)) + 1;
      const edition = { name, version, generation };
      for (const table of tables) for (const statement of creation(table, edition)) database.exec(statement);
      insert.run(name, version, generation, JSON.stringify(tables));
      const checkpoint = { position: START, eventId: null, events: 0, time: null };
      return { ...edition, ...checkpoint, state: 'building', tables, reason: null };
    },
    checkpoint({ name, version, generation }, { position, eventId, events, time }) {
      advance.run(position, eventId, events, time, name, version, generation);
    },
    fail({ name, version, generation }, reason) {
      setState.run('failed', reason, name, version, generation);
    },
    resume({ name, version, generation }) {
      setState.run('building', null, name, version, generation);
    },
    show({ name, version, generation }) {
      const editions = all().filter((other) => other.name === name);
      const next = editions.find((other) => other.version === version && other.generation === generation);
      if (next === undefined) throw new Error(`There is no edition ${version}.${generation} of ${name}.`);
      for (const other of editions) if (other !== next) drop(other);
      for (const table of next.tables) {
        database.exec(`DROP VIEW IF EXISTS ${quoted(table.name)}`);
        if (!table.internal) database.exec(showing(table, next));
      }
      deadLetters.keepOnly(next);
      setState.run('live', null, name, version, generation);
    },
    drop,
  };
}
