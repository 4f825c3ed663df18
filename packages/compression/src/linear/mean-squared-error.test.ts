import { seededRng } from '@fedkit/core';
import type { LinearCodec } from '@fedkit/core/codec';
import { describe, expect, it } from 'vitest';
import { contextOf, normals } from '../../test/support.ts';
import { clientSeed, commonRange, pipe, randomK, rotated, wrapped } from '../index.ts';

const sharedSeed = new Uint8Array(32).fill(3);
const size = 16_384;

/** Mean square over coordinates of what one encoding is off by. */
function measured(codec: LinearCodec): number {
  const values = normals(size, seededRng(1));
  const seed = clientSeed(sharedSeed, 'a');
  const integers = codec.encodeIntegers(values, { ...contextOf(1), sharedSeed, clientSeed: seed });
  const context = { sharedSeed, expectedSize: size };
  const decoded = codec.decodeSum(integers, { contributors: 1, seeds: [seed], context });
  return decoded.reduce((sum, value, i) => sum + (value - values[i]) ** 2, 0) / size;
}

// Squared errors of 16,384 independent coordinates: their mean is within 5 % but for a probability below 1e-8.
describe('the stated error of linear codecs', () => {
  it.each([rotated(wrapped({ bits: 8, spread: 2 })), wrapped({ bits: 8, spread: 2 })])(
    'is that of $kind with dither',
    (codec) => {
      expect(measured(codec) / (codec.meanSquaredError as number)).toBeGreaterThan(0.95);
      expect(measured(codec) / (codec.meanSquaredError as number)).toBeLessThan(1.05);
    },
  );

  it('bounds that of a common range, two thirds of it for values that fall anywhere', () => {
    const codec = rotated(commonRange({ bits: 12, range: 8, contributors: 10 }));
    expect(measured(codec) / (codec.meanSquaredError as number)).toBeGreaterThan(0.63);
    expect(measured(codec) / (codec.meanSquaredError as number)).toBeLessThan(0.7);
  });

  it('is not stated where it depends on the values', () => {
    expect(pipe(randomK({ density: 0.5 }), wrapped({ bits: 8, spread: 2 })).meanSquaredError).toBeUndefined();
  });
});
