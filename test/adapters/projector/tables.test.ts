import { describe, expect, test } from 'vitest';
import { createEditions, requireSound } from '../../../adapters/projector/editions.ts';
import { openReadModelsFile } from '../../../adapters/projector/file.ts';
import { openTables } from '../../../adapters/projector/tables.ts';
import type { Projection, Table } from '../../../projections/projection.ts';
import { chaining, counting } from './samples.ts';

const table: Table = {
  name: 'arms',
  about: 'An arm of a bucket.',
  columns: {
    bucket: { type: 'text', about: 'The bucket.' },
    arm: { type: 'text', about: 'The arm.' },
    pulls: { type: 'integer', nullable: true, about: 'How often.' },
    reward: { type: 'real', nullable: true, about: 'The sum.' },
    state: { type: 'blob', nullable: true, about: 'Bytes.' },
  },
  key: ['bucket', 'arm'],
  indexes: [['arm']],
};

const arms: Projection = {
  ...{ name: 'arms', version: 1, about: 'Arms.', tables: [table], types: [] },
  open: () => ({ apply() {}, reset() {} }),
};

function opened() {
  const database = openReadModelsFile(':memory:', () => {});
  const edition = createEditions(database).begin(arms);
  return openTables(database, [table], edition);
}

const empty = { pulls: null, reward: null, state: null };

describe('the tables of a projection', () => {
  test('give back what was put, whole, and null where nothing was said', () => {
    const tables = opened();
    tables.put('arms', { bucket: 'b', arm: 'x', pulls: 3, reward: 0.1 + 0.2, state: new Uint8Array([1, 2, 0]) });
    const row = tables.get('arms', { bucket: 'b', arm: 'x' });
    expect(row).toMatchObject({ bucket: 'b', arm: 'x', pulls: 3, reward: 0.1 + 0.2 });
    expect(row?.state).toEqual(Buffer.from([1, 2, 0]));
    tables.put('arms', { bucket: 'b', arm: 'x', pulls: 4 });
    expect(tables.get('arms', { bucket: 'b', arm: 'x' })).toEqual({ bucket: 'b', arm: 'x', ...empty, pulls: 4 });
    expect(tables.get('arms', { bucket: 'b', arm: 'y' })).toBeUndefined();
  });

  test('change, add and delete by key, and say whether there was such a row', () => {
    const tables = opened();
    const key = { bucket: 'b', arm: 'x' };
    expect(tables.update('arms', key, { pulls: 1 })).toBe(false);
    tables.add('arms', key, { pulls: 1, reward: 0.5 });
    tables.add('arms', key, { pulls: 2, reward: 0.25 }, { state: new Uint8Array([9]) });
    expect(tables.get('arms', key)).toEqual({ ...key, pulls: 3, reward: 0.75, state: null });
    expect(tables.update('arms', key, { reward: null })).toBe(true);
    tables.add('arms', key, { reward: 1 });
    expect(tables.get('arms', key)).toMatchObject({ pulls: 3, reward: 1 });
    expect(tables.delete('arms', key)).toBe(true);
    expect(tables.delete('arms', key)).toBe(false);
  });

  test('are searched by any columns, nulls too, in the order of the key', () => {
    const tables = opened();
    for (const [bucket, arm, pulls] of [
      ['b', 'y', 1],
      ['a', 'y', null],
      ['b', 'x', null],
    ] as const)
      tables.put('arms', { bucket, arm, pulls });
    const keys = (where: Parameters<typeof tables.select>[1]) =>
      [...tables.select('arms', where)].map(({ bucket, arm }) => `${bucket}${arm}`);
    expect(keys({})).toEqual(['ay', 'bx', 'by']);
    expect(keys({ arm: 'y' })).toEqual(['ay', 'by']);
    expect(keys({ arm: 'y', pulls: null })).toEqual(['ay']);
    expect(keys({ bucket: 'c' })).toEqual([]);
  });

  test('refuse what was not declared, and values that a column does not take', () => {
    const tables = opened();
    expect(() => tables.put('armies', {})).toThrow(/no table armies/);
    expect(() => tables.put('arms', { bucket: 'b', arm: 'x', pull: 1 })).toThrow(/no column pull/);
    expect(() => tables.update('arms', { bucket: 'b', arm: 'x' }, { pull: 1 })).toThrow(/no column pull/);
    expect(() => tables.select('arms', { pull: 1 })).toThrow(/no column pull/);
    expect(() => tables.get('arms', { bucket: 'b' })).toThrow(/lacks arm/);
    expect(() => tables.put('arms', { bucket: 'b', arm: 'x', pulls: 0.5 })).toThrow(/cannot store REAL value/);
    expect(() => tables.put('arms', { bucket: 'b', arm: null })).toThrow(/NOT NULL/);
  });
});

describe('declarations', () => {
  const withTable = (changes: Partial<Table>): Projection => ({ ...arms, tables: [{ ...table, ...changes }] });

  test.each<[string, RegExp, readonly Projection[]]>([
    [
      'two tables of one name',
      /counting and arms both have a table counts/,
      [counting(), withTable({ name: 'counts' })],
    ],
    ['two projections of one name', /two projections called counting/, [counting(), counting({ version: 2 })]],
    ['a key that is no column', /arms has no column team/, [withTable({ key: ['team'] })]],
    ['an index of no column', /arms has no column team/, [withTable({ indexes: [['arm', 'team']] })]],
    ['no key', /arms has no key/, [withTable({ key: [] })]],
    ['a nullable key', /pulls is in the key/, [withTable({ key: ['pulls'] })]],
    ["the runtime's own names", /cannot be called projector_lease/, [withTable({ name: 'projector_lease' })]],
    ['a name like those behind the views', /cannot be called arms_v2/, [withTable({ name: 'arms_v2' })]],
    ['a name that is none', /cannot be called Arms"/, [withTable({ name: 'Arms"' })]],
  ])('with %s are refused', (_, message, projections) => {
    expect(() => requireSound(projections)).toThrow(message);
  });

  test('that fit together pass', () => {
    requireSound([counting(), chaining(), arms]);
  });
});
