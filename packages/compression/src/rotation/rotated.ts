/**
 * Any codec in rotated coordinates: Suresh et al., ICML 2017, section 3.
 *
 * @module
 */
import type { Codec, Guarantee, LinearCodec, Sink, SumContext } from '@fedkit/core/codec';
import { refuse } from '@fedkit/core/internal';
import { TILE, tile } from '../kernels/tile.ts';
import {
  createCodec,
  createLinearCodec,
  linearStage,
  type StagedCodec,
  type StagedLinearCodec,
  stageOf,
} from '../stage/codec.ts';
import { maximumMagnitude } from '../stage/magnitude.ts';
import { readNested, writeNested } from '../stage/nested.ts';
import {
  checkedSeed,
  type Decoding,
  type Encoding,
  type LinearStage,
  seedFingerprint,
  sharedSeed,
  type Stage,
} from '../stage/stage.ts';
import { corrupt } from '../wire/byte-reader.ts';
import { forEachTile, paddedSize, Rotation } from './tiles.ts';

/** Beyond this magnitude a rotation could leave float32's range. */
export const MAX_ROTATED: number = 2 ** 100;
/** By how much padding lengthens a vector at most: one value becomes as many. */
const LONGEST = paddedSize(1);

/**
 * The codec, any, on the rotated vector, decoded back. The rotation comes from `context.sharedSeed`, preserves norms and inner
 * products, and makes coordinates near N(0, ‖x‖²/d) whatever the input, so one outlier no longer costs everyone range.
 *
 * A linear codec stays linear: all clients must then share the seed. Otherwise errors average out only between
 * different rotations: give each client its own with {@link clientSeed}.
 *
 * `encode` refuses magnitudes above 2^100 (`OUT_OF_RANGE`).
 *
 * Takes O(d log min(d, 2^14)) time and at most 63 values of padding.
 */
export function rotated<C extends LinearCodec>(codec: C): StagedLinearCodec & Pick<C, 'guarantee'>;
export function rotated<C extends Codec>(codec: C): StagedCodec<'perClient'> & Pick<C, 'guarantee'>;
export function rotated(codec: Codec | LinearCodec): StagedCodec<'perClient'> | StagedLinearCodec {
  const inner = stageOf('rotated: codec', codec);
  const linear = linearStage(inner);
  if (linear !== undefined) return createLinearCodec(linearRotated(linear));
  return createCodec({ ...rotatedStage(inner), linearity: 'perClient' });
}

/** @param inner - `undefined` to decode whatever the bytes name. */
export function rotatedStage(inner: Stage | undefined): Stage {
  return {
    id: 34,
    kind: `rotated(${inner?.kind ?? '…'})`,
    linearity: inner?.linearity ?? 'perClient',
    unbiased: inner?.unbiased ?? false,
    ...(inner?.guarantee && { guarantee: padded(inner.guarantee, inner.unbiased) }),

    write(out, values, encoding) {
      const seed = sharedSeed(encoding.context);
      out.uint32(seedFingerprint(seed));
      if (inner === undefined) refuse('INVALID_ARGUMENT', 'rotated: codec', 'a codec of this package', inner);
      writeNested(out, inner, rotate(values, seed), encoding);
    },

    read(input, size, sink, decoding) {
      const seed = checkedSeed(input, decoding);
      const back = new RotatingSink(size, seed, sink);
      readNested(input, inner, paddedSize(size), back, decoding);
      back.finish();
    },
  };
}

function linearRotated(inner: LinearStage): LinearStage {
  return {
    ...rotatedStage(inner),
    linearity: 'linear',
    bits: inner.bits,
    bound: inner.bound,
    ...(inner.meanSquaredError !== undefined && { meanSquaredError: inner.meanSquaredError }),
    ...(inner.deviations !== undefined && { deviations: inner.deviations }),
    strain: (values: Float32Array, encoding: Encoding, contributors: number) =>
      inner.strain(rotate(values, sharedSeed(encoding.context)), encoding, contributors),
    contributed: (values: Float32Array, integers: Int32Array, encoding: Encoding) => {
      const seed = sharedSeed(encoding.context);
      return rotateBack(inner.contributed(rotate(values, seed), integers, encoding), seed, values.length);
    },
    integerCount: (size) => inner.integerCount(paddedSize(size)),
    integers: (values: Float32Array, encoding: Encoding) =>
      inner.integers(rotate(values, sharedSeed(encoding.context)), encoding),
    sum(sum: Int32Array | Float64Array, size: number, options: SumContext, decoding: Decoding) {
      const rotatedSum = inner.sum(sum, paddedSize(size), options, decoding);
      return rotateBack(rotatedSum, sharedSeed(decoding.context), size);
    },
  };
}

