import { describe, expect, it } from 'vitest';
import { doubtOf } from '../../../adapters/sqlite/native.ts';

/** The name that a compiler gives a function of Node, among other bytes. */
const importing = (name: string) => Buffer.from(`\u007fELF\0_ZN4node${name.length}${name}EPN2v87IsolateEPFvPvES3_\0`);

describe('the native part of SQLite', () => {
  it('is doubted where it was built with headers that abort', () => {
    expect(doubtOf(importing('RemoveEnvironmentCleanupHook'))?.problem).toMatchObject({
      message: expect.stringContaining('24.19'),
      remedy: expect.stringContaining('npm rebuild better-sqlite3'),
    });
  });

  it('is trusted where it was built with others, which add a hook too', () => {
    expect(doubtOf(importing('AddEnvironmentCleanupHook'))).toBeUndefined();
  });
});
