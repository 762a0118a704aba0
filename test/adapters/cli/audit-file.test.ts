/** A log file that was changed behind Reckoner's back. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { auditFile } from '../../../adapters/cli/audit-file.ts';
import type { FileFinding } from '../../../adapters/cli/audit-part.ts';
import { examineLogFile } from '../../../adapters/sqlite/examination.ts';
import { temporaryDirectory } from '../sqlite/temporary.ts';
import { findingsIn, foundWith, isLocated, placesIn, smallLog } from './flipped-bytes.ts';

async function logIn(name: string, decisions = 4): Promise<string> {
  const directory = join(temporaryDirectory(), name);
  mkdirSync(directory);
  return smallLog(directory, decisions);
}

test('nothing is found in a log that nobody touched', async () => {
  const file = await logIn('whole', 12);
  expect(await findingsIn(file)).toEqual([]);
});

test('a changed bit anywhere in an event is found, and where it is', async () => {
  const file = await logIn('flipped');
  const places = placesIn(file);
  expect(places.length).toBeGreaterThan(3_000);
  const missed: unknown[] = [];
  // A sample with the step of a prime: every part of the rows is met. All of them are changed in the long tests.
  for (let index = 0; index < places.length; index += 17) {
    const place = places[index];
    if (place === undefined) continue;
    const bit = index % 8;
    const findings = await foundWith(file, place, bit);
    if (!isLocated(findings, place)) missed.push({ ...place, bit, findings });
  }
  expect(missed).toEqual([]);
});

test('an event that was taken out, and one that was put twice, are told by stream and revision', async () => {
  const file = await logIn('cut');
  const database = new Database(file);
  const stream =
    database.prepare<[], string>("SELECT stream FROM events WHERE stream LIKE 'bucket-%'").pluck().get() ?? '';
  database.prepare('DELETE FROM events WHERE stream = ? AND revision = 3').run(stream);
  database.close();
  const [finding, ...others] = await findingsIn(file);
  expect(finding).toMatchObject({ kind: 'missing', stream, revision: 3 });
  expect(finding?.what).toBe('The event is missing: revision 2 is followed by 4.');
  expect(others).toEqual([]);
});

test.each([0, -3])(
  'an event that was put at position %i, where only its bucket reads it, is found',
  async (position) => {
    const file = await logIn('before the first');
    const database = new Database(file);
    database
      .prepare(
        `INSERT INTO events SELECT ?, 'forged', stream, revision + 100, type, data, metadata FROM events
       WHERE stream LIKE 'bucket-%' AND type = 'RewardObserved' ORDER BY revision DESC LIMIT 1`,
      )
      .run(position);
    database.close();
    const what = expect.stringContaining(`lies at position ${position}, before the first`);
    const findings: FileFinding[] = [];
    await auditFile(file, { found: (finding) => findings.push(finding), structure: true });
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'file', what }));
    expect(examineLogFile(file)).toContainEqual(what);
  },
);

test('a page that cannot be read is told with what was lost, and what lies before and behind it is audited', async () => {
  const file = await logIn('torn', 60);
  const bytes = readFileSync(file);
  const database = new Database(file, { readonly: true });
  const leaf = database.prepare<[], number>('SELECT count(*) FROM events').pluck().get() ?? 0;
  database.close();
  const middle = placesIn(file).find(({ position }) => Number(position) === Math.floor(leaf / 2));
  const page = Math.floor((middle?.offset ?? 0) / 4096) * 4096;
  bytes.fill(0xff, page, page + 4096);
  writeFileSync(file, bytes);
  const findings = await findingsIn(file);
  const torn = findings.filter(({ kind }) => kind === 'unreadable');
  expect(torn).toHaveLength(1);
  expect(torn[0]?.what).toMatch(
    /^What lies from \d+ to \d+ cannot be read: the file is damaged there \(SQLITE_CORRUPT\)\.$/,
  );
  // What follows it is there, and does not follow what is left.
  expect(findings.map(({ kind }) => kind)).toEqual(['unreadable', 'missing']);
});

test('an id that was given twice is told, also where the table was made anew without the rule', async () => {
  const file = await logIn('twice');
  const database = new Database(file);
  database.exec(`
    CREATE TABLE anew (position INTEGER PRIMARY KEY, id TEXT, stream TEXT, revision INTEGER, type TEXT, data BLOB, metadata BLOB);
    INSERT INTO anew SELECT * FROM events;
    INSERT INTO anew SELECT 1000, id, 'agent-x-y', 0, type, data, metadata FROM events WHERE position = 3;
    DROP TABLE events;
    ALTER TABLE anew RENAME TO events;`);
  const id = database.prepare<[], string>('SELECT id FROM events WHERE position = 3').pluck().get();
  database.close();
  const findings: FileFinding[] = [];
  await auditFile(file, { structure: true, found: (finding) => findings.push(finding) });
  expect(findings.map(({ kind }) => kind)).toEqual(['changed', 'repeated']);
  expect(findings[1]?.what).toBe(`More than one event has the id ${id}.`);
});

test('an event whose bytes became a text of the same letters is told, and those around it are not', async () => {
  const file = await logIn('text');
  const database = new Database(file);
  const [position, stream, revision] =
    database
      .prepare<[], [number, string, number]>(
        "SELECT position, stream, revision FROM events WHERE type = 'DecisionMade' ORDER BY position LIMIT 1",
      )
      .raw()
      .get() ?? [];
  database.exec(`
    CREATE TABLE anew (position INTEGER PRIMARY KEY, id TEXT, stream TEXT, revision INTEGER, type TEXT, data, metadata);
    INSERT INTO anew SELECT * FROM events;
    UPDATE anew SET metadata = CAST(metadata AS TEXT) WHERE position = ${position};
    DROP TABLE events;
    ALTER TABLE anew RENAME TO events;`);
  database.close();
  const [finding, ...others] = await findingsIn(file);
  expect(finding).toMatchObject({ kind: 'changed', stream, revision, what: 'Its metadata are no bytes.' });
  expect(others.map(({ kind }) => kind)).toEqual(['missing']);
});
