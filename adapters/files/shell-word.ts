/** A text as one word of a command to paste: as it is where no shell minds, else in single quotes, in which none reads anything. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
