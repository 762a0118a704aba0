/** Text below a command's options, as wide as the terminal is: what Commander does for the options only. */
import { type Command, Help } from 'commander';

const WIDEST = 100;

/**
 * For `addHelpText('after', …)`: paragraphs are wrapped anew; those with an indented line, as examples have, stay as they are.
 */
export function helpText(text: string): (context: { readonly command: Command }) => string {
  return ({ command }) => {
    const width = Math.min(WIDEST, command.configureOutput().getOutHelpWidth?.() ?? 80);
    const paragraphs = text.split('\n\n').map((paragraph) => {
      const lines = paragraph.trim().split('\n');
      if (lines.some((line) => line.startsWith(' '))) return lines.join('\n');
      return new Help().boxWrap(lines.join(' '), width);
    });
    return `\n${paragraphs.join('\n\n')}`;
  };
}