/**
 * A rotation keeps norms: the guarantee at the length it pads to. Absolute errors of the padding are rotated into the values: those of
 * independent, unbiased rounding by their share of the length, others by all they are.
 */
function padded(guarantee: Guarantee, unbiased: boolean): Guarantee {
  const { error } = guarantee;
  const spread = !unbiased && error !== undefined && { error: error * Math.sqrt(LONGEST) };
  switch (guarantee.kind) {
    case 'contraction':
      return { ...guarantee, ...spread, delta: (size) => guarantee.delta(paddedSize(size)) };
    case 'variance':
      return { ...guarantee, ...spread, omega: (size) => guarantee.omega(paddedSize(size)) };
    case 'bounded':
      return { ...guarantee, ...spread };
  }
}

/** R x, of {@link paddedSize} values. */
export function rotate(values: Float32Array, seed: Uint8Array): Float32Array {
  if (maximumMagnitude(values) > MAX_ROTATED) {
    refuse('OUT_OF_RANGE', 'rotated: values', 'magnitudes up to 2^100', 'a larger one');
  }
  const result = new Float32Array(paddedSize(values.length));
  const rotation = new Rotation(seed);
  const on = tile();
  forEachTile(values.length, (start, n) => {
    rotation.forward(on, values, start, n);
    result.set(on.values.subarray(0, n), start);
  });
  return result;
}

/** The first `size` values of R⁻¹ y. */
export function rotateBack(values: Float32Array, seed: Uint8Array, size: number): Float32Array {
  const result = new Float32Array(size);
  const rotation = new Rotation(seed);
  const on = tile();
  forEachTile(size, (start, n) => {
    on.values.set(values.subarray(start, start + n));
    rotation.inverse(on, n);
    result.set(on.values.subarray(0, Math.min(n, size - start)), start);
  });
  return result;
}

/** Collects rotated values tile by tile and hands each on once it is full, rotated back. */
class RotatingSink implements Sink {
  readonly #size: number;
  readonly #rotation: Rotation;
  readonly #sink: Sink;
  readonly #chunk: Float32Array;
  readonly #tiles: [start: number, n: number][] = [];
  #current = 0;

  constructor(size: number, seed: Uint8Array, sink: Sink) {
    this.#size = size;
    this.#rotation = new Rotation(seed);
    this.#sink = sink;
    this.#chunk = new Float32Array(Math.min(TILE, paddedSize(size)));
    forEachTile(size, (start, n) => this.#tiles.push([start, n]));
  }

  dense(offset: number, values: Float32Array): void {
    for (let at = 0; at < values.length; ) {
      const [start, n] = this.#reach(offset + at);
      const count = Math.min(values.length - at, start + n - offset - at);
      this.#chunk.set(values.subarray(at, at + count), offset + at - start);
      at += count;
    }
  }

  sparse(indices: Uint32Array, values: Float32Array): void {
    for (let i = 0; i < indices.length; i++) this.#chunk[indices[i] - this.#reach(indices[i])[0]] = values[i];
  }

  finish(): void {
    while (this.#current < this.#tiles.length) this.#flush();
  }

  /** The tile that holds `place`, with all before it handed on. */
  #reach(place: number): [start: number, n: number] {
    for (;;) {
      const [start, n] = this.#tiles[this.#current];
      if (place < start + n) return [start, n];
      this.#flush();
    }
  }

  #flush(): void {
    const [start, n] = this.#tiles[this.#current++];
    const part = this.#chunk.subarray(0, n);
    const largest = maximumMagnitude(part);
    if (!(largest <= MAX_ROTATED * 128)) corrupt('rotated values up to 2^107', largest);
    const on = tile();
    if (largest === 0) {
      this.#rotation.skip(on, n);
      part.fill(0);
    } else {
      on.values.set(part);
      this.#rotation.inverse(on, n);
      part.set(on.values.subarray(0, n));
    }
    this.#sink.dense(start, part.subarray(0, Math.min(n, this.#size - start)));
    this.#chunk.fill(0);
  }
}
