import { seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normals, same } from '../../test/support.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { inflate } from './deflate.ts';
import { normalize, RansDecoder, writeRans } from './rans.ts';
import { readSymbols, writeSymbols } from './symbols.ts';

function entropy(symbols: Uint16Array): number {
  const counts = new Map<number, number>();
  for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / symbols.length) * Math.log2(count / symbols.length);
  return bits;
}

function roundTrip(symbols: Uint16Array, width: number): { form: number; bytes: number } {
  const out = new ByteWriter();
  writeSymbols(out, symbols, width);
  const bytes = out.finish();
  const input = new ByteReader(bytes);
  const reader = readSymbols(input, symbols.length, width);
  const back = new Uint16Array(symbols.length);
  // In pieces, as decoders read.
  for (let start = 0; start < back.length; start += 1000) {
    const piece = new Uint16Array(Math.min(1000, back.length - start));
    reader.read(piece, piece.length);
    back.set(piece, start);
  }
  reader.end();
  input.end();
  expect(same(back, symbols)).toBe(true);
  return { form: bytes[0], bytes: bytes.length };
}

describe('rANS', () => {
  const rng = seededRng('rans');
  const n = 200_000;
  const geometric = (p: number) => () => Math.min(255, Math.floor(Math.log(1 - rng.uniform()) / Math.log(1 - p)));
  const gaussian = normals(n, rng);
  const sources: Record<string, (i: number) => number> = {
    'uniform bytes': () => rng.below(256),
    'two, one rare': () => (rng.uniform() < 0.001 ? 1 : 0),
    'three, skewed': () => (rng.uniform() < 0.9 ? 1 : 2 * rng.below(2)),
    'geometric 0.5': geometric(0.5),
    'geometric 0.02': geometric(0.02),
    'one symbol': () => 7,
  };
  for (const step of [2, 1, 0.5, 0.25, 0.05]) {
    sources[`Gaussian, step ${step}`] = (i) => Math.max(0, Math.min(255, 128 + Math.round(gaussian[i] / step)));
  }

  it.each(Object.entries(sources))('of %s is within 0.02 bit of the empirical entropy, table apart', (_, source) => {
    const symbols = Uint16Array.from({ length: n }, (_value, i) => source(i));
    const out = new ByteWriter();
    const table = writeRans(out, symbols);
    expect((8 * (out.length - table)) / n - entropy(symbols)).toBeLessThan(0.02);
    expect(table).toBeLessThan(600);
    const input = new ByteReader(out.finish());
    const decoder = new RansDecoder(input);
    const back = new Uint16Array(n);
    decoder.read(back, n);
    decoder.end();
    expect(same(back, symbols)).toBe(true);
  });

  it('gives every symbol that occurs a frequency, 2^14 in all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(0), fc.nat(3), fc.nat(1_000_000)), { minLength: 1, maxLength: 256 }),
        (list) => {
          fc.pre(list.some((count) => count > 0));
          const frequencies = normalize(Uint32Array.from(list));
          expect(frequencies.reduce((sum, frequency) => sum + frequency, 0)).toBe(2 ** 14);
          list.forEach((count, symbol) => expect(frequencies[symbol] > 0).toBe(count > 0));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('refuses tables that do not sum up and streams that end elsewhere', () => {
    const out = new ByteWriter();
    writeRans(
      out,
      Uint16Array.from({ length: 100 }, (_, i) => i % 3),
    );
    const bytes = out.finish();
    const decodeAll = (changed: Uint8Array) => {
      const decoder = new RansDecoder(new ByteReader(changed));
      decoder.read(new Uint16Array(100), 100);
      decoder.end();
    };
    expect(() => decodeAll(bytes)).not.toThrow();
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] ^= 1;
      expect(() => decodeAll(changed)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    }
  });
});

describe('symbols', () => {
  it('take the smallest form', () => {
    const rng = seededRng('forms');
    const random = Uint16Array.from({ length: 5000 }, () => rng.below(16));
    expect(roundTrip(random, 4)).toEqual({ form: 0, bytes: 2501 });
    expect(
      roundTrip(
        random.map((symbol) => (symbol < 12 ? 0 : symbol)),
        4,
      ).form,
    ).toBe(1);
    expect(
      roundTrip(
        Uint16Array.from({ length: 5000 }, (_, i) => i % 16),
        4,
      ).form,
    ).toBe(2);
  });

  it('come back whatever they are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.nat(3000), fc.nat(), fc.boolean(), (width, n, seed, skewed) => {
        const rng = seededRng(seed);
        const draw = () => (skewed && rng.below(8) > 0 ? 0 : rng.below(2 ** width));
        roundTrip(Uint16Array.from({ length: n }, draw), width);
      }),
      { numRuns: 150 },
    );
  });

  it('inflate to what was declared and nothing else', () => {
    // 4 MiB of zeros, deflated: 1,032 to 1.
    const bomb = Uint8Array.from([0xed, 0xc1, 0x01, 0x0d, 0, 0, 0, 0xc2, 0xa0, 0xf7, 0x4f, 0x6d, 0x0f, 0x07, 0x14]);
    expect(() => inflate(bomb, 100)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(() => inflate(new Uint8Array(0), 10)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
  });
});
