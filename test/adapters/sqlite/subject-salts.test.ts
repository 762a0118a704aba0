import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openSubjectSalts } from '../../../adapters/sqlite/subject-salts.ts';
import { temporaryFile } from './temporary.ts';

const someone = Buffer.alloc(32, 1);
const another = Buffer.alloc(32, 2);

describe('the store of subject salts', () => {
  it('gives a person the same salt for ever, across restarts and processes, and others another', async () => {
    const file = temporaryFile('salts.db');
    const [first, second] = [openSubjectSalts({ file }), openSubjectSalts({ file })];
    const salts = await Promise.all([first.saltOf(someone), first.saltOf(someone), second.saltOf(someone)]);
    expect(salts[0]).toHaveLength(32);
    expect(salts[1]).toEqual(salts[0]);
    expect(salts[2]).toEqual(salts[0]);
    expect(await first.saltOf(another)).not.toEqual(salts[0]);
    await first.close();
    await second.close();
    const later = openSubjectSalts({ file });
    expect(await later.saltOf(someone)).toEqual(salts[0]);
    await later.close();
  });

  it('erases a salt from the file itself; the next one is new', async () => {
    const file = temporaryFile('salts.db');
    const store = openSubjectSalts({ file, newSalt: saltsInTurn() });
    const old = await store.saltOf(someone);
    await store.saltOf(another);
    expect(readFileSync(file).includes(Buffer.from(old))).toBe(true);
    expect(await store.erase(someone)).toBe(true);
    expect(readFileSync(file).includes(Buffer.from(old))).toBe(false);
    expect(await store.erase(someone)).toBe(false);
    expect(await store.saltOf(someone)).not.toEqual(old);
    await store.close();
  });

  it('makes many at once in few transactions', async () => {
    const store = openSubjectSalts({ file: temporaryFile('salts.db') });
    const lookups = Array.from({ length: 500 }, (_, n) => Buffer.from(`person ${n}`));
    const salts = await Promise.all(lookups.map((lookup) => store.saltOf(lookup)));
    expect(new Set(salts.map((salt) => Buffer.from(salt).toString('hex'))).size).toBe(500);
    await store.close();
  });

  it('waits for a lock without stopping the process, then says that it is locked', async () => {
    const file = temporaryFile('salts.db');
    const store = openSubjectSalts({ file, lockWaitMs: 60 });
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    const waiting = store.saltOf(someone);
    await expect(waiting).rejects.toMatchObject({ code: 'log_locked' });
    other.exec('COMMIT');
    other.close();
    expect(await store.saltOf(someone)).toHaveLength(32);
    await store.close();
  });

  it('stores what was accepted before it closes, and refuses what comes after', async () => {
    const file = temporaryFile('salts.db');
    const store = openSubjectSalts({ file });
    const accepted = store.saltOf(someone);
    await store.close();
    const salt = await accepted;
    await expect(store.saltOf(another)).rejects.toMatchObject({ code: 'shutting_down' });
    const later = openSubjectSalts({ file });
    expect(await later.saltOf(someone)).toEqual(salt);
    await later.close();
  });
});

function saltsInTurn(): () => Uint8Array {
  let made = 0;
  return () => Buffer.from(`a recognisable salt, number ${made++}`.padEnd(32, '.'));
}
