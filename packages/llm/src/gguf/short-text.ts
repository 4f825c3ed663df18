/**
 * The short texts of a header, of which a vocabulary has 100,000.
 *
 * @module
 */

/** Bytes of a text that is made here. */
const SHORT = 64;
const units: number[] = [];

/**
 * The UTF-8 text of at most 64 bytes with no character above U+07FF, as nearly all tokens of byte-level vocabularies are; `undefined`
 * for any other, well-formed or not. Nothing is left behind but the text, where a view and growing texts for each of a vocabulary
 * make the heap of a process some 10 MB larger for good.
 */
export function shortText(bytes: Uint8Array, at: number, length: number): string | undefined {
  if (length > SHORT) return undefined;
  units.length = 0;
  const end = at + length;
  for (let i = at; i < end; i++) {
    const lead = bytes[i];
    if (lead < 0x80) {
      units.push(lead);
      continue;
    }
    i++;
    if (lead < 0xc2 || lead > 0xdf || i === end || (bytes[i] & 0xc0) !== 0x80) return undefined;
    units.push(((lead & 0x1f) << 6) | (bytes[i] & 0x3f));
  }
  return String.fromCharCode(...units);
}
