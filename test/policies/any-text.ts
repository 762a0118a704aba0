import fc from 'fast-check';

/** Texts of any code points: of all of Unicode (halves of surrogate pairs as well), of scripts that are close together, of a few words. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  ...[0x10ffff, 0xffff, 0x600, 0x7f].map((max) =>
    fc.array(fc.integer({ min: 0, max }), { maxLength: 80 }).map((points) => String.fromCodePoint(...points)),
  ),
  fc
    .array(fc.constantFrom('a', 'b', ' ', 'the', '\u0308', '\n', '写'), { maxLength: 60 })
    .map((parts) => parts.join('')),
);
