/**
 * EDEN: Vargaftik, Ben Basat, Portnoy, Mendelson, Ben-Itzhak, Mitzenmacher, "EDEN: Communication-Efficient and Robust
 * Distributed Mean Estimation for Federated Learning", ICML 2022, and its one-bit ancestor DRIVE, NeurIPS 2021.
 *
 * Deviations: the rotation works on tiles of 2^14 in two rounds, each tile with a scale of its own (32 bits of 16,384
 * coordinates), and a fractional rate splits a tile instead of drawing a table for each coordinate.
 *
 * @module
 */
import type { Contraction, Guaranteed, Variance } from '@fedkit/core/codec';
import { checkPositive, refuse } from '@fedkit/core/internal';
import { TILE, type Tile, tile } from '../kernels/tile.ts';
import { asQuantizer, type Quantizer } from '../quantize/quantizer.ts';
import { MAX_ROTATED } from '../rotation/rotated.ts';
import { forEachTile, paddedSize, Rotation } from '../rotation/tiles.ts';
import { createCodec } from '../stage/codec.ts';
import { maximumMagnitude } from '../stage/magnitude.ts';
import { checkedSeed, seedFingerprint, sharedSeed, type Stage } from '../stage/stage.ts';
import { type ByteReader, corrupt } from '../wire/byte-reader.ts';
import { bytesOf, type Segment, segmentsOf } from './plan.ts';
import { edenGuarantee } from './guarantees.ts';
import { type EdenScale, MAX_BITS } from './quantizers.ts';

/** Options of {@link eden}. */
export interface EdenOptions {
  /** Bits a coordinate, any real number in (0, 8]. */
  readonly bits: number;
  /** `unbiased` by default: the one whose error shrinks as more clients are averaged. */
  readonly scale?: EdenScale;
}

/**
 * Rotates, scales to unit variance, and sends for each coordinate the nearest level of the Lloyd-Max quantizer of N(0, 1),
 * and a scale. Normalized squared error D / (1 − D) unbiased, D with `min-mse`, where D is 0.3634, 0.1175, 0.0345,
 * 0.0095 at 1, 2, 3, 4 bits, whatever the input. Budgets may differ between clients: all are unbiased.
 *
 * Errors of clients average out only between different rotations: give each client its own `sharedSeed`
 * ({@link clientSeed}). Unbiased up to what a Hadamard rotation differs from a uniform one: over 60,000 encodings a bias of
 * 0.4 % of the value at most on vectors of 16 and 64 values that are zero but for two or three, and none beyond noise on
 * dense ones.
 *
 * Guarantee: unbiased, ω is D / (1 − D) and a margin for few values (0.57 at one bit and 4,096 values); with `min-mse` a
 * contraction, δ ≥ ½ at one bit whatever the input.
 *
 * `encode` refuses magnitudes above 2^100 (`OUT_OF_RANGE`).
 *
 * Takes O(d log min(d, 2^14)) time, at most 63 values of padding and 4 bytes a tile.
 */
export function eden(
  options: EdenOptions & { readonly scale: 'min-mse' | 'norm' },
): Quantizer & Guaranteed<Contraction>;
export function eden(options: EdenOptions & { readonly scale?: 'unbiased' }): Quantizer & Guaranteed<Variance>;
export function eden(options: EdenOptions): Quantizer & Guaranteed<Contraction | Variance>;
export function eden(options: EdenOptions): Quantizer & Guaranteed<Contraction | Variance> {
  const { bits, scale = 'unbiased', ...others } = options;
  // A bundle of this codec alone has no room for `checkOptions`.
  for (const name in others) refuse('INVALID_ARGUMENT', 'eden', 'bits or scale', name);
  if (scale !== 'unbiased' && scale !== 'min-mse' && scale !== 'norm') {
    refuse('INVALID_ARGUMENT', 'eden: scale', 'min-mse, norm or unbiased', scale);
  }
  const codec = asQuantizer(createCodec(edenStage(checkPositive('eden: bits', bits, MAX_BITS), scale)));
  // The scale of least error is a contraction of its own: `contraction` takes it.
  return scale === 'unbiased' ? Object.assign(codec, { contraction: () => eden({ bits, scale: 'min-mse' }) }) : codec;
}

