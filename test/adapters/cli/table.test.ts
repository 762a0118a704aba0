/** Tables of text. */
import { expect, test } from 'vitest';
import { tableLines } from '../../../adapters/cli/table.ts';

test('columns are as wide as their widest cell, also of a great many rows', () => {
  const rows = Array.from({ length: 200_000 }, (_, at) => [String(at), 'x']);
  const lines = tableLines([{ title: 'n', align: 'right' }, { title: 'what' }], rows);
  expect(lines).toHaveLength(rows.length + 1);
  expect(lines.slice(0, 2)).toEqual(['     n  what', '     0  x']);
  expect(lines.at(-1)).toBe('199999  x');
});

test('what breaks lines does not begin a row', () => {
  const lines = tableLines([{ title: 'by' }, { title: 'reason' }], [['me', { text: 'spam\r\nyou  trust me' }]]);
  expect(lines).toEqual(['by  reason', 'me  spam  you  trust me']);
});
