/**
 * Random-k with a support that both sides draw from the shared seed: no index travels, and sums stay sums.
 *
 * @module
 */
import { type Rng, seededRng } from '@fedkit/core';
import type { Guarantee, SumContext, Variance } from '@fedkit/core/codec';
import { checkOptions, type OptionNames, checkPositive } from '@fedkit/core/internal';
import { FLOAT32 } from '../quantize/float32.ts';
import type { Sparsifier } from '../quantize/quantizer.ts';
import { createCodec } from '../stage/codec.ts';
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
import { keptOf } from './kept.ts';
import { gather, scatter } from './sparse-stage.ts';

/** A sparsifier whose support depends on the seed alone. */
export interface SharedSparsifier extends Sparsifier<'linear'> {
  readonly guarantee: Variance;
  readonly density: number;
}

/**
 * k = round(density · d) places drawn uniformly without replacement from `context.sharedSeed`, their values times d/k:
 * unbiased over the seed, normalized error d/k − 1. Linear as long as all clients of a round share the seed; for secure
 * aggregation, `pipe` it into an integer grid. Draw a new seed every round, or the same places are trained forever.
 *
 * @param options.density - In (0, 1].
 */
export function randomK(options: { readonly density: number }): SharedSparsifier {
  checkOptions('randomK', options, { density: true } satisfies OptionNames<typeof options>);
  const density = checkPositive('randomK: density', options.density, 1);
  const codec = createCodec(randomKStage(density, FLOAT32));
  return {
    ...codec,
    guarantee: thinned(density),
    role: 'sparsifier',
    density,
    support: (values, context) => supportOf(sharedSeed(context), values.length, keptOf(values.length, density)),
  };
}

/** ω = (d/k)·(1 + ω of the values) − 1; an absolute error grows by √(d/k). */
function thinned(density: number, inner?: Guarantee): Variance {
  // The most that d/k is at any size: k rounds down, and least of all at one.
  const most = density === 1 ? 1 : 1.5 / density;
  const rate = (size: number) => Math.max(1, size) / keptOf(Math.max(1, size), density);
  const own = (size: number) => (inner?.kind === 'variance' ? inner.omega(keptOf(size, density)) : 0);
  const error = inner?.error;
  return {
    kind: 'variance',
    omega: (size) => rate(size) * (1 + own(size)) - 1,
    ...(error !== undefined && { error: error * Math.sqrt(most) }),
  };
}

/** @param inner - What codes the values; `undefined` to decode whatever the bytes name. */
export function randomKStage(density: number, inner: Stage | undefined): Stage & { readonly linearity: 'linear' } {
  return {
    id: 33,
    kind: `randomK(${inner?.kind ?? '…'})`,
    linearity: 'linear',
    unbiased: inner?.unbiased ?? false,
    // Biased values stay biased, d/k times as much: nothing is guaranteed then.
    ...(inner?.unbiased && inner.guarantee && { guarantee: thinned(density, inner.guarantee) }),

    write(out, values, encoding) {
      const seed = sharedSeed(encoding.context);
      const k = keptOf(values.length, density);
      out.uint32(seedFingerprint(seed));
      out.varint(k);
      writeNested(out, inner ?? FLOAT32, gather(values, supportOf(seed, values.length, k)), encoding);
    },

    read(input, size, sink, decoding) {
      const seed = checkedSeed(input, decoding);
      const k = input.varint(size, 'a number of places');
      if (k === 0 && size > 0) corrupt('at least one place', k);
      const places = supportOf(seed, size, k);
      const out = scatter(places, sink);
      const scaled = (values: Float32Array) =>
        values.map((value) => {
          const product = Math.fround((value * size) / k);
          return Number.isFinite(product) ? product : corrupt('finite values', product);
        });
      readNested(
        input,
        inner,
        k,
        {
          dense: (offset, values) => out.dense(offset, scaled(values)),
          sparse: (indices, values) => out.sparse(indices, scaled(values)),
        },
        decoding,
      );
    },
  };
}

/** Random-k over an integer grid: what secure aggregation sums. */
export function linearRandomK(density: number, inner: LinearStage): LinearStage {
  const kept = (values: Float32Array, encoding: Encoding) =>
    gather(values, supportOf(sharedSeed(encoding.context), values.length, keptOf(values.length, density)));
  return {
    ...randomKStage(density, inner),
    bits: inner.bits,
    bound: inner.bound,
    ...(inner.deviations !== undefined && { deviations: inner.deviations }),
    strain: (values: Float32Array, encoding: Encoding, contributors: number) =>
      inner.strain(kept(values, encoding), encoding, contributors),
    contributed(values: Float32Array, integers: Int32Array, encoding: Encoding) {
      const { length: size } = values;
      const k = keptOf(size, density);
      const places = supportOf(sharedSeed(encoding.context), size, k);
      const own = inner.contributed(gather(values, places), integers, encoding);
      const spread = new Float32Array(size);
      for (let i = 0; i < k; i++) spread[places[i]] = (own[i] * size) / k;
      return spread;
    },
    integerCount: (size) => inner.integerCount(keptOf(size, density)),
    integers: (values: Float32Array, encoding: Encoding) => inner.integers(kept(values, encoding), encoding),

    sum(sum: Int32Array | Float64Array, size: number, options: SumContext, decoding: Decoding) {
      const k = keptOf(size, density);
      const places = supportOf(sharedSeed(decoding.context), size, k);
      const kept = inner.sum(sum, k, options, decoding);
      const values = new Float32Array(size);
      for (let i = 0; i < k; i++) values[places[i]] = (kept[i] * size) / k;
      return values;
    },
  };
}

/** k places below `size`, ascending: Floyd's sampling into a bitmap. O(k + size / 32). */
function supportOf(seed: Uint8Array, size: number, k: number): Uint32Array {
  const rng: Rng = seededRng(seed).fork('random-k');
  const taken = new Uint32Array(Math.ceil(size / 32));
  for (let top = size - k; top < size; top++) {
    const draw = rng.below(top + 1);
    const place = (taken[draw >>> 5] >>> (draw & 31)) & 1 ? top : draw;
    taken[place >>> 5] |= 1 << (place & 31);
  }
  const places = new Uint32Array(k);
  let next = 0;
  for (let i = 0; i < taken.length; i++) {
    for (let word = taken[i]; word !== 0; word &= word - 1) places[next++] = 32 * i + 31 - Math.clz32(word & -word);
  }
  return places;
}
