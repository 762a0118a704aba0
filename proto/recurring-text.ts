/** Reads texts that come again and again in a log, as names of arms do: each as one string, however often it is read. */
import type { Reader } from 'protobufjs/minimal.js';

/** Longer ones are not kept, bytes. */
const LONGEST = 48;
const SLOTS = 4_096;

/** What was read last of those that share a slot. */
const known: (string | undefined)[] = new Array<string | undefined>(SLOTS).fill(undefined);

/**
 * What `reader.string()` gives. A string that was read before costs neither an allocation nor a conversion, and a map that has it as
 * a key finds it without comparing letters.
 */
export function recurringText(reader: Reader): string {
  const { buf, pos } = reader;
  // One byte tells a length below 128.
  const length = buf[pos] ?? Number.NaN;
  const start = pos + 1;
  const end = start + length;
  if (!(length <= LONGEST && end <= reader.len)) return reader.string();
  let hash = length;
  for (let at = start; at < end; at++) {
    const byte = buf[at] ?? 0;
    if (byte > 0x7f) return reader.string();
    hash = Math.imul(hash ^ byte, 0x01000193); // FNV-1a
  }
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  const found = known[slot];
  if (found !== undefined && found.length === length && isAt(found, buf, start)) {
    reader.pos = end;
    return found;
  }
  const text = reader.string();
  known[slot] = text;
  return text;
}

/** @param text of ASCII alone */
function isAt(text: string, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}
