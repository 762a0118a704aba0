/** A table of text: columns as wide as their widest cell, numbers to the right, colours put on after measuring. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

/**
 * @param paintTitle how the heading is shown
 * @returns lines without trailing spaces
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
  paintTitle: (text: string) => string = (text) => text,
): string[] {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === 'string' ? { text: oneLine(cell) } : { ...cell, text: oneLine(cell.text) })),
  );
  const widths = columns.map(({ title }, index) =>
    cells.reduce((most, row) => Math.max(most, row[index]?.text.length ?? 0), title.length),
  );
  const padded = (text: string, index: number) =>
    columns[index]?.align === 'right' ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0);
  const heading = columns
    .map(({ title }, index) => padded(title, index))
    .join('  ')
    .trimEnd();
  const body = cells.map((row) =>
    row
      .map(({ text, paint }, index) =>
        index === row.length - 1 && columns[index]?.align !== 'right'
          ? { text, paint }
          : { text: padded(text, index), paint },
      )
      .map(({ text, paint }) => (paint === undefined ? text : paint(text)))
      .join('  ')
      .trimEnd(),
  );
  return [paintTitle(heading), ...body];
}

/** A table has a line for a row: a reason that breaks lines would look like another row. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\t]/g, ' ');
}
