import { expect, test } from 'vitest';
import { eventReference } from '../../events/reference.ts';

// `npm run generate` writes the page: it runs this file with --update.
test('the event reference says what the catalogue and the .proto say (else: npm run generate)', async () => {
  await expect(eventReference()).toMatchFileSnapshot('../../events/REFERENCE.md');
});
