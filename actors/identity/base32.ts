const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';

/** The first `bits` bits of the bytes in lower-case base32 (RFC 4648 alphabet), without padding: ceil(bits / 5) digits. */
export function base32(bytes: Uint8Array, bits: number): string {
  let text = '';
  let buffer = 0;
  let held = 0;
  for (let at = 0; text.length * 5 < bits; at++) {
    buffer = ((buffer << 8) | (at * 8 < bits ? (bytes[at] ?? 0) : 0)) & 0xffff;
    held += 8;
    while (held >= 5 && text.length * 5 < bits) {
      held -= 5;
      text += DIGITS[(buffer >> held) & 31];
    }
  }
  return text;
}
