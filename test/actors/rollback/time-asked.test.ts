import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeAsked } from '../../../actors/rollback/time-asked.ts';

test.each([
  ['2026-03-01', Date.UTC(2026, 2, 1)],
  ['2026-03', Date.UTC(2026, 2, 1)],
  ['2026-03-01T12:00', Date.UTC(2026, 2, 1, 12)],
  ['2026-03-01 12:00:30', Date.UTC(2026, 2, 1, 12, 0, 30)],
  ['2026-03-01T12:00:00.250Z', Date.UTC(2026, 2, 1, 12, 0, 0, 250)],
  ['2026-03-01T12:00+02:00', Date.UTC(2026, 2, 1, 10)],
  ['2026-03-01T12:00-0130', Date.UTC(2026, 2, 1, 13, 30)],
  ['2026-03-01T12:00+01', Date.UTC(2026, 2, 1, 11)],
])('%s is a time, UTC where it names no zone', (text, time) => {
  expect(timeAsked(text)).toBe(time);
});

// A lenient parser takes the last two for days of the year 2001.
test.each([
  '',
  'now',
  '2026',
  '2026-02-31',
  '2026-13-01',
  '2026-03T12:00',
  '2026-03-01T25:00',
  '2026-03-01 foo',
  'user 1',
  '1/2',
])('%j is no time', (text) => {
  expect(timeAsked(text)).toBeUndefined();
});

test('what a program writes is read as it was written', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date(253_402_300_799_999), noInvalidDate: true }), (date) => {
      expect(timeAsked(date.toISOString())).toBe(date.getTime());
    }),
  );
});
