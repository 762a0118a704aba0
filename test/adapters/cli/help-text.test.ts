import { Command } from 'commander';
import { expect, test } from 'vitest';
import { helpText } from '../../../adapters/cli/help-text.ts';

const notes = `
One sentence that goes on and on and on,
over two lines of the source.

Examples:
  reckoner events --stream bucket-default-model_routing-    one domain's buckets`;

function told(width: number): string {
  const command = new Command('any').configureOutput({ getOutHelpWidth: () => width });
  return helpText(notes)({ command });
}

test('paragraphs of help end where the terminal does, examples stay as they are', () => {
  const examples = notes.slice(notes.indexOf('\n\n'));
  expect(told(44)).toBe(`\nOne sentence that goes on and on and on,\nover two lines of the source.${examples}`);
  expect(told(200)).toBe(`\nOne sentence that goes on and on and on, over two lines of the source.${examples}`);
});
