import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { openTerminal } from '../../../adapters/cli/terminal.ts';

function written(isTTY: boolean, write: (terminal: ReturnType<typeof openTerminal>) => void): string {
  const stream = Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.WriteStream; // as much of one as is used
  write(openTerminal({ stdout: stream, stderr: stream }, {}));
  return String(stream.read());
}

const hostile = 'reason \x1b]0;owned\x07\x1b[2J\x9b2J\rgone \x1b[31mred\x1b[0m\tok\nnext';

test('what was recorded cannot command a terminal; lines, tabs and colours stay', () => {
  const shown = written(true, ({ out }) => void out.line(hostile));
  expect(shown).toBe('reason \ufffd]0;owned\ufffd\ufffd[2J\ufffd2J\ufffdgone \x1b[31mred\x1b[0m\tok\nnext\n');
  expect(written(true, ({ out }) => out.live('\x1b]0;owned\x07'))).toBe('\r\x1b[2K\ufffd]0;owned\ufffd');
});

test('a name that turns the direction of what follows is not shown as another', () => {
  expect(written(true, ({ out }) => void out.line('to \u202egnihton\u2066 \u200f'))).toBe(
    'to \ufffdgnihton\ufffd \ufffd\n',
  );
});

test('a program reads it as it is', () => {
  expect(written(false, ({ out }) => void out.line(hostile))).toBe(`${hostile}\n`);
});
