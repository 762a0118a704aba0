import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventReference } from '../../events/reference.ts';

test('the event reference says what the catalogue and the .proto say (else: npm run generate)', () => {
  expect(readFileSync('events/REFERENCE.md', 'utf8')).toBe(eventReference());
});
