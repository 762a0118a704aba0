/**
 * The form that every posterior is stored in: four ASCII letters, the length of the head (uint32), the head, then float64s up
 * to the end. Little-endian throughout; equal posteriors give equal bytes, and not a bit is lost. What the head is (names as JSON,
 * a structure, another posterior) and what the numbers mean is for the kind of posterior to say.
 */

const HEADER = 8;

/** Adds the next number. */
export type Put = (value: number) => void;

/**
 * @param magic four ASCII letters
 * @param count how many numbers `write` puts
 */
export function writePosterior(magic: string, head: Uint8Array, count: number, write: (put: Put) => void): Uint8Array {
  const bytes = new Uint8Array(HEADER + head.length + 8 * count);
  bytes.set(new TextEncoder().encode(magic));
  bytes.set(head, HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, head.length, true);
  let at = HEADER + head.length;
  write((value) => {
    view.setFloat64(at, value, true);
    at += 8;
  });
  return bytes;
}

/** A stored posterior as it is read, number after number. Every method throws a RangeError for what cannot have been written. */
export interface PosteriorReader {
  readonly head: Uint8Array;
  /** How many numbers there are. */
  readonly count: number;
  /** What the bytes are told off with. */
  broken(why: string): RangeError;
  /** There must be just so many numbers: asked before room is made for them. */
  expect(count: number): void;
  /** The next number, which is finite. */
  take(): number;
  /** The next number, which is a sum of shares or of squares: finite, and not below zero. */
  takeCount(): number;
  /** The next numbers, as many as there is room for. */
  fill(array: Float64Array): void;
  /** No number may be left. */
  end(): void;
}

/**
 * Opens what `writePosterior` wrote.
 * @param what what should have been written, for the error: "an offset tree"
 * @throws RangeError for bytes that do not begin with `magic`, or end within their head or a number
 */
export function openPosterior(magic: string, bytes: Uint8Array, what: string): PosteriorReader {
  const broken = (why: string) => new RangeError(`this is not ${what}: ${why}. Drop the snapshot and refold the log.`);
  if (bytes.length < HEADER || [...magic].some((letter, i) => bytes[i] !== letter.charCodeAt(0))) {
    throw broken('it does not begin as one');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = HEADER + view.getUint32(4, true);
  if (start > bytes.length || (bytes.length - start) % 8 !== 0) throw broken('it is cut off');
  const has = (bytes.length - start) / 8;
  let at = start;
  const take = () => {
    if (at >= bytes.length) throw broken('it has too few numbers');
    const value = view.getFloat64(at, true);
    if (!Number.isFinite(value)) throw broken(`a number is ${value}`);
    at += 8;
    return value;
  };
  return {
    head: bytes.subarray(HEADER, start),
    broken,
    count: has,
    expect(count) {
      if (has !== count) throw broken(`it has ${has} numbers and not ${count}`);
    },
    take,
    takeCount() {
      const value = take();
      if (value < 0) throw broken(`a sum of squares or shares is ${value}`);
      return value;
    },
    fill(array) {
      for (let i = 0; i < array.length; i++) array[i] = take();
    },
    end() {
      if (at !== bytes.length) throw broken('it has too many numbers');
    },
  };
}

/** Anything as a head: JSON in UTF-8. */
export function jsonHead(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** What `jsonHead` made a head of. @throws RangeError where it is no JSON */
export function readJsonHead({ head, broken }: PosteriorReader): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(head));
  } catch {
    throw broken('its head is not JSON');
  }
}

/** The names of arms that are the head, and where each is. @throws RangeError where they are no names, or one is there twice */
export function readArms(reader: PosteriorReader): { readonly arms: string[]; readonly index: Map<string, number> } {
  const arms = readJsonHead(reader);
  if (!Array.isArray(arms) || !arms.every((name) => typeof name === 'string')) {
    throw reader.broken('its names are not strings');
  }
  return { arms, index: indexOf(arms, reader) };
}

/** Where each arm is. @throws RangeError where one is there twice */
export function indexOf(arms: readonly string[], { broken }: PosteriorReader): Map<string, number> {
  const index = new Map(arms.map((arm, at) => [arm, at]));
  if (index.size !== arms.length) throw broken('an arm is there twice');
  return index;
}
