import { seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import type { Codec } from '@fedkit/core/codec';
import { describe, expect, it } from 'vitest';
import { contextOf, LAWS, normals, same } from '../../test/support.ts';
import { chunkedTopK, codebook, measure, pipe, randomK, sparseLoCo, stc, threshold, topK, uniform } from '../index.ts';
import { largest } from './select.ts';
import { gather } from './sparse-stage.ts';

/** By sorting: magnitudes descending, places ascending among equals. */
function reference(values: Float32Array, k: number): Uint32Array {
  const order = Array.from(values, (_, i) => i);
  order.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b);
  return Uint32Array.from(order.slice(0, k)).sort();
}

describe('selection', () => {
  it('is exact, ties by lowest index', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(-2, -1, -0, 0, 1, 2, 1e-45, -3e38)), fc.nat(60), (list, k) => {
        const values = Float32Array.from(list);
        expect(largest(values, Math.min(k, values.length))).toEqual(reference(values, k));
      }),
      { numRuns: 300 },
    );
  });

  it.each(Object.keys(LAWS))('is exact behind the sampled threshold too: %s', (law) => {
    const values = LAWS[law](100_000, seededRng(law));
    for (const k of [1, 10, 100, 1000, 6000, 6250, 40_000]) {
      expect(same(largest(values, k), reference(values, k))).toBe(true);
    }
  });

  it('is exact where the sample misleads: periodic, constant, and nearly constant values', () => {
    const size = 131_072;
    const periodic = Float32Array.from({ length: size }, (_, i) => (i % 8 === 0 ? 100 : 0) + (i % 977) / 1000);
    const constant = new Float32Array(size).fill(0.5);
    const hidden = Float32Array.from({ length: size }, (_, i) => (i % 8 === 1 ? 9 : 1));
    for (const values of [periodic, constant, hidden]) {
      for (const k of [5, 500, 8000]) expect(same(largest(values, k), reference(values, k))).toBe(true);
    }
  });

  it('is exact where what lies above the sampled threshold is itself as many as are sampled', () => {
    // A sample of 2^24 values is of every 2,048th; 16 of it are to lie above the threshold for k of 10,650.
    const sampled = Array.from({ length: 16 }, (_, i) => 2048 * i);
    const others = Array.from({ length: 65_534 }, (_, i) => 256 * i + 1);
    const large = Uint32Array.from([...sampled, ...others]).sort();
    const rng = seededRng('many candidates');
    const values = new Float32Array(2 ** 24);
    for (const place of others) values[place] = 1 + rng.uniform();
    for (const place of sampled) values[place] = 1;
    const kept = reference(gather(values, large), 10_650).map((i) => large[i]);
    expect(same(largest(values, 10_650), kept)).toBe(true);
  });
});