/** The bytes of an EDEN body for `size` values of which none of the tiles is zero. */
export function edenBodyBytes(size: number, bits: number): number {
  let bytes = 8;
  forEachTile(size, (_, n) => {
    bytes += 4 + segmentsOf(n, Math.fround(bits)).reduce((sum, segment) => sum + bytesOf(segment), 0);
  });
  return bytes;
}

export function edenStage(
  bits: number,
  scale: EdenScale,
): Stage & { readonly linearity: 'perClient' } & Guaranteed<Contraction | Variance> {
  // Float32 as on the wire, so that both sides split tiles alike; a rate that rounds to zero takes the smallest.
  const rate = Math.max(Math.fround(bits), 2 ** -126);
  return {
    id: 10,
    kind: 'eden',
    linearity: 'perClient',
    unbiased: scale === 'unbiased',
    guarantee: edenGuarantee(rate, scale),

    write(out, values, encoding) {
      const seed = sharedSeed(encoding.context);
      if (maximumMagnitude(values) > MAX_ROTATED) {
        refuse('OUT_OF_RANGE', 'eden: values', 'magnitudes up to 2^100', 'a larger one');
      }
      out.uint32(seedFingerprint(seed));
      out.float32(rate);
      const rotation = new Rotation(seed);
      const on = tile();
      forEachTile(values.length, (start, n) => {
        rotation.forward(on, values, start, n);
        const segments = segmentsOf(n, rate);
        const energy = on.sumOfSquares(n);
        const found = { product: 0, energy: 0 };
        const packed = segments.map((segment) => packSegment(on, segment, Math.sqrt(energy / n), found));
        const factor = Math.fround(scaleOf(scale, energy, found));
        const usable = factor > 0 && factor <= MAX_ROTATED;
        out.float32(usable ? factor : 0);
        if (usable) for (const bytes of packed) out.bytes(bytes);
      });
    },

    read(input, size, sink, decoding) {
      const seed = checkedSeed(input, decoding);
      const bitsRead = input.float32('bits', MAX_BITS);
      if (bitsRead <= 0) corrupt('bits above 0', bitsRead);
      const rotation = new Rotation(seed);
      const chunk = new Float32Array(Math.min(TILE, paddedSize(size)));
      forEachTile(size, (start, n) => {
        const factor = input.float32('a scale', MAX_ROTATED);
        if (factor < 0) corrupt('a scale of at least 0', factor);
        const on = tile();
        on.values.fill(0, 0, n);
        if (factor === 0) {
          rotation.skip(on, n);
        } else {
          for (const segment of segmentsOf(n, bitsRead)) unpackSegment(on, segment, factor, input);
          rotation.inverse(on, n);
        }
        const part = chunk.subarray(0, Math.min(n, size - start));
        part.set(on.values.subarray(0, part.length));
        sink.dense(start, part);
      });
    },
  };
}

function scaleOf(scale: EdenScale, energy: number, found: { product: number; energy: number }): number {
  if (energy === 0 || found.product === 0) return 0;
  if (scale === 'unbiased') return energy / found.product;
  if (scale === 'min-mse') return found.product / found.energy;
  return Math.sqrt(energy / found.energy);
}

/** Quantizes and packs a run of the rotated tile, and adds its moments to `found`. */
function packSegment(
  on: Tile,
  { start, count, quantizer }: Segment,
  deviation: number,
  found: { product: number; energy: number },
): Uint8Array {
  const { bits, levels, bounds } = quantizer;
  for (let i = 0; i < bounds.length; i++) on.bounds[i] = bounds[i] * deviation;
  on.table.set(levels);
  on.quantize(start, count, bounds.length);
  on.moments(start, count);
  found.product += on.found[0];
  found.energy += on.found[1];
  on.codes.fill(0, count, count + 8);
  on.pack(count, bits);
  return on.packed.slice(0, Math.ceil((count * bits) / 8));
}

function unpackSegment(on: Tile, segment: Segment, factor: number, input: ByteReader): void {
  const { start, count, quantizer } = segment;
  const { bits, levels } = quantizer;
  const bytes = input.take(bytesOf(segment));
  const used = (count * bits) & 7;
  if (used !== 0 && bytes[bytes.length - 1] >>> used !== 0) corrupt('zero bits up to the byte', 'others');
  for (let i = 0; i < levels.length; i++) on.table[i] = levels[i] * factor;
  on.packed.set(bytes);
  on.unpack(count, bits);
  on.dequantize(start, count);
}
