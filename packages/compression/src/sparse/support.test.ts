import { seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { readGaps, writeGaps } from './golomb.ts';
import { readSupport, writeSupport } from './support.ts';

const SIZE = 1_000_000;

function encode(places: Uint32Array, size: number): Uint8Array {
  const out = new ByteWriter();
  writeSupport(out, places, size);
  return out.finish();
}

function decode(bytes: Uint8Array, size: number): Uint32Array {
  const input = new ByteReader(bytes);
  const places = readSupport(input, size) ?? Uint32Array.from({ length: size }, (_, i) => i);
  input.end();
  return places;
}

function randomPlaces(size: number, k: number, seed: number | string): Uint32Array {
  const rng = seededRng(seed);
  const all = Uint32Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < k; i++) {
    const j = i + rng.below(size - i);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all.slice(0, k).sort();
}

/** log2 of the number of k-subsets of d, by Stirling's series: relative error below 1e-9 here. */
function log2Choose(d: number, k: number): number {
  const logFactorial = (n: number) =>
    n < 2 ? 0 : n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + 1 / (12 * n);
  return (logFactorial(d) - logFactorial(k) - logFactorial(d - k)) / Math.LN2;
}

describe('the support', () => {
  it.each([0.001, 0.01, 64 / 4096, 0.1])(
    'of random places at density %f is within 1.5 percent of the bound',
    (density) => {
      const k = Math.round(density * SIZE);
      const places = randomPlaces(SIZE, k, 'bound');
      const bytes = encode(places, SIZE);
      expect(decode(bytes, SIZE)).toEqual(places);
      expect((8 * bytes.length) / log2Choose(SIZE, k)).toBeLessThan(1.015);
      expect((8 * bytes.length) / log2Choose(SIZE, k)).toBeGreaterThan(1);
    },
  );

  it('of places that cluster is below the bound for random ones', () => {
    const rng = seededRng('clusters');
    // Layers of different density, and rows kept whole.
    const layered = Uint32Array.from({ length: SIZE }, (_, i) => i).filter(
      (i) => rng.uniform() < [0.001, 0.05, 0.002, 0.2][Math.floor(i / 250_000)],
    );
    const rows = Uint32Array.from({ length: SIZE }, (_, i) => i).filter((i) => Math.floor(i / 100) % 50 === 7);
    for (const places of [layered, rows]) {
      const bytes = encode(places, SIZE);
      expect(decode(bytes, SIZE)).toEqual(places);
      expect((8 * bytes.length) / log2Choose(SIZE, places.length)).toBeLessThan(0.85);
    }
  });

  it('takes the form that is shortest', () => {
    const form = (places: Uint32Array, size: number) => encode(places, size)[0];
    const all = Uint32Array.from({ length: 1000 }, (_, i) => i);
    expect(form(randomPlaces(1000, 30, 1), 1000)).toBe(0);
    expect(form(all, 1000)).toBe(1);
    expect(encode(all, 1000)).toEqual(Uint8Array.of(1, 0));
    expect(form(randomPlaces(1000, 970, 1), 1000)).toBe(1);
    expect(form(randomPlaces(10_000, 5000, 1), 10_000)).toBe(2);
    const pattern = Uint32Array.from({ length: 10_000 }, (_, i) => i).filter((i) => (i * 7919) % 64 < 20);
    expect(form(pattern, 10_000)).toBe(3);
    expect(decode(encode(pattern, 10_000), 10_000)).toEqual(pattern);
  });

  it('comes back whatever it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 700 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (size, p, seed) => {
          const rng = seededRng(seed);
          const places = Uint32Array.from({ length: size }, (_, i) => i).filter(() => rng.uniform() < p);
          expect(decode(encode(places, size), size)).toEqual(places);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('holds gaps of any width', () => {
    const places = Uint32Array.of(0, 1, 5, 1 << 20, 0x7ffffffd, 0x7ffffffe);
    expect(decode(encode(places, 0x7fffffff), 0x7fffffff)).toEqual(places);
  });

  it('refuses more places than the bytes can hold before allocating them', () => {
    const out = new ByteWriter();
    out.byte(0);
    out.varint(0x3fffffff);
    expect(() => decode(out.finish(), 0x7fffffff)).toThrow(/no more places than values and bits/);
  });

  it('comes back from gaps around every multiple of every divisor, up to the largest size', () => {
    const largest = 2 ** 31 - 1;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 4, max: 7 }), fc.nat(3), fc.integer({ min: -1, max: 1 })), {
          minLength: 1,
          maxLength: 600,
        }),
        (parts) => {
          const places: number[] = [];
          let at = -1;
          for (const [octave, quarter, times, off] of parts) {
            at += Math.max(1, times * Math.floor((quarter * 2 ** octave) / 4) + off + 1);
            if (at >= largest) break;
            places.push(at);
          }
          const kept = Uint32Array.from(places);
          const out = new ByteWriter();
          writeGaps(out, kept);
          const input = new ByteReader(out.finish());
          expect(readGaps(input, kept.length, largest)).toEqual(kept);
          input.end();
        },
      ),
      { numRuns: 300 },
    );
  });
});
