/**
 * Vectors as pictures: PNG files in data URIs, so that the report needs no other file.
 *
 * Portable Network Graphics, third edition, https://www.w3.org/TR/png-3/: greyscale, 8 bits, one IDAT chunk.
 *
 * @module
 */
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** @param pixels - Row by row, `width` a row. */
export function greyscalePng(pixels: Uint8Array, width: number): Buffer {
  const height = pixels.length / width;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    Buffer.from(SIGNATURE),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND'),
  ]);
}

/**
 * The weights of a softmax model on `side` × `side` pixels, one square a class, side by side: zero is mid-grey, the largest
 * magnitude of all black or white.
 *
 * @param values - Shape [pixels, classes], then biases, which are left out.
 */
export function classPictures(values: ArrayLike<number>, side: number, classes: number): string {
  const gap = 2;
  const width = classes * (side + gap) - gap;
  const pixels = new Uint8Array(width * side).fill(255);
  let most = 0;
  for (let i = 0; i < side * side * classes; i++) most = Math.max(most, Math.abs(values[i]));
  for (let pixel = 0; pixel < side * side; pixel++) {
    for (let k = 0; k < classes; k++) {
      const x = k * (side + gap) + (pixel % side);
      const level = most === 0 ? 0 : values[pixel * classes + k] / most;
      pixels[Math.floor(pixel / side) * width + x] = Math.round(127.5 + 127.5 * level);
    }
  }
  return `data:image/png;base64,${greyscalePng(pixels, width).toString('base64')}`;
}

function chunk(type: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}
