import { describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import {
  aLittleIsEnough,
  type Attack,
  flipLabels,
  gaussianNoise,
  innerProductManipulation,
  signFlip,
} from './attacks.ts';

const honest = [
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
].map((row) => Float32Array.from(row));
const forged = (attack: Attack) => [...attack.forge(honest, seededRng(1))];

describe('attacks', () => {
  it('send what those of ByzFL send (unit_test_attacks.py)', () => {
    expect(forged(signFlip())).toEqual([-4, -5, -6]);
    expect(forged(innerProductManipulation({ factor: 2 }))).toEqual([-8, -10, -12]);
    // ByzFL adds the deviations that the paper subtracts.
    expect(forged(aLittleIsEnough({ z: -1.5 }))).toEqual([8.5, 9.5, 10.5]);
    expect(forged(aLittleIsEnough())).toEqual([-0.5, 0.5, 1.5]);
  });

  it('leave honest updates alone and send fresh vectors', () => {
    for (const attack of [signFlip(), innerProductManipulation(), aLittleIsEnough(), gaussianNoise()]) {
      const before = honest.map((values) => values.slice());
      const sent = attack.forge(honest, seededRng(1));
      expect(sent).toHaveLength(3);
      sent.fill(7);
      expect(honest).toEqual(before);
      expect(() => attack.forge([], seededRng(1))).toThrow(expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }));
    }
    expect([...aLittleIsEnough().forge([honest[0]], seededRng(1))]).toEqual([1, 2, 3]);
  });

  it('draw noise of the asked deviation, different for every stream', () => {
    const wide = [new Float32Array(20_000)];
    const sent = gaussianNoise({ standardDeviation: 3 }).forge(wide, seededRng('noise'));
    const mean = sent.reduce((sum, value) => sum + value, 0) / sent.length;
    const variance = sent.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sent.length;
    // Five standard errors: 0.021 and 0.09; a false failure once in 10^6 seeds.
    expect(Math.abs(mean)).toBeLessThan(5 * 0.0213);
    expect(Math.abs(variance - 9)).toBeLessThan(5 * 0.09);
    expect(gaussianNoise().forge(honest, seededRng(1))).not.toEqual(gaussianNoise().forge(honest, seededRng(2)));
  });

  it('flip labels end to end, and twice leave them', () => {
    const examples = { inputs: new Float32Array(3), labels: Uint8Array.of(0, 3, 9), rows: Uint32Array.of(1) };
    const flipped = flipLabels(examples, 10);
    expect(flipped.labels).toEqual(Uint8Array.of(9, 6, 0));
    expect(flipped.rows).toBe(examples.rows);
    expect(flipLabels(flipped, 10)).toEqual(examples);
  });

  it('refuse options that are no numbers', () => {
    expect(() => aLittleIsEnough({ z: Number.NaN })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => gaussianNoise({ standardDeviation: -1 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => innerProductManipulation({ factor: Infinity })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});
