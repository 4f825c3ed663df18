/**
 * Numbers as pictures: 28 × 28 each, four in a row.
 *
 * @module
 */
const SIDE = 28;
const COLUMNS = 4;
const LOW = [31, 107, 88] as const;
const HIGH = [214, 96, 40] as const;

/** Weights in two colours around white: what speaks for a digit, and what against it. */
export function drawWeights(canvas: HTMLCanvasElement, values: Float32Array): void {
  const sorted = Float32Array.from(values, Math.abs).sort();
  const largest = sorted[Math.floor(0.995 * (sorted.length - 1))] || 1;
  paint(canvas, values.length, (i) => {
    const share = Math.max(-1, Math.min(1, values[i] / largest));
    const colour = share < 0 ? LOW : HIGH;
    return colour.map((channel) => 250 + (channel - 250) * Math.abs(share));
  });
}

/** Bytes as grey. */
export function drawBytes(canvas: HTMLCanvasElement, bytes: Uint8Array): void {
  paint(canvas, bytes.length, (i) => [bytes[i], bytes[i], bytes[i]]);
}

function paint(canvas: HTMLCanvasElement, count: number, colourOf: (i: number) => readonly number[]): void {
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < count; i++) {
    const tile = Math.floor(i / (SIDE * SIDE));
    const [row, column] = [Math.floor((i % (SIDE * SIDE)) / SIDE), i % SIDE];
    const x = (tile % COLUMNS) * SIDE + column;
    const y = Math.floor(tile / COLUMNS) * SIDE + row;
    image.data.set([...colourOf(i), 255], 4 * (y * canvas.width + x));
  }
  context.putImageData(image, 0, 0);
}

/** Shannon entropy of bytes, in bits a byte: 8 for noise, up to what so few bytes can show. */
export function entropy(bytes: Uint8Array): number {
  const counts = new Float64Array(256);
  for (const byte of bytes) counts[byte]++;
  return counts.reduce(
    (sum, count) => (count === 0 ? sum : sum - (count / bytes.length) * Math.log2(count / bytes.length)),
    0,
  );
}