describe('sparsifiers', () => {
  const values = LAWS['student-t(3)'](10_000, seededRng('sparsifiers'));
  const context = contextOf('sparsifiers');
  const decoded = (codec: Codec) => codec.decode(codec.encode(values, context), context);

  it('keep exact values and nothing else', () => {
    const kept = decoded(topK({ density: 0.01 }));
    const places = reference(values, 100);
    expect(kept.filter((value) => value !== 0).length).toBe(100);
    places.forEach((place) => expect(kept[place]).toBe(values[place]));
    const cut = decoded(threshold({ magnitude: 2 }));
    expect(cut).toEqual(values.map((value) => (Math.abs(value) >= 2 ? value : 0)));
    const chunked = decoded(chunkedTopK({ keep: 10, chunk: 1000 }));
    for (let start = 0; start < 10_000; start += 1000) {
      const part = values.subarray(start, start + 1000);
      const kept = reference(part, 10);
      expect(chunked.subarray(start, start + 1000)).toEqual(part.map((v, i) => (kept.includes(i) ? v : 0)));
    }
  });

  it('STC sends signs times the mean magnitude of what it keeps', () => {
    const codec = stc({ density: 0.01 });
    const places = reference(values, 100);
    const mean = Math.fround(places.reduce((sum, place) => sum + Math.abs(values[place]), 0) / 100);
    const expected = new Float32Array(values.length);
    for (const place of places) expected[place] = values[place] < 0 ? -mean : mean;
    expect(codec.decode(codec.encode(values, context))).toEqual(expected);
  });

  it('random-k draws each place with probability k / d, the same on both sides', () => {
    const codec = randomK({ density: 0.25 });
    const hits = new Uint32Array(20);
    const runs = 4000;
    for (let run = 0; run < runs; run++) {
      const support = codec.support(new Float32Array(20), contextOf(run));
      expect(support.length).toBe(5);
      for (const place of support) hits[place]++;
    }
    // 20 binomial counts beyond five standard deviations: 1e-5.
    const deviation = Math.sqrt(runs * 0.25 * 0.75);
    for (const hit of hits) expect(Math.abs(hit - runs / 4)).toBeLessThan(5 * deviation);
    const support = codec.support(values, context);
    const expected = new Float32Array(values.length);
    for (const place of support) expected[place] = values[place] * 4;
    expect(codec.decode(codec.encode(values, context), context)).toEqual(expected);
  });

  it('the SparseLoCo profile is at least 210 times smaller than float32 and loses nothing of its quantized values', () => {
    for (const law of Object.keys(LAWS)) {
      const update = LAWS[law](2 ** 17, seededRng(law));
      const { ratio } = measure(sparseLoCo(), update, context);
      expect(ratio).toBeGreaterThan(210);
      const support = chunkedTopK().support(update, context);
      // As published, twelve bits for a place among 4,096 and two for a value: 146 times smaller.
      expect((32 * update.length) / (support.length * (12 + 2))).toBeCloseTo(146.3, 1);
      const quantized = codebook({ bits: 2 });
      const expected = new Float32Array(update.length);
      const kept = quantized.decode(quantized.encode(gather(update, support), context));
      support.forEach((place, i) => (expected[place] = kept[i]));
      expect(same(sparseLoCo().decode(sparseLoCo().encode(update, context)), expected)).toBe(true);
    }
  });

  it('compose with any quantizer and refuse what is none', () => {
    const { ratio } = measure(
      pipe(topK({ density: 0.01 }), uniform({ bits: 4 })),
      normals(50_000, seededRng(1)),
      context,
    );
    expect(ratio).toBeGreaterThan(200);
    expect(() => pipe(uniform() as never, uniform())).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => pipe(topK({ density: 0.1 }), topK({ density: 0.1 }) as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it('name a value that is not finite wherever it is, as codecs that keep everything do', () => {
    const codecs = [topK({ density: 0.01 }), chunkedTopK({ keep: 1, chunk: 32 }), stc({ density: 0.01 }), sparseLoCo()];
    const all = [...codecs, threshold({ magnitude: 0 }), pipe(topK({ density: 0.001 }), uniform({ bits: 4 }))];
    const refusal = (codec: Codec, bad: Float32Array) => {
      try {
        return codec.encode(bad, context);
      } catch (error) {
        return (error as Error).message;
      }
    };
    fc.assert(
      fc.property(
        fc.constantFrom(Number.NaN, Infinity, -Infinity),
        fc.nat(999),
        fc.constantFrom(1, 1e37, 1e-40),
        (value, place, scale) => {
          const bad = normals(1000, seededRng(place)).map((v) => v * scale);
          bad[place] = value;
          const expected = refusal(uniform(), bad);
          expect(expected).toContain(`${value}`);
          for (const codec of all) expect(refusal(codec, bad)).toBe(expected);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('take no places of one vector for another: a nested choice makes its own', () => {
    const twice = pipe(topK({ density: 0.1 }), pipe(topK({ density: 0.1 }), uniform({ bits: 8 })) as never);
    const places = reference(values, 1000);
    const inner = reference(gather(values, places), 100);
    const sent = twice.decode(twice.encode(values, context), context);
    const kept = Array.from(sent.keys()).filter((i) => sent[i] !== 0);
    expect(inner.map((i) => places[i])).toEqual(Uint32Array.from(kept));
  });

  it('refuse densities and counts that are none', () => {
    for (const density of [0, -0.1, 1.01, Number.NaN]) {
      for (const make of [topK, randomK, stc]) {
        expect(() => make({ density })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
      }
    }
    expect(() => chunkedTopK({ keep: 5, chunk: 4 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => threshold({ magnitude: -1 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});
