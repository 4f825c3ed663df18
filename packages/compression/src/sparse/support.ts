/**
 * Which places a sparse update names, in whichever form is shortest: Golomb-coded gaps of the places kept or, for dense
 * ones, of those left out; a bitmap; a bitmap through DEFLATE.
 *
 * @module
 */
import { deflateBelow, inflate, worthDeflating } from '../entropy/deflate.ts';
import { type ByteReader, corrupt } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { readGaps, writeGaps } from './golomb.ts';

const KEPT = 0;
const LEFT_OUT = 1;
const BITMAP = 2;
const DEFLATED_BITMAP = 3;

/** Writes strictly ascending `places` below `size`. */
export function writeSupport(out: ByteWriter, places: Uint32Array, size: number): void {
  const sparse = places.length * 2 <= size;
  const gaps = new ByteWriter();
  const listed = sparse ? places : complement(places, size);
  writeGaps(gaps, listed);
  let form = sparse ? KEPT : LEFT_OUT;
  let best: Uint8Array = gaps.finish();
  const length = Math.ceil(size / 8);
  // A bitmap of many times the gaps' length cannot win by DEFLATE either, whose best is 1 to 1,032.
  const deflating = length <= 64 * best.length && worthDeflating(length, firstGaps(places));
  if (deflating || length < best.length) {
    const bitmap = bitmapOf(places, length);
    if (length < best.length) [form, best] = [BITMAP, bitmap];
    const deflated = deflating ? deflateBelow(bitmap, best.length - 3) : undefined;
    if (deflated !== undefined) [form, best] = [DEFLATED_BITMAP, deflated];
  }
  out.byte(form);
  out.varint(form === LEFT_OUT ? listed.length : places.length);
  if (form === DEFLATED_BITMAP) out.varint(best.length);
  out.bytes(best);
}

/** The places, ascending; `undefined` stands for all of them. */
export function readSupport(input: ByteReader, size: number): Uint32Array | undefined {
  const form = input.byte();
  const count = input.varint(size, 'a number of places');
  if (form === KEPT || form === LEFT_OUT) {
    // Whichever side is listed is the smaller one.
    if (2 * count > size || (form === LEFT_OUT && 2 * count === size)) corrupt('the shorter list', count);
  }
  if (form === KEPT) return readGaps(input, count, size);
  if (form === LEFT_OUT) return count === 0 ? undefined : complement(readGaps(input, count, size), size);
  const length = Math.ceil(size / 8);
  if (form === BITMAP) return placesOf(input.take(length), count, size);
  if (form !== DEFLATED_BITMAP) return corrupt('a form of support up to 3', form);
  return placesOf(inflate(input.take(input.varint(length, 'a length')), length), count, size);
}

function complement(places: Uint32Array, size: number): Uint32Array {
  const others = new Uint32Array(size - places.length);
  let next = 0;
  let at = 0;
  for (const place of places) {
    while (at < place) others[next++] = at++;
    at++;
  }
  while (at < size) others[next++] = at++;
  return others;
}

/** Enough gaps to tell whether they repeat. */
function firstGaps(places: Uint32Array): Uint32Array {
  return places.subarray(0, 1028).map((place, i) => place - (i === 0 ? 0 : places[i - 1]));
}

function bitmapOf(places: Uint32Array, length: number): Uint8Array {
  const bitmap = new Uint8Array(length);
  for (const place of places) bitmap[place >>> 3] |= 1 << (place & 7);
  return bitmap;
}

function placesOf(bitmap: Uint8Array, count: number, size: number): Uint32Array {
  const places = new Uint32Array(count);
  let found = 0;
  for (let i = 0; i < bitmap.length; i++) {
    for (let byte = bitmap[i]; byte !== 0; byte &= byte - 1) {
      const place = 8 * i + 31 - Math.clz32(byte & -byte);
      if (found === count || place >= size) corrupt(`${count} places below ${size}`, 'others');
      places[found++] = place;
    }
  }
  if (found !== count) corrupt(`${count} places`, found);
  return places;
}
