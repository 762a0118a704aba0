/**
 * Numbers by arm as bytes: a magic word of 4, the length of the names (uint32), the names as JSON in UTF-8, then column
 * after column as float64. Little-endian throughout; equal columns give equal bytes, and not a bit is lost.
 */

const HEADER = 8;

/** @param magic four ASCII letters @param columns each as long as `arms` */
export function writeColumns(
  magic: string,
  arms: readonly string[],
  columns: readonly (readonly number[])[],
): Uint8Array {
  const encoder = new TextEncoder();
  const names = encoder.encode(JSON.stringify(arms));
  const bytes = new Uint8Array(HEADER + names.length + 8 * columns.length * arms.length);
  bytes.set(encoder.encode(magic));
  bytes.set(names, HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, names.length, true);
  let at = HEADER + names.length;
  for (const column of columns) {
    for (const value of column) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  }
  return bytes;
}

/** What `writeColumns` wrote: distinct arms, and columns of numbers >= 0. */
export interface ArmColumns {
  readonly arms: string[];
  readonly index: Map<string, number>;
  readonly columns: number[][];
}

/**
 * @param what what should have been written, for the error
 * @throws RangeError for bytes that `writeColumns` cannot have written
 */
export function readColumns(magic: string, width: number, bytes: Uint8Array, what: string): ArmColumns {
  const broken = (why: string) => new RangeError(`this is not ${what}: ${why}. Drop the snapshot and refold the log.`);
  if (bytes.length < HEADER || [...magic].some((letter, i) => bytes[i] !== letter.charCodeAt(0))) {
    throw broken('it does not begin as one');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = HEADER + view.getUint32(4, true);
  if (start > bytes.length) throw broken('its names are cut off');
  const arms = readNames(bytes.subarray(HEADER, start), broken);
  if (bytes.length !== start + 8 * width * arms.length) throw broken(`it has the wrong length for ${arms.length} arms`);
  const index = new Map(arms.map((arm, at) => [arm, at]));
  if (index.size !== arms.length) throw broken('an arm is there twice');
  let at = start;
  const columns = Array.from({ length: width }, () =>
    arms.map(() => {
      const value = view.getFloat64(at, true);
      if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw broken(`a number is ${value}`);
      at += 8;
      return value;
    }),
  );
  return { arms, index, columns };
}

function readNames(bytes: Uint8Array, broken: (why: string) => RangeError): string[] {
  let names: unknown;
  try {
    names = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw broken('its names are not JSON');
  }
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw broken('its names are not strings');
  return names;
}
